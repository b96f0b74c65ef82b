// SPDX-License-Identifier: GPL-2.0
/* The module's own, as it is. */
#include "src/hook_ftrace.c"
