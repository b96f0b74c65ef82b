/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IPv6 that comes later
 */
#ifndef TOA_LATER_H
#define TOA_LATER_H

int toa_later_init(void (*come)(void));
void toa_later_exit(void);

#endif /* TOA_LATER_H */
