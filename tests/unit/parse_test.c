// SPDX-License-Identifier: GPL-2.0
/*
 * Toa_options_parse() on bytes that nothing stands behind
 *
 * Every case's bytes are copied to the very end of an allocation of their exact
 * size, so that AddressSanitizer sees a read of one byte too many, at each
 * alignment in turn.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "chance.h"
#include "check_options.h"
#include "toa.h"
#include "wire.h"

#define UNTOUCHED	0xa5
#define ALIGNMENTS	4
#define ALL_ROWS	((1U << TOA_LAYOUTS) - 1)

/**
 * struct parse_case - one case
 * @name: what it shows
 * @hex: the option space; not padded
 * @syn: the segment has SYN set
 * @verdict: what it must say
 * @client: the address as text, where the verdict is TOA_FOUND
 * @port: its port
 * @rows: which of toa_layouts are on; 0 stands for TOA_KINDS_DEFAULT
 * @repeat: another client follows
 */
struct parse_case {
	const char *name;
	const char *hex;
	bool syn;
	enum toa_verdict verdict;
	const char *client;
	unsigned int port;
	unsigned int rows;
	bool repeat;
};

#define V4	"fe08 3039 cb007107"
#define V6	"fe14 3039 20010db8000c0000 0000000000000007"
#define CDN	"1c07 01 cb007107"
#define V4_CLIENT TOA_FOUND, "203.0.113.7", 12345
#define V6_CLIENT TOA_FOUND, "2001:db8:c::7", 12345
#define CDN_CLIENT TOA_FOUND, "203.0.113.7", 0
#define TIMESTAMPS "0101080a0000000100000000"

