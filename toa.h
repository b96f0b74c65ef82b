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
 * Port and address are in network byte order, as on the wire. These are the
 * usual ones; toa_layouts has all.
 *
 * Kinds 253 and 254 are the experimental ones of RFC 4727. A balancer's option
 * carries no experiment identifier (RFC 6994), so on a SYN an old Fast Open
 * cookie (RFC 7413 appendix A) or an SMC-R offer (RFC 7609) can have the same
 * kind and length.
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

/* NOP, NOP, a timestamps option's kind and length; and the length of it all. */
#define TOA_TIMESTAMPS_WORD	0x0101080a
#define TOA_TIMESTAMPS_LEN	12

#define TOA_TCPOPT_EXP1		253
#define TOA_TCPOPT_EXP2		254

/* What else these two mean on a SYN: the first bytes after the length. */
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
 * @port: the client's TCP port, network byte order; 0 when the option's layout
 *	has none, which stands for the port that the packets come from
 * @v4: IPv4 address, network byte order
 * @v6: IPv6 address, network byte order
 * @kind: the option's kind; this and @syn are not kept with a socket
 * @syn: the option stood on a SYN
 */
struct toa_client {
	__u8	family;
	__u8	kind;
	__be16	port;
	union {
		__be32	v4;
		__u8	v6[16];
	};
	__u8	syn;
};

/**
 * struct toa_layout - one form that the option has
 * @kind: its kind
 * @len: its length, kind and length byte included; at least 6
 * @port: where in it the port is; 0 when it has none
 * @addr: where in it the address is
 * @family: which address, an enum toa_family
 * @version: what the byte after the length must be; 0 when that is no version
 */
struct toa_layout {
	__u8	kind;
	__u8	len;
	__u8	port;
	__u8	addr;
	__u8	family;
	__u8	version;
};

/*
 * Every layout that can be switched on. Of the long ones only the client is
 * read: a virtual address or a network's number follows it. Kind 28 is IANA's
 * User Timeout, four bytes long: there the version must fit as well.
 */
static const struct toa_layout toa_layouts[] = {
	{ 254,  8, 2, 4, TOA_FAMILY_V4, 0 },
	{ 254, 20, 2, 4, TOA_FAMILY_V6, 0 },
	{ 254, 16, 2, 4, TOA_FAMILY_V4, 0 },
	{ 253,  8, 2, 4, TOA_FAMILY_V4, 0 },
	{ 253, 20, 2, 4, TOA_FAMILY_V6, 0 },
	{ 252, 20, 2, 4, TOA_FAMILY_V4, 0 },
	{ 249, 40, 2, 4, TOA_FAMILY_V6, 0 },
	{ 200,  8, 2, 4, TOA_FAMILY_V4, 0 },
	{  28,  7, 0, 3, TOA_FAMILY_V4, 1 },
	{  28, 19, 0, 3, TOA_FAMILY_V6, 1 },
};

#define TOA_LAYOUTS	(sizeof(toa_layouts) / sizeof(struct toa_layout))

/**
 * struct toa_kinds - which layouts are read
 * @rows: one bit for each of toa_layouts
 * @on: one bit for each kind that one of them has, all that a segment without
 *	such an option is asked
 */
struct toa_kinds {
	__u32	rows;
	__u32	on[256 / 32];
};

/* Kind 254: the first three rows. */
#define TOA_KINDS_DEFAULT						\
	{ .rows = 0x7, .on = { [254 / 32] = 1U << 254 % 32 } }

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
 * toa_kinds_add() - read one more layout
 * @kinds: what is read
 * @row: the layout's place in toa_layouts
 */
static inline void toa_kinds_add(struct toa_kinds *kinds, unsigned int row)
{
	unsigned int kind = toa_layouts[row].kind;

	kinds->rows |= 1U << row;
	kinds->on[kind / 32] |= 1U << kind % 32;
}

static inline bool toa_kinds_has(const struct toa_kinds *kinds, __u8 kind)
{
	return kinds->on[kind / 32] >> kind % 32 & 1;
}

/*
 * A length is all that tells a client from another experiment on the same kind.
 * Fast Open and SMC speak on SYNs only; there they are recognised by their
 * identifiers, which both kinds share. That costs a balancer that speaks on
 * SYNs one client port in 65536; every other registered identifier would cost
 * one more, and no usual stack sends them.
 *
 * Reads six bytes of the option; no layout is shorter.
 */
static inline bool toa_option_is_experiment(const __u8 *opt)
{
	if (opt[0] != TOA_TCPOPT_EXP1 && opt[0] != TOA_TCPOPT_EXP2)
		return false;
	return toa_get_be16(opt + 2) == TOA_EXID_FASTOPEN ||
	       toa_get_be32(opt + 2) == TOA_EXID_SMC;
}

static inline bool toa_layout_fits(const struct toa_layout *layout,
				   const __u8 *opt)
{
	if (layout->kind != opt[0] || layout->len != opt[1])
		return false;
	return !layout->version || layout->version == opt[2];
}

/**
 * toa_option_layout() - which layout does this option have?
 * @opt: the option, from its kind on; its length lies within the header
 * @syn: it came on a SYN
 * @kinds: which layouts are read
 *
 * Return: the layout, or NULL when it is none of them.
 */
