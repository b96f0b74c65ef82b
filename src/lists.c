// SPDX-License-Identifier: GPL-2.0
/*
 * The lists that an administrator writes: prefixes, ports, kinds
 *
 * Nothing is changed before a text has been read to its end: each parser makes
 * a new object and hands it over only when all of it is right.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "lists.h"

/*
 * Items.
 */

/**
 * struct toa_list - a text, and how far it has been read
 * @text: the text
 * @at: the item in hand
 * @end: where it ends; the same before the first item and after the last
 * @error: where to tell what is wrong
 *
 * The end of an item is a NUL, a comma or white space, so reading digits or the
 * like from @at stops at @end by itself.
 */
struct toa_list {
	const char *text;
	const char *at;
	const char *end;
	struct toa_text_error *error;
};

static struct toa_list toa_list_begin(const char *text,
				      struct toa_text_error *error)
{
	struct toa_list list = {
		.text = text, .at = text, .end = text, .error = error,
	};

	return list;
}

/* Every refusal ends here: the item in hand is at fault. */
static int toa_list_fail(const struct toa_list *list, const char *why)
{
	list->error->at = list->at - list->text;
	list->error->len = list->end - list->at;
	snprintf(list->error->why, sizeof(list->error->why), "%s", why);
	return -EINVAL;
}

static int toa_text_no_memory(struct toa_text_error *error)
{
	error->at = 0;
	error->len = 0;
	snprintf(error->why, sizeof(error->why), "there is no memory for it");
	return -ENOMEM;
}

static bool toa_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static const char *toa_spaces_skip(const char *p)
{
	while (toa_is_space(*p))
		p++;
	return p;
}

/* Go to the next item: 1, or 0 when there is none, or an error. */
static int toa_list_next(struct toa_list *list)
{
	const char *gap = toa_spaces_skip(list->end);
	const char *p = *gap == ',' ? toa_spaces_skip(gap + 1) : gap;

	if (*gap == ',' && (list->at == list->end || *p == ',' || !*p)) {
		list->at = gap;
		list->end = gap + 1;
		return toa_list_fail(list, "a comma stands between two items");
	}
	list->at = p;
	while (*p && *p != ',' && !toa_is_space(*p))
		p++;
	list->end = p;
	return p > list->at;
}

/* How many items there are, or an error when there are more than @max. */
static long toa_list_count(struct toa_list list, long max, const char *why)
{
	long count = 0;
	int more;

	while ((more = toa_list_next(&list)) > 0)
		if (++count > max)
			return toa_list_fail(&list, why);
	return more ? more : count;
}

/*
 * A decimal number up to @max. A leading zero is refused: to some it means octal.
 */
static bool toa_number_read(const char **p, unsigned int max,
			    unsigned int *number)
{
	const char *digit = *p;
	unsigned int n = 0;

	for (; *digit >= '0' && *digit <= '9'; digit++) {
		if (digit > *p && **p == '0')
			return false;
		n = n * 10 + *digit - '0';
		if (n > max)
			return false;
	}
	if (digit == *p)
		return false;
	*p = digit;
	*number = n;
	return true;
}

/*
 * Addresses, as inet_pton() takes them. The kernel's in4_pton() takes more, such
 * as leading zeros and a colon at the end, and what is a valid list must not
 * depend on where it is checked.
 */

/* An IPv4 address is the lowest 32 bits of @lo. */
struct toa_addr {
	__u64 hi;
	__u64 lo;
};

static int toa_addr_cmp(const struct toa_addr *a, const struct toa_addr *b)
{
	if (a->hi != b->hi)
		return a->hi < b->hi ? -1 : 1;
	if (a->lo != b->lo)
		return a->lo < b->lo ? -1 : 1;
	return 0;
}

static bool toa_v4_read(const char **p, __u32 *addr)
{
	const char *at = *p;
	unsigned int i, byte;
	__u32 found = 0;

	for (i = 0; i < 4; i++) {
		if (i && *at++ != '.')
			return false;
		if (!toa_number_read(&at, 255, &byte))
			return false;
		found = found << 8 | byte;
	}
	*p = at;
	*addr = found;
	return true;
}

static int toa_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool toa_group_read(const char **p, __u16 *group)
{
	const char *at = *p;
	unsigned int found = 0;

	while (at < *p + 4 && toa_hex_digit(*at) >= 0)
		found = found << 4 | toa_hex_digit(*at++);
	if (at == *p)
		return false;
	*p = at;
	*group = found;
	return true;
}

#define TOA_GROUPS	8
#define TOA_NO_GAP	(TOA_GROUPS + 1)

