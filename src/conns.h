/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /proc/net/toa_conns: the connections that have a client
 */
#ifndef TOA_CONNS_H
#define TOA_CONNS_H

int toa_conns_init(void);
void toa_conns_exit(void);

#endif /* TOA_CONNS_H */
