/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An IPv4 client in the 64 bits of a socket's sk_user_data
 *
 *	63        51 50                            19 18        3 2   0
 *	+-----------+--------------------------------+-----------+-----+
 *	| signature |         IPv4 address           |   port    | 001 |
 *	+-----------+--------------------------------+-----------+-----+
 *
 * It can be told from every pointer, and every pointer from it. Bits 63 to 56
 * differ among each other, and bit 63 from bit 56: it is not canonical on x86-64
 * with 4 or 5 levels, nor a user's pointer there. Bit 55 differs from bit 54: it
 * is no address on arm64 with 48 or 52 bits, whatever the tag in the top byte. Who
 * follows it by mistake faults and reads nobody's memory.
 *
 * The low bits are the kernel's own marks in that field: bit 0,
 * SK_USER_DATA_NOCOPY, keeps it out of sockets cloned from this one; bits 1 and
 * 2, SK_USER_DATA_BPF and SK_USER_DATA_PSOCK, would make it a reuseport array's
 * or a sockmap's pointer and are 0.
 *
 * Plain C, for the module and its tests.
 */
#ifndef TOA_TAG_H
#define TOA_TAG_H

#include "toa.h"

#define TOA_TAG_SIGNATURE	(0x1496ULL << 51 | 1)
#define TOA_TAG_SIGNATURE_MASK	(0x1fffULL << 51 | 7)
#define TOA_TAG_ADDR_SHIFT	19
#define TOA_TAG_PORT_SHIFT	3

/**
 * toa_tag_make() - the tag of a client
 * @client: a client of TOA_FAMILY_V4
 */
static inline __u64 toa_tag_make(const struct toa_client *client)
{
	__u32 addr;
	__u16 port;

	/* In network byte order, which is nobody's business but the client's. */
	memcpy(&addr, &client->v4, sizeof(addr));
	memcpy(&port, &client->port, sizeof(port));
	return TOA_TAG_SIGNATURE | (__u64)addr << TOA_TAG_ADDR_SHIFT |
	       (__u64)port << TOA_TAG_PORT_SHIFT;
}

/**
 * toa_tag_is() - is this a tag?
 * @value: what stands in sk_user_data
 */
static inline bool toa_tag_is(__u64 value)
{
	return (value & TOA_TAG_SIGNATURE_MASK) == TOA_TAG_SIGNATURE;
}

/* The IPv4 address of a tag's client, and the port, network byte order. */
static inline __be32 toa_tag_addr(__u64 tag)
{
	const __u32 word = tag >> TOA_TAG_ADDR_SHIFT;
	__be32 addr;

	memcpy(&addr, &word, sizeof(addr));
	return addr;
}

static inline __be16 toa_tag_port(__u64 tag)
{
	const __u16 word = tag >> TOA_TAG_PORT_SHIFT;
	__be16 port;

	memcpy(&port, &word, sizeof(port));
	return port;
}

/**
 * toa_tag_read() - the client of a tag
 * @tag: toa_tag_is() holds
 * @client: written
 */
static inline void toa_tag_read(__u64 tag, struct toa_client *client)
{
	client->family = TOA_FAMILY_V4;
	client->v4 = toa_tag_addr(tag);
	client->port = toa_tag_port(tag);
}

#endif /* TOA_TAG_H */
