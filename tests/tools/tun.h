/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The wire between the kernel under test and this program
 */
#ifndef TUN_H
#define TUN_H

#include <stdint.h>

#include "wire.h"

struct tun {
	int fd;
	uint8_t packet[WIRE_PACKET_MAX];	/* the last one received */
};

int tun_open(struct tun *tun, const char *name, const struct address *v4,
	     const struct address *v6);
int tun_open_bare(struct tun *tun, const char *name);
int tun_send(struct tun *tun, const struct segment *seg);
int tun_receive(struct tun *tun, struct segment *seg, int timeout_ms);

#endif /* TUN_H */