/* The groups of an IPv6 address as they are written. */
struct toa_groups {
	__u16 group[TOA_GROUPS];
	unsigned int count;
	unsigned int gap;	/* the groups before "::", or TOA_NO_GAP */
	bool ended;		/* by an IPv4 address */
};

/* One group, or the IPv4 address that may stand for the last two. */
static bool toa_groups_add(struct toa_groups *groups, const char **p)
{
	__u16 group;
	__u32 v4;

	if (groups->count + 2 <= TOA_GROUPS && toa_v4_read(p, &v4)) {
		groups->group[groups->count++] = v4 >> 16;
		groups->group[groups->count++] = v4;
		groups->ended = true;
		return true;
	}
	if (groups->count == TOA_GROUPS || !toa_group_read(p, &group))
		return false;
	groups->group[groups->count++] = group;
	return true;
}

/* Ends at the first character that cannot belong to it. */
static bool toa_groups_read(struct toa_groups *groups, const char **p)
{
	const char *at = *p;

	groups->count = 0;
	groups->gap = TOA_NO_GAP;
	groups->ended = false;
	do {
		if (at[0] == ':' && at[1] == ':') {
			if (groups->gap != TOA_NO_GAP)
				return false;
			groups->gap = groups->count;
			at += 2;
			if (toa_hex_digit(*at) < 0)
				break;
		} else if (groups->count && *at++ != ':') {
			return false;
		}
		if (!toa_groups_add(groups, &at))
			return false;
	} while (*at == ':' && !groups->ended);
	*p = at;
	return true;
}

/* "::" stands for at least one group of zeros. */
static bool toa_v6_read(const char **p, struct toa_addr *addr)
{
	struct toa_groups groups;
	unsigned int i, zeros;
	bool has_gap;

	if (!toa_groups_read(&groups, p))
		return false;
	has_gap = groups.gap != TOA_NO_GAP;
	zeros = TOA_GROUPS - groups.count;
	if (has_gap != !!zeros)
		return false;
	addr->hi = 0;
	addr->lo = 0;
	for (i = 0; i < TOA_GROUPS; i++) {
		bool in_gap = i >= groups.gap && i < groups.gap + zeros;
		__u16 group = in_gap ? 0 :
			groups.group[i < groups.gap ? i : i - zeros];

		addr->hi = addr->hi << 16 | addr->lo >> 48;
		addr->lo = addr->lo << 16 | group;
	}
	return true;
}

/*
 * Prefixes.
 */

#define TOA_V4_WIDTH	32
#define TOA_V6_WIDTH	128
#define TOA_V6_MAPPED	96	/* the bits that say "mapped" */

/**
 * struct toa_prefix - one item of a list of prefixes
 * @addr: its address
 * @width: how many bits an address of its family has
 * @bits: how many of them the prefix fixes
 */
struct toa_prefix {
	struct toa_addr addr;
	unsigned int width;
	unsigned int bits;
};

/**
 * struct toa_range - what a prefix covers
 * @first: its first address
 * @last: its last one
 */
struct toa_range {
	struct toa_addr first;
	struct toa_addr last;
};

/**
 * struct toa_prefixes - a list of prefixes that is not empty
 * @v4_count: how many ranges of IPv4 addresses there are
 * @v6_count: how many of IPv6 addresses
 * @v6: the IPv6 ranges, further behind in @v4
 * @v4: the IPv4 ranges, and the memory for all
 *
 * The ranges of a family are in order and have no address in common.
 */
struct toa_prefixes {
	size_t v4_count;
	size_t v6_count;
	struct toa_range *v6;
	struct toa_range v4[];
};

static __u64 toa_low_bits(unsigned int n)
{
	return n < 64 ? (1ULL << n) - 1 : ~0ULL;
}

/* The bits of an address that the prefix leaves open. */
static struct toa_addr toa_prefix_hosts(const struct toa_prefix *prefix)
{
	unsigned int open = prefix->width - prefix->bits;
	struct toa_addr hosts = {
		.hi = toa_low_bits(open > 64 ? open - 64 : 0),
		.lo = toa_low_bits(open),
	};

	return hosts;
}

static int toa_v4_write(char *to, size_t size, __u32 addr)
{
	return snprintf(to, size, "%u.%u.%u.%u", addr >> 24, addr >> 16 & 0xff,
			addr >> 8 & 0xff, addr & 0xff);
}