static const struct parse_case cases[] = {
	{ "no options", "", false, TOA_ABSENT },
	{ "IPv4", V4, false, V4_CLIENT },
	{ "IPv6", V6, false, V6_CLIENT },
	{ "IPv4 on a SYN", V4, true, V4_CLIENT },
	{ "IPv6 on a SYN", V6, true, V6_CLIENT },
	{ "lowest usable address", "fe08 0001 01000000", false,
	  TOA_FOUND, "1.0.0.0", 1 },
	{ "highest usable address", "fe08 ffff dfffffff", false,
	  TOA_FOUND, "223.255.255.255", 65535 },
	{ "private address", "fe08 3039 0a000001", false,
	  TOA_FOUND, "10.0.0.1", 12345 },
	{ "unique local address",
	  "fe14 3039 fd00000000000000 0000000000000001", false,
	  TOA_FOUND, "fd00::1", 12345 },
	{ "NAT64 address", "fe14 3039 0064ff9b00000000 00000000cb007107",
	  false, TOA_FOUND, "64:ff9b::cb00:7107", 12345 },
	{ "::2 is an address", "fe14 3039 0000000000000000 0000000000000002",
	  false, TOA_FOUND, "::2", 12345 },
	{ "fec0:: is not link local",
	  "fe14 3039 fec0000000000000 0000000000000001", false,
	  TOA_FOUND, "fec0::1", 12345 },

	{ "NOPs before", "0101" V4, false, V4_CLIENT },
	{ "one NOP before", "01" V4, false, V4_CLIENT },
	{ "timestamps before", TIMESTAMPS V4, false, V4_CLIENT },
	{ "timestamps only", TIMESTAMPS, false, TOA_ABSENT },
	{ "timestamps only, all layouts on", TIMESTAMPS, false, TOA_ABSENT,
	  .rows = ALL_ROWS },
	{ "timestamps' length, but a client",
	  "0101 fe08 3039 cb007107 0101", false, V4_CLIENT },
	{ "timestamps' first bytes, and no more", "0101080a", false,
	  TOA_MALFORMED },
	{ "SACK before", "0101050a0000000100000002" V6, false, V6_CLIENT },
	{ "another option of two bytes before", "0402" V4, false, V4_CLIENT },
	{ "EOL after", V4 "00", false, V4_CLIENT },
	{ "EOL and rubbish after", V4 "00feff01", false, V4_CLIENT },
	{ "rubbish after", V4 "fe00", false, V4_CLIENT },
	{ "EOL before", "00" V4, false, TOA_ABSENT },
	{ "two: the first", V4 "fe08 1a0a c6336442", false, V4_CLIENT,
	  .repeat = true },
	{ "two: the first, IPv6 second", V4 V6, false, V4_CLIENT,
	  .repeat = true },
	{ "two: timestamps between", V4 TIMESTAMPS V4, false, V4_CLIENT,
	  .repeat = true },
	{ "two: the second unusable", V4 "fe08 3039 7f000001", false, V4_CLIENT,
	  .repeat = true },
	{ "two: the second behind the end", V4 "00" V4, false, V4_CLIENT },
	{ "timestamps after", V4 TIMESTAMPS, false, V4_CLIENT },
	{ "unusable first", "fe08 3039 7f000001" V4, false, TOA_UNUSABLE },
	{ "another experiment first", "fe04 f989" V4, false, V4_CLIENT },
	{ "kind 253", "fd08 3039 cb007107", false, TOA_ABSENT },
	{ "kind 254 in another option's data",
	  "030a fe08 3039 cb007107", false, TOA_ABSENT },

	{ "kind only", "fe", false, TOA_MALFORMED },
	{ "another kind only", "08", false, TOA_MALFORMED },
	{ "kind only, after NOPs", "010101fe", false, TOA_MALFORMED },
	{ "length 0", "fe003039cb007107", false, TOA_MALFORMED },
	{ "length 1", "fe013039cb007107", false, TOA_MALFORMED },
	{ "length 1, a client behind it", "0301" V4, false, TOA_MALFORMED },
	{ "length 2", "fe02", false, TOA_ABSENT },
	{ "length 7", "fe073039cb0071", false, TOA_ABSENT },
	{ "length 9", "fe093039cb00710700", false, TOA_ABSENT },
	{ "length 19", "fe13303920010db8000c00000000000000000000",
	  false, TOA_ABSENT },
	{ "length 255", "feff3039cb007107", false, TOA_MALFORMED },
	{ "length one too many", "fe083039cb0071", false, TOA_MALFORMED },
	{ "length 20, 19 there", "fe14303920010db8000c000000000000000000",
	  false, TOA_MALFORMED },
	{ "length only", "fe08", false, TOA_MALFORMED },
	{ "length 0 of another option", "0300" V4, false, TOA_MALFORMED },
	{ "EOL only", "00", false, TOA_ABSENT },
	{ "NOPs only", "01010101", false, TOA_ABSENT },

	{ "port 0", "fe08 0000 cb007107", false, TOA_UNUSABLE },
	{ "0.0.0.0", "fe08 3039 00000000", false, TOA_UNUSABLE },
	{ "0.1.2.3", "fe08 3039 00010203", false, TOA_UNUSABLE },
	{ "127.255.255.255", "fe08 3039 7fffffff", false, TOA_UNUSABLE },
	{ "224.0.0.0", "fe08 3039 e0000000", false, TOA_UNUSABLE },
	{ "240.0.0.1", "fe08 3039 f0000001", false, TOA_UNUSABLE },
	{ "255.255.255.255", "fe08 3039 ffffffff", false, TOA_UNUSABLE },
	{ "::", "fe14 3039 0000000000000000 0000000000000000", false,
	  TOA_UNUSABLE },
	{ "::1", "fe14 3039 0000000000000000 0000000000000001", false,
	  TOA_UNUSABLE },
	{ "fe80::1", "fe14 3039 fe80000000000000 0000000000000001", false,
	  TOA_UNUSABLE },
	{ "febf::1", "fe14 3039 febf000000000000 0000000000000001", false,
	  TOA_UNUSABLE },
	{ "ff02::1", "fe14 3039 ff02000000000000 0000000000000001", false,
	  TOA_UNUSABLE },
	{ "::ffff:203.0.113.7", "fe14 3039 0000000000000000 0000ffffcb007107",
	  false, V4_CLIENT },
	{ "::ffff:127.0.0.1", "fe14 3039 0000000000000000 0000ffff7f000001",
	  false, TOA_UNUSABLE },

	{ "Fast Open cookie on a SYN", "fe08 f989 cb007107", true,
	  TOA_ABSENT },
	{ "Fast Open cookie of 16 bytes on a SYN",
	  "fe14 f989 20010db8000c0000 0000000000000007", true, TOA_ABSENT },
	{ "the same bytes on an ACK are port 63881", "fe08 f989 cb007107",
	  false, TOA_FOUND, "203.0.113.7", 63881 },
	{ "SMC on a SYN", "fe08 e2d4c3d90107", true, TOA_ABSENT },
	{ "port 58068 on a SYN, not SMC", "fe08 e2d4 cb007107", true,
	  TOA_FOUND, "203.0.113.7", 58068 },
	{ "a cookie, then a client, on a SYN", "fe08 f989 01020304" V4, true,
	  V4_CLIENT },
	{ "Fast Open cookie of 12 bytes on a SYN",
	  "fe10 f989 0102030405060708090a0b0c", true, TOA_ABSENT },
	{ "Fast Open cookie of kind 253 on a SYN", "fd08 f989 01020304", true,
	  TOA_ABSENT, .rows = ALL_ROWS },
	{ "SMC of kind 253 on a SYN", "fd08 e2d4c3d90107", true,
	  TOA_ABSENT, .rows = ALL_ROWS },
	{ "kind 253, port 63881 on an ACK", "fd08 f989 cb007107", false,
	  TOA_FOUND, "203.0.113.7", 63881, ALL_ROWS },
	{ "kind 252, port 63881 on a SYN",
	  "fc14 f989 cb007107 4fa82c00 0a000001 0050 0000", true,
	  TOA_FOUND, "203.0.113.7", 63881, ALL_ROWS },
	{ "kind 200, port 63881 on a SYN", "c808 f989 cb007107", true,
	  TOA_FOUND, "203.0.113.7", 63881, ALL_ROWS },

	{ "the first that is on decides: 200 is on", "c808 1a0a c6336442" V4,
	  false, TOA_FOUND, "198.51.100.66", 6666, ALL_ROWS, .repeat = true },
	{ "the first that is on decides: 200 is off", "c808 1a0a c6336442" V4,
	  false, V4_CLIENT },
	{ "a cookie does not decide", "fd08 f989 01020304" V4, true, V4_CLIENT,
	  .rows = ALL_ROWS },
	{ "User Timeout does not decide", "1c048005" CDN, false, CDN_CLIENT,
	  .rows = ALL_ROWS },
	{ "kind 28, version 0", "1c07 00 cb007107", false, TOA_ABSENT,
	  .rows = ALL_ROWS },
	{ "kind 28, version 2, then 1", "1c07 02 c6336442" CDN, false,
	  CDN_CLIENT, .rows = ALL_ROWS },
	{ "kind 28, an address that no client has", "1c07 01 7f000001" CDN,
	  false, TOA_UNUSABLE, .rows = ALL_ROWS },
	{ "kind 28, IPv6, version 0",
	  "1c13 00 20010db8000c0000 0000000000000007", false, TOA_ABSENT,
	  .rows = ALL_ROWS },
	{ "kind 28 without its last byte", "1c07 01 cb0071", false,
	  TOA_MALFORMED, .rows = ALL_ROWS },
	{ "kind 28, an IPv4-mapped address",
	  "1c13 01 0000000000000000 0000ffffcb007107", false, CDN_CLIENT,
	  .rows = ALL_ROWS },
	{ "port 0 where there is one", "c808 0000 cb007107" CDN, false,
	  TOA_UNUSABLE, .rows = ALL_ROWS },
};

