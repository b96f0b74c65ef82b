// SPDX-License-Identifier: GPL-2.0
/*
 * Do the module's lists and the second opinion agree about a text?
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_lists.h"
#include "slow.h"
#include "src/lists.h"
#include "wire.h"

static bool differ(const char *text, const char *what)
{
	printf("# %s: \"%s\"\n", what, text);
	return false;
}

static bool part_is_within(const char *text, const struct toa_text_error *error)
{
	size_t len = strlen(text);

	return error->at <= len && error->len <= len - error->at &&
	       strnlen(error->why, sizeof(error->why)) < sizeof(error->why);
}

static int parse_prefixes(const char *text)
{
	struct toa_prefixes *prefixes = NULL;
	struct toa_text_error error;
	int err = toa_prefixes_parse(text, &prefixes, &error);

	toa_prefixes_free(prefixes);
	return err;
}

static int parse_ports(const char *text)
{
	struct toa_ports *ports = NULL;
	struct toa_text_error error;
	int err = toa_ports_parse(text, &ports, &error);

	toa_ports_free(ports);
	return err;
}

/* A refusal names a part of the text, and what it says to write is accepted. */
static bool refusal_helps(const char *text, const struct toa_text_error *error,
			  int (*parse)(const char *text))
{
	const char *instead = strstr(error->why, "write ");

	if (!part_is_within(text, error))
		return differ(text, "the error is outside");
	if (instead && parse && parse(instead + strlen("write ")))
		return differ(text, "what it says to write is refused");
	return true;
}

static bool check_v4(const struct toa_prefixes *prefixes, const char *text,
		     uint32_t addr)
{
	__be32 net = htonl(addr);

	return toa_prefixes_has_v4(prefixes, net) ==
	       slow_prefixes_have(text, AF_INET, (uint8_t *)&net);
}

/* The address as a number, so that its neighbours can be had. */
static bool check_v6(const struct toa_prefixes *prefixes, const char *text,
		     unsigned __int128 addr)
{
	uint8_t bytes[16];
	int i;

	for (i = 15; i >= 0; i--, addr >>= 8)
		bytes[i] = addr;
	return toa_prefixes_has_v6(prefixes, bytes) ==
	       slow_prefixes_have(text, AF_INET6, bytes);
}

/* Where a prefix begins and ends, and one beyond. */
static bool check_v4_edges(const struct toa_prefixes *prefixes,
			   const char *text, uint32_t first, unsigned int bits)
{
	uint32_t hosts = bits ? (1ULL << (32 - bits)) - 1 : 0xffffffff;

	return check_v4(prefixes, text, first) &&
	       check_v4(prefixes, text, first - 1) &&
	       check_v4(prefixes, text, first + hosts) &&
	       check_v4(prefixes, text, first + hosts + 1);
}

static bool check_v6_edges(const struct toa_prefixes *prefixes,
			   const char *text, const uint8_t *addr,
			   unsigned int bits)
{
	unsigned __int128 first = 0, hosts = 0;
	unsigned int i;

	for (i = 0; i < 16; i++)
		first = first << 8 | addr[i];
	for (i = bits; i < 128; i++)
		hosts = hosts << 1 | 1;
	return check_v6(prefixes, text, first) &&
	       check_v6(prefixes, text, first - 1) &&
	       check_v6(prefixes, text, first + hosts) &&
	       check_v6(prefixes, text, first + hosts + 1);
}

static bool check_edges(const struct toa_prefixes *prefixes, const char *text,
			char *item)
{
	char *len = strchr(item, '/');
	uint8_t addr[16];
	uint32_t v4;

	if (len)
		*len++ = '\0';
	if (inet_pton(AF_INET, item, &v4) == 1)
		return check_v4_edges(prefixes, text, ntohl(v4),
				      len ? atoi(len) : 32);
	if (inet_pton(AF_INET6, item, addr) != 1)
		return false;
	return check_v6_edges(prefixes, text, addr, len ? atoi(len) : 128);
}

static bool check_membership(const struct toa_prefixes *prefixes,
			     const char *text)
{
	char *copy = strdup(text), *rest = copy, *item;
	bool good = true;

	while (good && (item = strtok_r(rest, ", \t\n\v\f\r", &rest)))
		good = check_edges(prefixes, text, item);
	free(copy);
	return good || differ(text, "they differ about an address");
}

bool check_prefixes(const char *text)
{
	struct toa_prefixes *prefixes = (void *)text;
	struct toa_text_error error;
	bool good;
	int err;

	err = toa_prefixes_parse(text, &prefixes, &error);
	if (err)
		return slow_prefixes_ok(text) ? differ(text, error.why) :
		       prefixes == (void *)text &&
		       refusal_helps(text, &error, parse_prefixes);
	good = slow_prefixes_ok(text) ? check_membership(prefixes, text) :
	       differ(text, "wrongly accepted");
	toa_prefixes_free(prefixes);
	return good;
}

static bool check_port_edges(const struct toa_ports *ports, const char *text)
{
	const char *p = text + strcspn(text, "0123456789");
	unsigned long n, port;

	for (; *p; p += strcspn(p, "0123456789")) {
		n = strtoul(p, (char **)&p, 10);
		for (port = n - 1; port != n + 2; port++)
			if (port <= 65535 && toa_ports_has(ports, port) !=
			    slow_ports_have(text, port))
				return differ(text, "they differ about a port");
	}
	return true;
}

bool check_ports(const char *text)
{
	struct toa_ports *ports = (void *)text;
	struct toa_text_error error;
	bool good;
	int err;

	err = toa_ports_parse(text, &ports, &error);
	if (err)
		return slow_ports_ok(text) ? differ(text, error.why) :
		       ports == (void *)text &&
		       refusal_helps(text, &error, parse_ports);
	good = slow_ports_ok(text) ? check_port_edges(ports, text) :
	       differ(text, "wrongly accepted");
	toa_ports_free(ports);
	return good;
}

static bool check_rows(const struct toa_kinds *kinds, const char *text)
{
	struct toa_kinds again = { 0 };
	unsigned int row;

	for (row = 0; row < TOA_LAYOUTS; row++)
		if (slow_kinds_have(text, toa_layouts[row].kind,
				    toa_layouts[row].len))
			toa_kinds_add(&again, row);
	return !memcmp(kinds, &again, sizeof(again)) ||
	       differ(text, "they differ about a layout");
}

bool check_kinds(const char *text)
{
	struct toa_kinds kinds = { .rows = 0xffff }, before = kinds;
	struct toa_text_error error;
	int err;

	err = toa_kinds_parse(text, &kinds, &error);
	if (!err != slow_kinds_ok(text))
		return differ(text, err ? error.why : "wrongly accepted");
	if (!err)
		return check_rows(&kinds, text);
	return !memcmp(&kinds, &before, sizeof(kinds)) &&
	       refusal_helps(text, &error, NULL);
}
