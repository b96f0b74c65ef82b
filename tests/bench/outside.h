/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module has nothing to do with: connections of the server's own, and UDP
 */
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include "tun.h"

int connect_run(struct tun *tun, int family);
int udp_run(int family);

#endif /* OUTSIDE_H */