/**
 * struct layout_case - a layout as its balancers write it
 * @kind: its kind
 * @len: its length
 * @hex: the option
 * @client: the address in it
 * @port: the port in it, or 0
 */
struct layout_case {
	unsigned int kind;
	unsigned int len;
	const char *hex;
	const char *client;
	unsigned int port;
};

static const struct layout_case layouts[] = {
	{ 254, 8, "fe08 3039 cb007107", "203.0.113.7", 12345 },
	{ 254, 20, "fe14 3039 20010db8000c0000 0000000000000007",
	  "2001:db8:c::7", 12345 },
	{ 254, 16, "fe10 3039 cb007107 0000 01bb c6336401", "203.0.113.7",
	  12345 },
	{ 253, 8, "fd08 3039 cb007107", "203.0.113.7", 12345 },
	{ 253, 20, "fd14 3039 20010db8000c0000 0000000000000007",
	  "2001:db8:c::7", 12345 },
	{ 252, 20, "fc14 3039 cb007107 4fa82c00 c6336401 01bb 0000",
	  "203.0.113.7", 12345 },
	{ 249, 40,
	  "f928 3039 20010db8000c0000 0000000000000007 4fa82c 00 20010db8000d0000 0000000000000001",
	  "2001:db8:c::7", 12345 },
	{ 200, 8, "c808 3039 cb007107", "203.0.113.7", 12345 },
	{ 28, 7, "1c07 01 cb007107", "203.0.113.7", 0 },
	{ 28, 19, "1c13 01 20010db8000c0000 0000000000000007",
	  "2001:db8:c::7", 0 },
};

