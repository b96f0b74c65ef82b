/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The name of a peer
 */
#ifndef TOA_NAME_H
#define TOA_NAME_H

#include "hook.h"

/* To be placed at the families' getname. */
extern struct toa_hook toa_hook_getname_v4;
extern struct toa_hook toa_hook_getname_v6;

#endif /* TOA_NAME_H */
