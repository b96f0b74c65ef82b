// SPDX-License-Identifier: GPL-2.0
/*
 * Second opinions on the lists
 */
#include <arpa/inet.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slow.h"
#include "wire.h"

#define BLANK	" \t\n\v\f\r"
#define ITEM	"[^," BLANK "]+"
#define GAP	"([" BLANK "]*,[" BLANK "]*|[" BLANK "]+)"
#define NUMBER	"(0|[1-9][0-9]*)"

/* The few patterns there are, compiled once. */
static bool matches(const char *text, const char *pattern)
{
	static struct known {
		const char *pattern;
		regex_t regex;
	} known[8];
	struct known *k = known;

	while (k->pattern && strcmp(k->pattern, pattern))
		k++;
	if (!k->pattern) {
		if (regcomp(&k->regex, pattern, REG_EXTENDED | REG_NOSUB))
			abort();
		k->pattern = pattern;
	}
	return !regexec(&k->regex, text, 0, NULL, 0);
}

static bool is_list(const char *text)
{
	return matches(text, "^[" BLANK "]*$") ||
	       matches(text, "^[" BLANK "]*" ITEM "(" GAP ITEM ")*[" BLANK "]*$");
}

/* Do all items, or does one item, satisfy the question? */
static bool ask(const char *text, bool all,
		bool (*question)(const char *item, const void *about),
		const void *about)
{
	char *copy = strdup(text), *rest = copy, *item;
	bool answer = all;

	while (answer == all && (item = strtok_r(rest, "," BLANK, &rest)))
		answer = question(item, about);
	free(copy);
	return answer;
}

struct prefix {
	int family;
	unsigned int bits;
	uint8_t addr[16];
};

static bool bit_of(const uint8_t *addr, unsigned int n)
{
	return addr[n / 8] & 0x80 >> n % 8;
}

/* Well-formed, whatever it means. */
static bool prefix_read(const char *item, struct prefix *prefix)
{
	char *addr = strdup(item);
	char *len = strchr(addr, '/');
	unsigned int width = 32;
	bool good = true;

	memset(prefix, 0, sizeof(*prefix));
	if (len)
		*len++ = '\0';
	prefix->family = AF_INET;
	if (inet_pton(AF_INET, addr, prefix->addr) != 1) {
		width = 128;
		prefix->family = AF_INET6;
		good = inet_pton(AF_INET6, addr, prefix->addr) == 1;
	}
	prefix->bits = width;
	if (len) {
		good = good && strlen(len) <= 3 && matches(len, "^" NUMBER "$");
		prefix->bits = good ? atoi(len) : 0;
	}
	free(addr);
	return good && prefix->bits <= width;
}

static bool prefix_ok(const char *item, const void *unused)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct prefix prefix;
	unsigned int i;

	(void)unused;
	if (!prefix_read(item, &prefix))
		return false;
	for (i = prefix.bits; i < (prefix.family == AF_INET ? 32 : 128); i++)
		if (bit_of(prefix.addr, i))
			return false;
	return prefix.family == AF_INET || prefix.bits < 96 ||
	       memcmp(prefix.addr, mapped, sizeof(mapped)) != 0;
}

static bool prefix_has(const char *item, const void *about)
{
	const struct prefix *one = about;
	struct prefix prefix;
	unsigned int i;

	if (!prefix_read(item, &prefix) || prefix.family != one->family)
		return false;
	for (i = 0; i < prefix.bits; i++)
		if (bit_of(prefix.addr, i) != bit_of(one->addr, i))
			return false;
	return true;
}

bool slow_prefixes_ok(const char *text)
{
	return is_list(text) && ask(text, true, prefix_ok, NULL);
}

bool slow_prefixes_have(const char *text, int family, const uint8_t *addr)
{
	struct prefix about = { .family = family };

	memcpy(about.addr, addr, family == AF_INET ? 4 : 16);
	return ask(text, false, prefix_has, &about);
}

static bool port_ok(const char *item, const void *unused)
{
	unsigned int first = 0, last = 0;
	int n;

	(void)unused;
	if (!matches(item, "^[1-9][0-9]{0,4}(-[1-9][0-9]{0,4})?$"))
		return false;
	n = sscanf(item, "%u-%u", &first, &last);
	return first <= 65535 && (n == 1 || (last <= 65535 && first <= last));
}

static bool port_in(const char *item, const void *about)
{
	unsigned int port = *(const unsigned int *)about;
	unsigned int first = 0, last = 0;

	if (sscanf(item, "%u-%u", &first, &last) == 1)
		return port == first;
	return port >= first && port <= last;
}

bool slow_ports_ok(const char *text)
{
	return is_list(text) && ask(text, true, port_ok, NULL);
}

/* Nothing said is everything said. */
bool slow_ports_have(const char *text, unsigned int port)
{
	return !strpbrk(text, "0123456789") ||
	       ask(text, false, port_in, &port);
}

static const char * const kinds[] = {
	"254/8", "254/16", "254/20", "253/8", "253/20", "252/20", "249/40",
	"200/8", "28/7", "28/19",
};

/* The kind of "254/8" is all before the slash. */
static bool kind_covers(const char *item, const char *full)
{
	size_t len = strlen(item);

	return !strcmp(item, full) ||
	       (!strncmp(item, full, len) && full[len] == '/');
}

static bool kind_ok(const char *item, const void *unused)
{
	size_t i;

	(void)unused;
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kind_covers(item, kinds[i]))
			return true;
	return false;
}

static bool kind_has(const char *item, const void *about)
{
	return kind_covers(item, about);
}

bool slow_kinds_ok(const char *text)
{
	return is_list(text) && !matches(text, "^[" BLANK "]*$") &&
	       ask(text, true, kind_ok, NULL);
}

bool slow_kinds_have(const char *text, unsigned int kind, unsigned int len)
{
	char full[32];

	snprintf(full, sizeof(full), "%u/%u", kind, len);
	return ask(text, false, kind_has, full);
}