static unsigned int hex_bytes(const char *hex)
{
	unsigned int digits = 0;

	for (; *hex; hex++)
		digits += *hex != ' ';
	return digits / 2;
}

static bool client_equal(const struct toa_client *client,
			 const struct parse_case *want)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (client->family == TOA_FAMILY_V4)
		inet_ntop(AF_INET, &client->v4, text, sizeof(text));
	else if (client->family == TOA_FAMILY_V6)
		inet_ntop(AF_INET6, client->v6, text, sizeof(text));
	return !strcmp(text, want->client) && ntohs(client->port) == want->port;
}

static bool client_untouched(const struct toa_client *client)
{
	struct toa_client untouched;

	memset(&untouched, UNTOUCHED, sizeof(untouched));
	return !memcmp(client, &untouched, sizeof(untouched));
}

static struct toa_kinds kinds_of(unsigned int rows)
{
	struct toa_kinds kinds = { 0 };
	unsigned int row;

	for (row = 0; row < TOA_LAYOUTS; row++)
		if (rows >> row & 1)
			toa_kinds_add(&kinds, row);
	return kinds;
}

static bool case_run_at(const struct parse_case *c, size_t shift)
{
	static const struct toa_kinds standard = TOA_KINDS_DEFAULT;
	struct toa_kinds kinds = c->rows ? kinds_of(c->rows) : standard;
	uint8_t bytes[WIRE_OPTIONS_MAX];
	struct toa_options options;
	struct toa_client client;
	enum toa_verdict verdict;
	size_t len, padded;
	uint8_t *exact;
	bool repeat;

	if (options_from_hex(c->hex, bytes, &padded))
		return false;
	len = hex_bytes(c->hex);
	exact = malloc(shift + len);
	memcpy(exact + shift, bytes, len);
	memset(&client, UNTOUCHED, sizeof(client));
	options = (struct toa_options){ exact + shift, len, c->syn };
	verdict = toa_options_parse(&options, &kinds, &client);
	repeat = verdict == TOA_FOUND && toa_options_repeat(&options, &kinds);
	free(exact);
	if (!check_options(bytes, len, c->syn, kinds.rows))
		return false;
	if (verdict != c->verdict || repeat != c->repeat) {
		printf("# verdict %d, wanted %d; %s\n", verdict, c->verdict,
		       repeat ? "another follows" : "no other follows");
		return false;
	}
	/* Of one that is not usable some is written. */
	if (verdict == TOA_UNUSABLE)
		return true;
	return verdict == TOA_FOUND ? client_equal(&client, c) :
				      client_untouched(&client);
}

static bool case_run(const struct parse_case *c)
{
	size_t shift;

	for (shift = 0; shift < ALIGNMENTS; shift++)
		if (!case_run_at(c, shift))
			return false;
	return true;
}

/* The row of toa_layouts that has this kind and length, or TOA_LAYOUTS. */
static unsigned int row_of(unsigned int kind, unsigned int len)
{
	unsigned int row;

	for (row = 0; row < TOA_LAYOUTS; row++)
		if (toa_layouts[row].kind == kind &&
		    toa_layouts[row].len == len)
			break;
	return row;
}

static bool layout_found(const struct layout_case *l, unsigned int rows)
{
	struct parse_case c = {
		.hex = l->hex, .verdict = TOA_FOUND, .client = l->client,
		.port = l->port, .rows = rows,
	};

	return case_run(&c);
}

static bool layout_says(const char *hex, enum toa_verdict verdict,
			unsigned int rows)
{
	struct parse_case c = {
		.hex = hex, .verdict = verdict, .rows = rows,
	};

	return case_run(&c);
}

