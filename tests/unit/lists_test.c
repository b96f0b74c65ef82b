// SPDX-License-Identifier: GPL-2.0
/*
 * The lists that an administrator writes
 *
 * Cases with their results, then texts by chance, on which the second opinion
 * must agree.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "check_lists.h"
#include "src/lists.h"
#include "wire.h"

#define KNOWN	"254/8 254/20 254/16 253/8 253/20 252/20 249/40 200/8 28/7 28/19"

enum list { PREFIXES, PORTS, KINDS };

/**
 * struct refused - a text that must be refused
 * @list: as what
 * @text: the text
 * @part: the part that is named; it stands only once in the text
 * @why: the reason that is given
 */
struct refused {
	enum list list;
	const char *text;
	const char *part;
	const char *why;
};

#define NO_ADDRESS	"not an IPv4 or IPv6 address"
#define LENGTH_V4	"its length must be 0 to 32"
#define LENGTH_V6	"its length must be 0 to 128"
#define COMMA		"a comma stands between two items"
#define NO_PORT		"not a port (1 to 65535) or a range (8000-8080)"
#define NO_KIND		"not known; there are " KNOWN

static const struct refused refused[] = {
	{ PREFIXES, "localhost", "localhost", NO_ADDRESS },
	{ PREFIXES, "10.0.0.0/8 x", "x", NO_ADDRESS },
	{ PREFIXES, "10.0.0", "10.0.0", NO_ADDRESS },
	{ PREFIXES, "10", "10", NO_ADDRESS },
	{ PREFIXES, "10.0.0.0.0", "10.0.0.0.0", NO_ADDRESS },
	{ PREFIXES, "10.0.0.", "10.0.0.", NO_ADDRESS },
	{ PREFIXES, "10..0.0", "10..0.0", NO_ADDRESS },
	{ PREFIXES, "10.0.0.256", "10.0.0.256", NO_ADDRESS },
	{ PREFIXES, "10.0.0.4294967297", "10.0.0.4294967297", NO_ADDRESS },
	{ PREFIXES, "10.0.0.010", "10.0.0.010", NO_ADDRESS },
	{ PREFIXES, "10.0.0.1:", "10.0.0.1:", NO_ADDRESS },
	{ PREFIXES, "10.0.0.1;10.0.0.2", "10.0.0.1;10.0.0.2", NO_ADDRESS },
	{ PREFIXES, "0x0a000001", "0x0a000001", NO_ADDRESS },
	{ PREFIXES, "10.0.0.1-10.0.0.9", "10.0.0.1-10.0.0.9", NO_ADDRESS },
	{ PREFIXES, "2001:db8:", "2001:db8:", NO_ADDRESS },
	{ PREFIXES, ":2001::", ":2001::", NO_ADDRESS },
	{ PREFIXES, ":::", ":::", NO_ADDRESS },
	{ PREFIXES, "1::2::3", "1::2::3", NO_ADDRESS },
	{ PREFIXES, "1:2:3:4:5:6:7", "1:2:3:4:5:6:7", NO_ADDRESS },
	{ PREFIXES, "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:9", NO_ADDRESS },
	{ PREFIXES, "1:2:3:4::5:6:7:8", "1:2:3:4::5:6:7:8", NO_ADDRESS },
	{ PREFIXES, "1:2:3:4:5:6:7:8::", "1:2:3:4:5:6:7:8::", NO_ADDRESS },
	{ PREFIXES, "::1:2:3:4:5:6:7:8", "::1:2:3:4:5:6:7:8", NO_ADDRESS },
	{ PREFIXES, "2001:db8::12345", "2001:db8::12345", NO_ADDRESS },
	{ PREFIXES, "fe80::1%eth0", "fe80::1%eth0", NO_ADDRESS },
	{ PREFIXES, "[2001:db8::1]", "[2001:db8::1]", NO_ADDRESS },
	{ PREFIXES, "64:ff9b::1.2.3", "64:ff9b::1.2.3", NO_ADDRESS },
	{ PREFIXES, "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4",
	  NO_ADDRESS },
	{ PREFIXES, "ff::10.0.0.0:104", "ff::10.0.0.0:104", NO_ADDRESS },
	{ PREFIXES, "/8", "/8", NO_ADDRESS },
	{ PREFIXES, "\xc3\xa9", "\xc3\xa9", NO_ADDRESS },

	{ PREFIXES, "192.0.2.1 10.0.0.0/33", "10.0.0.0/33", LENGTH_V4 },
	{ PREFIXES, "10.0.0.0/", "10.0.0.0/", LENGTH_V4 },
	{ PREFIXES, "10.0.0.0/ 8", "10.0.0.0/", LENGTH_V4 },
	{ PREFIXES, "10.0.0.0/08", "10.0.0.0/08", LENGTH_V4 },
	{ PREFIXES, "10.0.0.0/-1", "10.0.0.0/-1", LENGTH_V4 },
	{ PREFIXES, "10.0.0.0/255.0.0.0", "10.0.0.0/255.0.0.0", LENGTH_V4 },
	{ PREFIXES, "10.0.0.0/8/8", "10.0.0.0/8/8", LENGTH_V4 },
	{ PREFIXES, "10.0.0.0/4294967304", "10.0.0.0/4294967304", LENGTH_V4 },
	{ PREFIXES, "2001:db8::/129", "2001:db8::/129", LENGTH_V6 },

	{ PREFIXES, "192.0.2.1,10.0.0.1/8", "10.0.0.1/8",
	  "host bits are set, write 10.0.0.0/8" },
	{ PREFIXES, "10.0.0.1/0", "10.0.0.1/0",
	  "host bits are set, write 0.0.0.0/0" },
	{ PREFIXES, "10.0.0.1/31", "10.0.0.1/31",
	  "host bits are set, write 10.0.0.0/31" },
	{ PREFIXES, "2001:db8:1::/32", "2001:db8:1::/32",
	  "host bits are set, write 2001:db8::/32" },
	{ PREFIXES, "1:2:3:4:5:6:7:8/127", "1:2:3:4:5:6:7:8/127", NULL },
	{ PREFIXES, "1:2:3:4:5:6:7:9/127", "1:2:3:4:5:6:7:9/127",
	  "host bits are set, write 1:2:3:4:5:6:7:8/127" },
	{ PREFIXES, "::1/0", "::1/0", "host bits are set, write ::/0" },
	{ PREFIXES, "::ffff:10.0.0.1", "::ffff:10.0.0.1",
	  "an IPv4-mapped address, write 10.0.0.1" },
	{ PREFIXES, "::ffff:a00:0/104", "::ffff:a00:0/104",
	  "an IPv4-mapped address, write 10.0.0.0/8" },
	{ PREFIXES, "::ffff:10.0.0.1/104", "::ffff:10.0.0.1/104",
	  "an IPv4-mapped address, write 10.0.0.0/8" },
	{ PREFIXES, "::ffff:0:0/96", "::ffff:0:0/96",
	  "an IPv4-mapped address, write 0.0.0.0/0" },

	{ PREFIXES, ",", ",", COMMA },
	{ PREFIXES, " ,10.0.0.1", ",", COMMA },
	{ PREFIXES, "10.0.0.1, ", ",", COMMA },
	{ PREFIXES, "10.0.0.1 ,;, 10.0.0.2", ";", NO_ADDRESS },

	{ PORTS, "0", "0", NO_PORT },
	{ PORTS, "80,65536", "65536", NO_PORT },
	{ PORTS, "4294967376", "4294967376", NO_PORT },
	{ PORTS, "080", "080", NO_PORT },
	{ PORTS, "http", "http", NO_PORT },
	{ PORTS, "80/tcp", "80/tcp", NO_PORT },
	{ PORTS, "-80", "-80", NO_PORT },
	{ PORTS, "80-", "80-", NO_PORT },
	{ PORTS, "0-80", "0-80", NO_PORT },
	{ PORTS, "80-65536", "80-65536", NO_PORT },
	{ PORTS, "80-90-100", "80-90-100", NO_PORT },
	{ PORTS, "80 - 90", "-", NO_PORT },
	{ PORTS, "443 8080-8000", "8080-8000",
	  "the range is reversed, write 8000-8080" },
	{ PORTS, "80,", ",", COMMA },

	{ KINDS, "", "", "name at least one" },
	{ KINDS, "\n ", "", "name at least one" },
	{ KINDS, "254,255", "255", NO_KIND },
	{ KINDS, "254/9", "254/9", NO_KIND },
	{ KINDS, "254/", "254/", NO_KIND },
	{ KINDS, "254/0", "254/0", NO_KIND },
	{ KINDS, "254/08", "254/08", NO_KIND },
	{ KINDS, "254/8/8", "254/8/8", NO_KIND },
	{ KINDS, "0", "0", NO_KIND },
	{ KINDS, "510", "510", NO_KIND },
	{ KINDS, "/8", "/8", NO_KIND },
	{ KINDS, "254-253", "254-253", NO_KIND },
	{ KINDS, "all", "all", NO_KIND },
	{ KINDS, ",254", ",", COMMA },
};