/* With "::" for the zeros at the end, which is where a prefix has them. */
static int toa_v6_write(char *to, size_t size, const struct toa_addr *addr)
{
	struct toa_addr rest = *addr;
	unsigned int groups = 0;
	int n = 0;

	while (rest.hi || rest.lo) {
		n += snprintf(to + n, size - n, groups ? ":%x" : "%x",
			      (unsigned int)(rest.hi >> 48));
		rest.hi = rest.hi << 16 | rest.lo >> 48;
		rest.lo <<= 16;
		groups++;
	}
	if (groups < TOA_GROUPS)
		n += snprintf(to + n, size - n, "::");
	return n;
}

static void toa_prefix_write(char *to, size_t size,
			     const struct toa_prefix *prefix)
{
	int n;

	if (prefix->width == TOA_V4_WIDTH)
		n = toa_v4_write(to, size, prefix->addr.lo);
	else
		n = toa_v6_write(to, size, &prefix->addr);
	if (prefix->bits < prefix->width)
		snprintf(to + n, size - n, "/%u", prefix->bits);
}

/* Refuse the item in hand, and say what to write in its place. */
static int toa_prefix_fail(const struct toa_list *list, const char *what,
			   const struct toa_prefix *instead)
{
	char why[TOA_TEXT_WHY], text[64];

	toa_prefix_write(text, sizeof(text), instead);
	snprintf(why, sizeof(why), "%s, write %s", what, text);
	return toa_list_fail(list, why);
}

static bool toa_prefix_is_mapped(const struct toa_prefix *prefix)
{
	return prefix->width == TOA_V6_WIDTH && prefix->bits >= TOA_V6_MAPPED &&
	       !prefix->addr.hi && prefix->addr.lo >> 32 == 0xffff;
}

/* A well-formed prefix may still not be what its writer means. */
static int toa_prefix_check(const struct toa_list *list,
			    const struct toa_prefix *prefix)
{
	struct toa_addr hosts = toa_prefix_hosts(prefix);
	struct toa_prefix good = *prefix;

	good.addr.hi &= ~hosts.hi;
	good.addr.lo &= ~hosts.lo;
	if (toa_prefix_is_mapped(&good)) {
		good.addr.lo = (__u32)good.addr.lo;
		good.width -= TOA_V6_MAPPED;
		good.bits -= TOA_V6_MAPPED;
		return toa_prefix_fail(list, "an IPv4-mapped address", &good);
	}
	if (toa_addr_cmp(&good.addr, &prefix->addr))
		return toa_prefix_fail(list, "host bits are set", &good);
	return 0;
}

static bool toa_prefix_addr_read(const char **p, struct toa_prefix *prefix)
{
	const char *colon = *p;
	__u32 v4;

	while (toa_hex_digit(*colon) >= 0)
		colon++;
	if (*colon == ':') {
		prefix->width = TOA_V6_WIDTH;
		return toa_v6_read(p, &prefix->addr);
	}
	if (!toa_v4_read(p, &v4))
		return false;
	prefix->width = TOA_V4_WIDTH;
	prefix->addr.hi = 0;
	prefix->addr.lo = v4;
	return true;
}

static int toa_prefix_parse(const struct toa_list *list,
			    struct toa_prefix *prefix)
{
	const char *p = list->at;

	if (!toa_prefix_addr_read(&p, prefix))
		return toa_list_fail(list, "not an IPv4 or IPv6 address");
	prefix->bits = prefix->width;
	if (*p == '/') {
		p++;
		if (!toa_number_read(&p, prefix->width, &prefix->bits) ||
		    p != list->end)
			return toa_list_fail(list, prefix->width == TOA_V4_WIDTH ?
					     "its length must be 0 to 32" :
					     "its length must be 0 to 128");
	}
	if (p != list->end)
		return toa_list_fail(list, "not an IPv4 or IPv6 address");
	return toa_prefix_check(list, prefix);
}

static int toa_range_cmp(const void *a, const void *b)
{
	const struct toa_range *one = a, *other = b;

	return toa_addr_cmp(&one->first, &other->first);
}

/* Sort them and make one of those that overlap. Returns how many are left. */
static size_t toa_ranges_settle(struct toa_range *range, size_t count)
{
	size_t i, last = 0;

	if (!count)
		return 0;
	sort(range, count, sizeof(*range), toa_range_cmp, NULL);
	for (i = 1; i < count; i++) {
		if (toa_addr_cmp(&range[i].first, &range[last].last) > 0)
			range[++last] = range[i];
		else if (toa_addr_cmp(&range[i].last, &range[last].last) > 0)
			range[last].last = range[i].last;
	}
	return last + 1;
}

