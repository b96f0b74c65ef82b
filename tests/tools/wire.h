/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TCP segments over IPv4 and IPv6, byte by byte
 *
 * Addresses are kept in 16 bytes; IPv4 ones use the first four. Everything in a
 * struct segment is in host byte order but for addresses, options and data.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define TH_FIN	0x01
#define TH_SYN	0x02
#define TH_RST	0x04
#define TH_PSH	0x08
#define TH_ACK	0x10

#define WIRE_OPTIONS_MAX	40
#define WIRE_PACKET_MAX		1600

struct address {
	int family;
	uint8_t bytes[16];
	uint16_t port;
};

struct segment {
	struct address src;
	struct address dst;
	uint32_t seq;
	uint32_t ack;
	uint8_t flags;
	uint8_t options[WIRE_OPTIONS_MAX];
	size_t options_len;	/* a multiple of four */
	const uint8_t *data;
	size_t data_len;
};

size_t segment_build(const struct segment *seg, uint8_t *packet);
int segment_parse(const uint8_t *packet, size_t len, struct segment *seg);
int options_from_hex(const char *hex, uint8_t *options, size_t *len);

#endif /* WIRE_H */