static int parse(enum list list, const char *text, struct toa_text_error *error)
{
	struct toa_prefixes *prefixes = NULL;
	struct toa_ports *ports = NULL;
	struct toa_kinds kinds;
	int err;

	if (list == KINDS)
		return toa_kinds_parse(text, &kinds, error);
	if (list == PORTS) {
		err = toa_ports_parse(text, &ports, error);
		toa_ports_free(ports);
		return err;
	}
	err = toa_prefixes_parse(text, &prefixes, error);
	toa_prefixes_free(prefixes);
	return err;
}

static bool check(enum list list, const char *text)
{
	if (list == KINDS)
		return check_kinds(text);
	return list == PORTS ? check_ports(text) : check_prefixes(text);
}

static bool refused_run(const struct refused *r)
{
	struct toa_text_error error;
	int err = parse(r->list, r->text, &error);

	if (!check(r->list, r->text))
		return false;
	if (!r->why)
		return !err;
	if (err != -EINVAL) {
		printf("# result %d\n", err);
		return false;
	}
	if (!strcmp(error.why, r->why) && error.len == strlen(r->part) &&
	    !strncmp(r->text + error.at, r->part, error.len))
		return true;
	printf("# at %zu, %zu long: %s\n", error.at, error.len, error.why);
	return false;
}