static void toa_range_set(struct toa_range *range,
			  const struct toa_prefix *prefix)
{
	struct toa_addr hosts = toa_prefix_hosts(prefix);

	range->first = prefix->addr;
	range->last.hi = prefix->addr.hi | hosts.hi;
	range->last.lo = prefix->addr.lo | hosts.lo;
}

/* IPv4 from the front of the memory, IPv6 from its end. */
static int toa_prefixes_fill(struct toa_prefixes *prefixes, size_t count,
			     struct toa_list list)
{
	struct toa_prefix prefix;
	int err;

	prefixes->v4_count = 0;
	prefixes->v6 = prefixes->v4 + count;
	while (toa_list_next(&list) > 0) {
		err = toa_prefix_parse(&list, &prefix);
		if (err)
			return err;
		if (prefix.width == TOA_V4_WIDTH)
			toa_range_set(&prefixes->v4[prefixes->v4_count++],
				      &prefix);
		else
			toa_range_set(--prefixes->v6, &prefix);
	}
	prefixes->v6_count = toa_ranges_settle(prefixes->v6,
					       count - prefixes->v4_count);
	prefixes->v4_count = toa_ranges_settle(prefixes->v4,
					       prefixes->v4_count);
	return 0;
}

/**
 * toa_prefixes_parse() - read a list of addresses and prefixes
 * @text: "10.0.0.0/8, 192.0.2.1 2001:db8::/32"
 * @prefixes: the list; NULL when there is nothing in it; written only on success
 * @error: what is wrong with the text; written only on failure
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int toa_prefixes_parse(const char *text, struct toa_prefixes **prefixes,
		       struct toa_text_error *error)
{
	const struct toa_list list = toa_list_begin(text, error);
	struct toa_prefixes *made;
	long count;
	int err;

	count = toa_list_count(list, TOA_PREFIXES_MAX,
			       "there is room for 65536 prefixes only");
	if (count < 0)
		return count;
	if (!count) {
		*prefixes = NULL;
		return 0;
	}
	made = vmalloc(sizeof(*made) + count * sizeof(made->v4[0]));
	if (!made)
		return toa_text_no_memory(error);
	err = toa_prefixes_fill(made, count, list);
	if (err) {
		vfree(made);
		return err;
	}
	*prefixes = made;
	return 0;
}

/**
 * toa_prefixes_free() - free a list of prefixes
 * @prefixes: the list, or NULL
 *
 * Context: can sleep.
 */
void toa_prefixes_free(struct toa_prefixes *prefixes)
{
	vfree(prefixes);
}

