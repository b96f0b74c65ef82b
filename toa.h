/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The TCP option in which a balancer names the client
 *
 *	 0      7 8     15 16            31
 *	+--------+--------+----------------+
 *	|  254   |   8    |  client port   |
 *	+--------+--------+----------------+
 *	|       client IPv4 address        |
 *	+----------------------------------+
 *
 *	+--------+--------+----------------+
 *	|  254   |   20   |  client port   |
 *	+--------+--------+----------------+
 *	|                                  |
 *	|       client IPv6 address        |
 *	|                                  |
 *	|                                  |
 *	+----------------------------------+
 *
 * Port and address are in network byte order, as on the wire. Kind 254 is the
 * second experimental kind of RFC 4727; it carries no experiment identifier
 * (RFC 6994), so on a SYN an old Fast Open cookie (RFC 7413 appendix A) or an
 * SMC-R offer (RFC 7609) can have the same kind and length.
 *
 * Everything here is plain C that reads bytes: the module, its unit tests, its
 * fuzzers and the traffic tools compile this same file.
 */
#ifndef TOA_H
#define TOA_H

#include <linux/types.h>

#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <stdbool.h>
#include <string.h>
#endif

#define TOA_VERSION		"0.1.0"

#define TOA_OPT_KIND		254
#define TOA_OPT_LEN_V4		8
#define TOA_OPT_LEN_V6		20

#define TOA_TCPOPT_EOL		0
#define TOA_TCPOPT_NOP		1

/* What else kind 254 means on a SYN: the first bytes after the length. */
#define TOA_EXID_FASTOPEN	0xf989
#define TOA_EXID_SMC		0xe2d4c3d9

/**
 * enum toa_family - which member of struct toa_client's address is meant
 * @TOA_FAMILY_NONE: no client
 * @TOA_FAMILY_V4: an IPv4 client
 * @TOA_FAMILY_V6: an IPv6 client that is not an IPv4-mapped one
 */
enum toa_family {
	TOA_FAMILY_NONE	= 0,
	TOA_FAMILY_V4	= 4,
	TOA_FAMILY_V6	= 6,
};

/**
 * struct toa_client - the client that an option names
 * @family: an enum toa_family
 * @port: the client's TCP port, network byte order
 * @v4: IPv4 address, network byte order
 * @v6: IPv6 address, network byte order
 */
struct toa_client {
	__u8	family;
	__be16	port;
	union {
		__be32	v4;
		__u8	v6[16];
	};
};

/* getsockopt(IPPROTO_IP): the IPv6 client of an IPv4 socket; DPVS's number. */
#define TOA_SO_GET_LOOKUP	4096

/**
 * struct toa_nat64_peer - what TOA_SO_GET_LOOKUP gives
 * @saddr: IPv6 address of the client, network byte order
 * @port: its TCP port, network byte order
 * @unused: zero; DPVS's struct ends in padding
 */
struct toa_nat64_peer {
	__u8	saddr[16];
	__be16	port;
	__u8	unused[2];
};

/**
 * enum toa_verdict - what a segment's options say of the client
 * @TOA_FOUND: they name a client that may be shown
 * @TOA_ABSENT: they carry no such option
 * @TOA_MALFORMED: a length in them is impossible; nothing after it was read
 * @TOA_UNUSABLE: the first such option holds a port or an address that no
 *	client can have
 */
enum toa_verdict {
	TOA_FOUND,
	TOA_ABSENT,
	TOA_MALFORMED,
	TOA_UNUSABLE,
};

static inline __u32 toa_get_be32(const __u8 *p)
{
	return (__u32)p[0] << 24 | (__u32)p[1] << 16 | (__u32)p[2] << 8 | p[3];
}

static inline __u32 toa_get_be16(const __u8 *p)
{
	return (__u32)p[0] << 8 | p[1];
}

/*
 * 0/8 "this network", 127/8 loopback, 224/4 multicast and 240/4 reserved, the
 * broadcast address in it. Loopback matters most: programs trust it.
 */
static inline bool toa_v4_usable(const __u8 *addr)
{
	return addr[0] != 0 && addr[0] != 127 && addr[0] < 224;
}