/**
 * struct member - is an address or a port in a list?
 * @list: the text
 * @is: in it
 * @is_not: not in it
 */
struct member {
	const char *list;
	const char *is[6];
	const char *is_not[6];
};

static const struct member prefix_members[] = {
	{ "", .is_not = { "0.0.0.0", "10.0.0.1", "::", "2001:db8::1" } },
	{ " \t\n", .is_not = { "10.0.0.1", "::" } },
	{ "10.0.0.1", { "10.0.0.1" },
	  { "10.0.0.0", "10.0.0.2", "::a00:1", "::ffff:10.0.0.1" } },
	{ "10.0.0.0/8, 192.0.2.1 2001:db8::/32\n",
	  { "10.0.0.0", "10.255.255.255", "192.0.2.1", "2001:db8::",
	    "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff" },
	  { "9.255.255.255", "11.0.0.0", "192.0.2.0", "192.0.2.2",
	    "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::" } },
	{ "0.0.0.0/0", { "0.0.0.0", "255.255.255.255", "127.0.0.1" },
	  { "::", "::1", "::ffff:1.2.3.4" } },
	{ "::/0", { "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	  { "0.0.0.0", "255.255.255.255" } },
	{ "10.0.0.0/8,10.0.0.0/8,10.1.0.0/16,10.0.0.0/32", { "10.2.0.0" },
	  { "11.0.0.0" } },
	{ "10.0.0.0/9 10.128.0.0/9", { "10.127.255.255", "10.128.0.0" },
	  { "11.0.0.0" } },
	{ "2001:db8::/64", { "2001:db8::ffff:ffff:ffff:ffff" },
	  { "2001:db8:0:1::" } },
	{ "2001:db8::/65", { "2001:db8::7fff:ffff:ffff:ffff" },
	  { "2001:db8::8000:0:0:0" } },
	{ "2001:db8::/63", { "2001:db8:0:1:ffff:ffff:ffff:ffff" },
	  { "2001:db8:0:2::" } },
	{ "64:ff9b::192.0.2.33", { "64:ff9b::c000:221" },
	  { "64:ff9b::c000:222" } },
	{ "2001:DB8::A", { "2001:db8::a" } },
	{ "1:2:3:4:5:6:7::", { "1:2:3:4:5:6:7:0" } },
	{ "::2:3:4:5:6:7:8", { "0:2:3:4:5:6:7:8" } },
};

static bool has(const struct toa_prefixes *prefixes, const char *addr)
{
	__be32 v4;
	uint8_t v6[16];

	if (inet_pton(AF_INET, addr, &v4) == 1)
		return toa_prefixes_has_v4(prefixes, v4);
	if (inet_pton(AF_INET6, addr, v6) != 1)
		abort();
	return toa_prefixes_has_v6(prefixes, v6);
}

static bool members_run(const struct member *m)
{
	struct toa_prefixes *prefixes = NULL;
	struct toa_text_error error;
	bool good = true;
	size_t i;

	if (toa_prefixes_parse(m->list, &prefixes, &error)) {
		printf("# %s\n", error.why);
		return false;
	}
	for (i = 0; i < ARRAY_SIZE(m->is); i++) {
		good = good && (!m->is[i] || has(prefixes, m->is[i]));
		good = good && (!m->is_not[i] || !has(prefixes, m->is_not[i]));
	}
	toa_prefixes_free(prefixes);
	return good && check_prefixes(m->list);
}

/* Prefixes in a small space, so that they meet, lie in each other and overlap. */
static void prefixes_by_chance(char *text, unsigned int count)
{
	static const char * const gaps[] = { ",", " ", ", ", "\n", " ,\t" };
	unsigned int bits, addr;

	for (; count; count--) {
		bits = 18 + chance(15);
		addr = chance(1U << (bits - 16)) << (32 - bits);
		if (chance(2))
			text += sprintf(text, "10.1.%u.%u/%u", addr >> 8,
					addr & 0xff, bits);
		else
			text += sprintf(text, "2001:db8::%x:%x/%u", addr >> 8,
					addr & 0xff ? 0 : addr, bits + 80 +
					(addr & 0xff ? 16 : 0));
		text += sprintf(text, "%s", count > 1 ? gaps[chance(5)] : "");
	}
}

static bool prefixes_random(void)
{
	char text[40 * 64];
	unsigned int i;

	for (i = 0; i < 300; i++) {
		prefixes_by_chance(text, 1 + chance(40));
		if (!check_prefixes(text))
			return false;
	}
	return true;
}

/* Every address of a /16 for a list that lies in it. */
static bool prefixes_exhaustive(void)
{
	static const char list[] =
		"10.1.0.0/24 10.1.0.128/25, 10.1.2.0/23 10.1.4.0/32 10.1.255.255";
	struct toa_prefixes *prefixes = NULL;
	struct toa_text_error error;
	unsigned int addr, found = 0;

	if (toa_prefixes_parse(list, &prefixes, &error))
		return false;
	for (addr = 0; addr <= 0xffff; addr++)
		found += toa_prefixes_has_v4(prefixes, htonl(0x0a010000 + addr));
	toa_prefixes_free(prefixes);
	return found == 256 + 512 + 1 + 1;
}

/* Texts that are nearly right: one that is, with some characters changed. */
static void spoil(char *text, const char *alphabet)
{
	size_t len = strlen(text);
	unsigned int changes = chance(4);
	size_t at;

	for (; changes && len; changes--) {
		at = chance(len);
		if (chance(2)) {
			text[at] = alphabet[chance(strlen(alphabet))];
			continue;
		}
		memmove(text + at, text + at + 1, len - at);
		len--;
	}
}

static bool spoiled_run(enum list list, const char * const *seeds, size_t count,
			const char *alphabet)
{
	char text[128];
	unsigned int i;

	for (i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "%s", seeds[chance(count)]);
		spoil(text, alphabet);
		if (!check(list, text))
			return false;
	}
	return true;
}

static bool prefixes_spoiled(void)
{
	static const char * const seeds[] = {
		"10.20.30.40", "192.0.2.128/25", "0.0.0.0/0", "::", "::/0",
		"2001:db8::/32", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4",
		"::ffff:10.0.0.0/104", "fe80::1:2/127", "1::8", "1:2::7:8",
		"64:ff9b::10.0.0.1", "10.0.0.0/8,10.0.0.0/8", "::1:2:3:4:5:6:7",
	};

	return spoiled_run(PREFIXES, seeds, ARRAY_SIZE(seeds),
			   "0123456789afF:::../, ");
}

static bool ports_spoiled(void)
{
	static const char * const seeds[] = {
		"80", "80,443", "8000-8080", "1-65535", "65535 65534", "",
		"1-10,5-20,30",
	};

	return spoiled_run(PORTS, seeds, ARRAY_SIZE(seeds), "0123456789-, ");
}

static bool kinds_spoiled(void)
{
	static const char * const seeds[] = {
		"254", "254,253/20,28", "200 254/8", "28/7,28/19", "249/40",
		"252/20",
	};

	return spoiled_run(KINDS, seeds, ARRAY_SIZE(seeds), "0123456789/, ");
}

static bool prefixes_many(void)
{
	char *text = malloc(20 * (TOA_PREFIXES_MAX + 1)), *end = text;
	struct toa_prefixes *prefixes = NULL;
	struct toa_text_error error;
	unsigned int i;
	bool good;

	for (i = 0; i < TOA_PREFIXES_MAX; i++)
		end += sprintf(end, "%u.%u.%u.1 ", 1 + (i * 7919 >> 16) % 200,
			       i * 7919 >> 8 & 0xff, i * 7919 & 0xff);
	good = !toa_prefixes_parse(text, &prefixes, &error) &&
	       has(prefixes, "1.0.0.1") && !has(prefixes, "1.0.0.2");
	toa_prefixes_free(prefixes);
	sprintf(end, "10.0.0.1");
	good = good && toa_prefixes_parse(text, &prefixes, &error) == -EINVAL &&
	       error.at == (size_t)(end - text) && error.len == 8 &&
	       strstr(error.why, "65536");
	free(text);
	return good;
}

static bool ports_exhaustive(void)
{
	struct toa_ports *ports = NULL;
	struct toa_text_error error;
	unsigned int port, found = 0;
	bool good;

	if (toa_ports_parse("80,443\t8000-8080 8080,65535", &ports, &error))
		return false;
	for (port = 0; port <= 65535; port++)
		found += toa_ports_has(ports, port);
	good = found == 2 + 81 + 1 && toa_ports_has(ports, 80) &&
	       toa_ports_has(ports, 443) && toa_ports_has(ports, 8000) &&
	       toa_ports_has(ports, 8080) && toa_ports_has(ports, 65535);
	toa_ports_free(ports);
	return good;
}

static bool ports_empty(void)
{
	struct toa_ports *ports = (void *)1;
	struct toa_text_error error;

	return !toa_ports_parse("\n ", &ports, &error) && !ports &&
	       toa_ports_has(ports, 0) && toa_ports_has(ports, 65535);
}

static bool kinds_are(const char *text, unsigned int rows)
{
	struct toa_text_error error;
	struct toa_kinds kinds;

	return !toa_kinds_parse(text, &kinds, &error) && kinds.rows == rows &&
	       check_kinds(text);
}

static bool kinds_default(void)
{
	static const struct toa_kinds standard = TOA_KINDS_DEFAULT;
	struct toa_text_error error;
	struct toa_kinds kinds;

	return !toa_kinds_parse("254", &kinds, &error) &&
	       !memcmp(&kinds, &standard, sizeof(kinds));
}

static bool free_nothing(void)
{
	toa_prefixes_free(NULL);
	toa_ports_free(NULL);
	return !toa_prefixes_has_v4(NULL, 0) &&
	       !toa_prefixes_has_v6(NULL, (const uint8_t[16]) { 0 });
}

static void report(bool good, const char *name)
{
	printf("%s - lists: %s\n", good ? "ok" : "not ok", name);
}

/* A result's line has no line break and no '#' in it. */
static void report_text(bool good, const char *what, const char *text)
{
	char name[128];
	char *p;

	snprintf(name, sizeof(name), "%s \"%s\"", what, text);
	for (p = name; *p; p++)
		if (*p == '\n' || *p == '\t')
			*p = '_';
	report(good, name);
}

int main(void)
{
	static const char * const names[] = { "trust", "ports", "kinds" };
	size_t i;

	setlinebuf(stdout);
	for (i = 0; i < ARRAY_SIZE(refused); i++)
		report_text(refused_run(&refused[i]), names[refused[i].list],
			    refused[i].text);
	for (i = 0; i < ARRAY_SIZE(prefix_members); i++)
		report_text(members_run(&prefix_members[i]), "trust",
			    prefix_members[i].list);
	report(prefixes_exhaustive(), "trust: every address of a /16");
	report(prefixes_random(), "trust: 300 lists by chance");
	report(prefixes_spoiled(), "trust: 20000 spoiled texts");
	report(prefixes_many(), "trust: 65536 prefixes, and one more");
	report(ports_exhaustive(), "ports: every port");
	report(ports_empty(), "ports: empty is every port");
	report(ports_spoiled(), "ports: 20000 spoiled texts");
	report(kinds_are("254,253/20 28\n", 0x317), "kinds: several");
	report(kinds_are("254/8 254/8", 0x1), "kinds: one layout, twice");
	report(kinds_are("254 253 252 249 200 28", 0x3ff), "kinds: all");
	report(kinds_default(), "kinds: 254 is the default");
	report(kinds_spoiled(), "kinds: 20000 spoiled texts");
	report(free_nothing(), "no list has no address");
	return 0;
}