static bool toa_ranges_have(const struct toa_range *range, size_t count,
			    const struct toa_addr *addr)
{
	size_t low = 0, high = count;

	/* Those before @low begin at or before the address, those from @high after. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (toa_addr_cmp(&range[middle].first, addr) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low && toa_addr_cmp(addr, &range[low - 1].last) <= 0;
}

/**
 * toa_prefixes_has_v4() - is this IPv4 address in the list?
 * @prefixes: the list; NULL has none
 * @addr: the address, network byte order
 */
bool toa_prefixes_has_v4(const struct toa_prefixes *prefixes, __be32 addr)
{
	const struct toa_addr key = {
		.lo = toa_get_be32((const __u8 *)&addr),
	};

	return prefixes &&
	       toa_ranges_have(prefixes->v4, prefixes->v4_count, &key);
}

/**
 * toa_prefixes_has_v6() - is this IPv6 address in the list?
 * @prefixes: the list; NULL has none
 * @addr: its 16 bytes, any alignment
 *
 * An IPv4-mapped address is no IPv4 address here: no packet has one.
 */
bool toa_prefixes_has_v6(const struct toa_prefixes *prefixes, const __u8 *addr)
{
	const struct toa_addr key = {
		.hi = (__u64)toa_get_be32(addr) << 32 | toa_get_be32(addr + 4),
		.lo = (__u64)toa_get_be32(addr + 8) << 32 |
		      toa_get_be32(addr + 12),
	};

	return prefixes &&
	       toa_ranges_have(prefixes->v6, prefixes->v6_count, &key);
}

/*
 * Ports.
 */

#define TOA_PORT_MAX	65535

/**
 * struct toa_ports - a list of ports that is not empty
 * @bits: one for each port
 */
struct toa_ports {
	__u8 bits[(TOA_PORT_MAX + 1) / 8];
};

static int toa_port_range_parse(const struct toa_list *list,
				unsigned int *first, unsigned int *last)
{
	char why[TOA_TEXT_WHY];
	const char *p = list->at;
	bool read;

	read = toa_number_read(&p, TOA_PORT_MAX, first);
	*last = *first;
	if (read && *p == '-') {
		p++;
		read = toa_number_read(&p, TOA_PORT_MAX, last);
	}
	if (!read || p != list->end || !*first || !*last)
		return toa_list_fail(list,
				     "not a port (1 to 65535) or a range (8000-8080)");
	if (*first <= *last)
		return 0;
	snprintf(why, sizeof(why), "the range is reversed, write %u-%u", *last,
		 *first);
	return toa_list_fail(list, why);
}

static int toa_ports_fill(struct toa_ports *ports, struct toa_list list)
{
	unsigned int port, last;
	int err;

	while (toa_list_next(&list) > 0) {
		err = toa_port_range_parse(&list, &port, &last);
		if (err)
			return err;
		for (; port <= last; port++)
			ports->bits[port / 8] |= 1 << port % 8;
	}
	return 0;
}

/**
 * toa_ports_parse() - read a list of ports and ranges of ports
 * @text: "80,443,8000-8080"
 * @ports: the list; NULL, which has every port, when there is nothing in it;
 *	written only on success
 * @error: what is wrong with the text; written only on failure
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int toa_ports_parse(const char *text, struct toa_ports **ports,
		    struct toa_text_error *error)
{
	const struct toa_list list = toa_list_begin(text, error);
	struct toa_ports *made;
	long count;
	int err;

	count = toa_list_count(list, TOA_PORT_MAX,
			       "there are more items than ports");
	if (count < 0)
		return count;
	if (!count) {
		*ports = NULL;
		return 0;
	}
	made = kzalloc(sizeof(*made), GFP_KERNEL);
	if (!made)
		return toa_text_no_memory(error);
	err = toa_ports_fill(made, list);
	if (err) {
		kfree(made);
		return err;
	}
	*ports = made;
	return 0;
}

/**
 * toa_ports_free() - free a list of ports
 * @ports: the list, or NULL
 */
void toa_ports_free(struct toa_ports *ports)
{
	kfree(ports);
}

/**
 * toa_ports_has() - is this port in the list?
 * @ports: the list; NULL has every port
 * @port: the port, host byte order
 */
bool toa_ports_has(const struct toa_ports *ports, __u16 port)
{
	return !ports || ports->bits[port / 8] >> port % 8 & 1;
}

/*
 * Kinds.
 */

static int toa_kind_unknown(const struct toa_list *list)
{
	char why[TOA_TEXT_WHY] = "not known; there are";
	const struct toa_layout *layout;
	size_t n = strlen(why);

	for (layout = toa_layouts; layout < toa_layouts + TOA_LAYOUTS; layout++)
		n += snprintf(why + n, sizeof(why) - n, " %u/%u", layout->kind,
			      layout->len);
	return toa_list_fail(list, why);
}

/* A kind alone is all its layouts; no layout has length 0. */
static bool toa_kind_add(struct toa_kinds *kinds, unsigned int kind,
			 unsigned int len)
{
	bool added = false;
	unsigned int row;

	for (row = 0; row < TOA_LAYOUTS; row++) {
		if (toa_layouts[row].kind != kind ||
		    (len && toa_layouts[row].len != len))
			continue;
		toa_kinds_add(kinds, row);
		added = true;
	}
	return added;
}

static int toa_kind_parse(const struct toa_list *list, struct toa_kinds *kinds)
{
	const char *p = list->at;
	unsigned int kind, len = 0;

	if (!toa_number_read(&p, 255, &kind))
		return toa_kind_unknown(list);
	if (*p == '/') {
		p++;
		if (!toa_number_read(&p, 255, &len) || !len)
			return toa_kind_unknown(list);
	}
	if (p != list->end || !toa_kind_add(kinds, kind, len))
		return toa_kind_unknown(list);
	return 0;
}

/**
 * toa_kinds_parse() - read a list of option kinds
 * @text: "254,253/20,28": a kind is all its layouts, KIND/LENGTH is one
 * @kinds: the layouts; written only on success
 * @error: what is wrong with the text; written only on failure
 *
 * Return: 0 or -EINVAL.
 */
int toa_kinds_parse(const char *text, struct toa_kinds *kinds,
		    struct toa_text_error *error)
{
	struct toa_list list = toa_list_begin(text, error);
	struct toa_kinds made = { .rows = 0 };
	int more, err;

	while ((more = toa_list_next(&list)) > 0) {
		err = toa_kind_parse(&list, &made);
		if (err)
			return err;
	}
	if (more)
		return more;
	if (!made.rows)
		return toa_list_fail(&list, "name at least one");
	*kinds = made;
	return 0;
}