/* One byte less in the header, and one byte less or more in the option. */
static bool layout_len_matters(const struct layout_case *l)
{
	char hex[2 * WIRE_OPTIONS_MAX + 1] = "", other[sizeof(hex) + 8];
	size_t size = sizeof(other);
	const char *p;
	int n = 0;

	for (p = l->hex; *p; p++)
		if (*p != ' ')
			hex[n++] = *p;
	snprintf(other, size, "%.*s", n - 2, hex);
	if (!layout_says(other, TOA_MALFORMED, ALL_ROWS))
		return false;
	snprintf(other, size, "%.2s%02x%.*s", hex, l->len - 1, n - 6, hex + 4);
	if (!layout_says(other, TOA_ABSENT, ALL_ROWS))
		return false;
	if (l->len == WIRE_OPTIONS_MAX)
		return true;
	snprintf(other, size, "%.2s%02x%s00", hex, l->len + 1, hex + 4);
	return layout_says(other, TOA_ABSENT, ALL_ROWS);
}

static bool layout_run(const struct layout_case *l)
{
	unsigned int row = row_of(l->kind, l->len);

	if (row == TOA_LAYOUTS) {
		printf("# no such row\n");
		return false;
	}
	return layout_found(l, 1U << row) && layout_found(l, ALL_ROWS) &&
	       layout_says(l->hex, TOA_ABSENT, ALL_ROWS & ~(1U << row)) &&
	       layout_len_matters(l);
}

/* What toa.h says of its table, and relies on. */
static bool table_holds(void)
{
	const unsigned int timestamps = TOA_TIMESTAMPS_WORD >> 8 & 0xff;
	const struct toa_layout *l;
	size_t size;

	for (l = toa_layouts; l < toa_layouts + TOA_LAYOUTS; l++) {
		size = l->family == TOA_FAMILY_V4 ? 4 : 16;
		if (l->len < 6 || l->len > WIRE_OPTIONS_MAX ||
		    l->addr + size > l->len || l->addr < 2 ||
		    (l->port && (l->port < 2 || l->port + 2 > l->len)) ||
		    l->kind == timestamps ||
		    row_of(l->kind, l->len) != l - toa_layouts)
			return false;
	}
	return ARRAY_SIZE(layouts) == TOA_LAYOUTS && ARRAY_SIZE(layouts) <= 31;
}

static bool default_is_254(void)
{
	static const struct toa_kinds standard = TOA_KINDS_DEFAULT;
	struct toa_kinds kinds = { 0 };

	toa_kinds_add(&kinds, row_of(254, 8));
	toa_kinds_add(&kinds, row_of(254, 16));
	toa_kinds_add(&kinds, row_of(254, 20));
	return !memcmp(&kinds, &standard, sizeof(kinds));
}

static size_t piece_by_chance(uint8_t *bytes)
{
	const char *hex = layouts[chance(ARRAY_SIZE(layouts))].hex;
	size_t len;

	if (chance(3) == 0)
		hex = cases[chance(ARRAY_SIZE(cases))].hex;
	options_from_hex(hex, bytes, &len);
	return hex_bytes(hex);
}

/* Options as they are above, one after the other, some bytes of them changed. */
static size_t options_by_chance(uint8_t *options)
{
	uint8_t piece[WIRE_OPTIONS_MAX];
	size_t len = 0, size, i;

	while (len < WIRE_OPTIONS_MAX && chance(6)) {
		size = chance(3) ? piece_by_chance(piece) : 1;
		if (size == 1)
			piece[0] = chance(2);
		for (i = 0; i < size && len < WIRE_OPTIONS_MAX; i++)
			options[len++] = piece[i];
	}
	for (i = chance(3); i && len; i--)
		options[chance(len)] = chance(256);
	return len;
}

static bool parse_by_chance(void)
{
	uint8_t options[WIRE_OPTIONS_MAX];
	unsigned int i;
	size_t len;

	for (i = 0; i < 100000; i++) {
		len = options_by_chance(options);
		if (!check_options(options, len, chance(2),
				   chance(2) ? ALL_ROWS : chance(ALL_ROWS)))
			return false;
	}
	return true;
}

static void report(bool good, const char *name)
{
	printf("%s - parse: %s\n", good ? "ok" : "not ok", name);
}

/* 0 says only that every case ran: a sanitizer ends the program otherwise. */
int main(void)
{
	char name[32];
	size_t i;

	setlinebuf(stdout);
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		report(case_run(&cases[i]), cases[i].name);
	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		snprintf(name, sizeof(name), "layout %u/%u", layouts[i].kind,
			 layouts[i].len);
		report(layout_run(&layouts[i]), name);
	}
	report(table_holds(), "the table of layouts is sound");
	report(parse_by_chance(), "100000 option spaces by chance");
	report(default_is_254(), "by default kind 254 is read, and only that");
	return 0;
}
