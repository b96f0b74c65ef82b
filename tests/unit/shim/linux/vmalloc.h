/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_VMALLOC_H
#define SHIM_VMALLOC_H

#include <stdlib.h>

static inline void *vmalloc(unsigned long size)
{
	return malloc(size);
}

static inline void vfree(void *p)
{
	free(p);
}

#endif /* SHIM_VMALLOC_H */
