/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Is there a file of this name in /proc/net?
 */
#ifndef TOA_PROC_H
#define TOA_PROC_H

#include <linux/types.h>

bool toa_proc_exists(const char *name);

#endif /* TOA_PROC_H */