static inline const struct toa_layout *
toa_option_layout(const __u8 *opt, bool syn, const struct toa_kinds *kinds)
{
	unsigned int row;

	for (row = 0; row < TOA_LAYOUTS; row++) {
		if (!(kinds->rows >> row & 1) ||
		    !toa_layout_fits(&toa_layouts[row], opt))
			continue;
		if (syn && toa_option_is_experiment(opt))
			return NULL;
		return &toa_layouts[row];
	}
	return NULL;
}

/**
 * toa_option_read() - read the client out of one option
 * @opt: the option, any alignment
 * @layout: what toa_option_layout() said of it
 * @client: written in part when the result is not TOA_FOUND
 *
 * Return: TOA_FOUND or TOA_UNUSABLE.
 */
static inline enum toa_verdict toa_option_read(const __u8 *opt,
					       const struct toa_layout *layout,
					       struct toa_client *client)
{
	bool usable;

	client->kind = layout->kind;
	client->port = 0;
	if (layout->port) {
		memcpy(&client->port, opt + layout->port, sizeof(client->port));
		if (!client->port)
			return TOA_UNUSABLE;
	}
	if (layout->family == TOA_FAMILY_V4)
		usable = toa_client_set_v4(client, opt + layout->addr);
	else
		usable = toa_client_set_v6(client, opt + layout->addr);
	return usable ? TOA_FOUND : TOA_UNUSABLE;
}

/*
 * Nothing but timestamps, padded as RFC 7323 shows it: what nearly every segment
 * without a client has. No layout has their kind.
 */
static inline bool toa_options_are_timestamps(const __u8 *opt, size_t len)
{
	return len == TOA_TIMESTAMPS_LEN &&
	       toa_get_be32(opt) == TOA_TIMESTAMPS_WORD;
}

/**
 * struct toa_options - options of a segment that are still to be read
 * @opt: the next one, any alignment
 * @len: how many bytes there are from it on
 * @syn: the segment has SYN set
 */
struct toa_options {
	const __u8 *opt;
	size_t len;
	bool syn;
};

/**
 * toa_options_next() - go to the next option that names a client
 * @options: where to look; afterwards at that option, when there is one
 * @kinds: which layouts are read
 * @layout: written only when the result is TOA_FOUND: what the option's is
 *
 * Walks like the kernel's tcp_parse_options(): EOL ends the list, NOP is one
 * byte, everything else has a length of at least two that must fit in what is
 * left. Reads nothing outside the options and always ends: every step consumes
 * at least one byte.
 *
 * Return: TOA_FOUND, TOA_ABSENT or TOA_MALFORMED.
 */
static inline enum toa_verdict
toa_options_next(struct toa_options *options, const struct toa_kinds *kinds,
		 const struct toa_layout **layout)
{
	const __u8 *opt = options->opt;
	size_t size, len = options->len;

	if (toa_options_are_timestamps(opt, len))
		return TOA_ABSENT;
	for (; len; opt += size, len -= size) {
		size = 1;
		if (opt[0] == TOA_TCPOPT_NOP)
			continue;
		if (opt[0] == TOA_TCPOPT_EOL)
			return TOA_ABSENT;
		if (len < 2)
			return TOA_MALFORMED;
		size = opt[1];
		if (size < 2 || size > len)
			return TOA_MALFORMED;
		if (!toa_kinds_has(kinds, opt[0]))
			continue;
		*layout = toa_option_layout(opt, options->syn, kinds);
		if (!*layout)
			continue;
		options->opt = opt;
		options->len = len;
		return TOA_FOUND;
	}
	return TOA_ABSENT;
}

/**
 * toa_options_parse() - find the client in a segment's option space
 * @options: the bytes between the fixed TCP header and the data, 0 to 40;
 *	afterwards what stands behind the option that decides, when there is one
 * @kinds: which layouts are read
 * @client: good when the result is TOA_FOUND, else nothing
 *
 * The first option that names a client decides, because balancers write theirs
 * first and let a client's own pass behind it; if it is not usable, a later one
 * is not looked at.
 *
 * Return: an enum toa_verdict.
 */
static inline enum toa_verdict toa_options_parse(struct toa_options *options,
						 const struct toa_kinds *kinds,
						 struct toa_client *client)
{
	const struct toa_layout *layout;
	enum toa_verdict verdict;

	verdict = toa_options_next(options, kinds, &layout);
	if (verdict != TOA_FOUND)
		return verdict;
	verdict = toa_option_read(options->opt, layout, client);
	if (verdict == TOA_FOUND)
		client->syn = options->syn;
	options->opt += layout->len;
	options->len -= layout->len;
	return verdict;
}

/**
 * toa_options_repeat() - does another option name a client?
 * @options: what toa_options_parse() has left
 * @kinds: which layouts are read
 */
static inline bool toa_options_repeat(struct toa_options *options,
				      const struct toa_kinds *kinds)
{
	const struct toa_layout *layout;

	/* Usually nothing stands behind it. */
	return options->len &&
	       toa_options_next(options, kinds, &layout) == TOA_FOUND;
}

#endif /* TOA_H */
