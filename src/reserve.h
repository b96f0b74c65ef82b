/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects for where nothing may be allocated
 */
#ifndef TOA_RESERVE_H
#define TOA_RESERVE_H

#include <linux/slab.h>

int toa_reserve_init(struct kmem_cache *cache);
void toa_reserve_exit(void);
void *toa_reserve_take(void);

#endif /* TOA_RESERVE_H */
