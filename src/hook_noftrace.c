// SPDX-License-Identifier: GPL-2.0
/*
 * In place of hook_ftrace.c, where ftrace cannot divert a call
 *
 * Before 3.19, on architectures whose callbacks get no registers, and without the
 * function tracer. Kretprobes carry the hooks there.
 */
#include "hook.h"

const struct toa_hook_means toa_hook_ftrace = {
	.name		= "ftrace",
};
