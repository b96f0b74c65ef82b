/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's description of its own functions
 */
#ifndef TOOLS_BTF_H
#define TOOLS_BTF_H

#include <stdint.h>

uint32_t btf_function(const char *name);

#endif /* TOOLS_BTF_H */