/* :: and ::1, ff00::/8 multicast, fe80::/10 that means nothing without a link. */
static inline bool toa_v6_usable(const __u8 *addr)
{
	static const __u8 zero[15];

	if (!memcmp(addr, zero, sizeof(zero)) && addr[15] <= 1)
		return false;
	if (addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80)
		return false;
	return addr[0] != 0xff;
}

static inline bool toa_v6_is_mapped(const __u8 *addr)
{
	static const __u8 prefix[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(addr, prefix, sizeof(prefix));
}

static inline bool toa_client_set_v4(struct toa_client *client,
				     const __u8 *addr)
{
	if (!toa_v4_usable(addr))
		return false;
	client->family = TOA_FAMILY_V4;
	memcpy(&client->v4, addr, sizeof(client->v4));
	return true;
}

/* An IPv4-mapped address is an IPv4 client in other clothes: one form, one rule. */
static inline bool toa_client_set_v6(struct toa_client *client,
				     const __u8 *addr)
{
	if (toa_v6_is_mapped(addr))
		return toa_client_set_v4(client, addr + 12);
	if (!toa_v6_usable(addr))
		return false;
	client->family = TOA_FAMILY_V6;
	memcpy(client->v6, addr, sizeof(client->v6));
	return true;
}

/**
 * toa_option_is_client() - is this option of kind 254 a client's address?
 * @opt: the option, from its kind on
 * @len: its length byte, already known to lie within the header
 * @syn: it came on a SYN
 *
 * A length is all that tells a client from another experiment on the same
 * kind. Fast Open and SMC speak on SYNs only; there they are recognised by
 * their identifiers, which costs a balancer that speaks on SYNs one client
 * port in 65536.
 */
static inline bool toa_option_is_client(const __u8 *opt, size_t len, bool syn)
{
	if (opt[0] != TOA_OPT_KIND)
		return false;
	if (len != TOA_OPT_LEN_V4 && len != TOA_OPT_LEN_V6)
		return false;
	if (!syn)
		return true;
	return toa_get_be16(opt + 2) != TOA_EXID_FASTOPEN &&
	       toa_get_be32(opt + 2) != TOA_EXID_SMC;
}

/**
 * toa_option_read() - read the client out of one option
 * @opt: an option for which toa_option_is_client() holds, any alignment
 * @client: written only when the result is TOA_FOUND
 *
 * Return: TOA_FOUND or TOA_UNUSABLE.
 */
static inline enum toa_verdict toa_option_read(const __u8 *opt,
					       struct toa_client *client)
{
	struct toa_client found = { .family = TOA_FAMILY_NONE };
	bool usable;

	memcpy(&found.port, opt + 2, sizeof(found.port));
	if (opt[1] == TOA_OPT_LEN_V4)
		usable = toa_client_set_v4(&found, opt + 4);
	else
		usable = toa_client_set_v6(&found, opt + 4);
	if (!usable || !found.port)
		return TOA_UNUSABLE;
	*client = found;
	return TOA_FOUND;
}

/**
 * toa_options_parse() - find the client in a segment's option space
 * @opt: the bytes between the fixed TCP header and the data, any alignment
 * @len: how many there are, 0 to 40
 * @syn: the segment has SYN set
 * @client: written only when the result is TOA_FOUND
 *
 * Walks like the kernel's tcp_parse_options(): EOL ends the list, NOP is one
 * byte, everything else has a length of at least two that must fit in what is
 * left. The first option that names a client decides, because balancers write
 * theirs first and let a client's own pass behind it; if it is not usable, a
 * later one is not looked at. Reads nothing outside @opt[0] to @opt[@len - 1]
 * and always ends: every step consumes at least one byte.
 *
 * Return: an enum toa_verdict.
 */
static inline enum toa_verdict toa_options_parse(const __u8 *opt, size_t len,
						 bool syn,
						 struct toa_client *client)
{
	while (len) {
		size_t size;

		if (opt[0] == TOA_TCPOPT_EOL)
			return TOA_ABSENT;
		if (opt[0] == TOA_TCPOPT_NOP) {
			opt++;
			len--;
			continue;
		}
		if (len < 2)
			return TOA_MALFORMED;
		size = opt[1];
		if (size < 2 || size > len)
			return TOA_MALFORMED;
		if (toa_option_is_client(opt, size, syn))
			return toa_option_read(opt, client);
		opt += size;
		len -= size;
	}
	return TOA_ABSENT;
}

#endif /* TOA_H */
