// SPDX-License-Identifier: GPL-2.0
/*
 * A second opinion on the options
 */
#include <stdlib.h>
#include <string.h>

#include "slow.h"
#include "wire.h"

/*
 * The forms, one letter for each byte behind kind and length: P port, 4 and 6
 * address, V a version, which is 1, and a dot for what is not read.
 */
static const struct form {
	unsigned int kind;
	const char *picture;
} forms[] = {
	{ 28, "V4444" },
	{ 28, "V6666666666666666" },
	{ 200, "PP4444" },
	{ 249, "PP6666666666666666...................." },
	{ 252, "PP4444............" },
	{ 253, "PP4444" },
	{ 253, "PP6666666666666666" },
	{ 254, "PP4444" },
	{ 254, "PP4444........" },
	{ 254, "PP6666666666666666" },
};

struct option {
	unsigned int kind;
	size_t len;
	uint8_t data[WIRE_OPTIONS_MAX];
};

/* Cuts out the first option; false when there is none, or a broken one. */
static bool option_cut(const uint8_t **bytes, size_t *left,
		       struct option *option, bool *broken)
{
	while (*left && **bytes == 1) {
		(*bytes)++;
		(*left)--;
	}
	if (!*left || **bytes == 0)
		return false;
	if (*left == 1 || (*bytes)[1] < 2 || (*bytes)[1] > *left) {
		*broken = true;
		return false;
	}
	option->kind = (*bytes)[0];
	option->len = (*bytes)[1];
	memcpy(option->data, *bytes + 2, option->len - 2);
	*bytes += option->len;
	*left -= option->len;
	return true;
}

/* Fast Open and SMC, which clients send on a SYN under the same kinds. */
static bool is_experiment(const struct option *option)
{
	static const uint8_t fastopen[] = { 0xf9, 0x89 };
	static const uint8_t smc[] = { 0xe2, 0xd4, 0xc3, 0xd9 };

	return (option->kind == 253 || option->kind == 254) &&
	       (!memcmp(option->data, fastopen, sizeof(fastopen)) ||
		!memcmp(option->data, smc, sizeof(smc)));
}

static const char *picture_of(const struct option *option)
{
	const char *version;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(forms); i++) {
		if (forms[i].kind != option->kind ||
		    2 + strlen(forms[i].picture) != option->len)
			continue;
		version = strchr(forms[i].picture, 'V');
		if (!version || option->data[version - forms[i].picture] == 1)
			return forms[i].picture;
	}
	return NULL;
}

static bool v4_usable(const uint8_t *addr)
{
	return !slow_prefixes_have("0.0.0.0/8 127.0.0.0/8 224.0.0.0/4 240.0.0.0/4",
				   AF_INET, addr);
}

static bool v6_usable(const uint8_t *addr)
{
	return !slow_prefixes_have("::/128 ::1/128 fe80::/10 ff00::/8",
				   AF_INET6, addr);
}

static bool addr_read(const char *picture, const uint8_t *data,
		      struct slow_client *client)
{
	const char *v4 = strchr(picture, '4'), *v6 = strchr(picture, '6');
	const uint8_t *addr = data + ((v4 ? v4 : v6) - picture);

	if (v6 && slow_prefixes_have("::ffff:0:0/96", AF_INET6, addr)) {
		addr += 12;
		v6 = NULL;
	}
	inet_ntop(v6 ? AF_INET6 : AF_INET, addr, client->addr,
		  sizeof(client->addr));
	return v6 ? v6_usable(addr) : v4_usable(addr);
}

static enum slow_verdict option_read(const char *picture, const uint8_t *data,
				     struct slow_client *client)
{
	const char *port = strchr(picture, 'P');

	client->port = 0;
	if (port) {
		data += port - picture;
		client->port = data[0] * 256 + data[1];
		data -= port - picture;
		if (!client->port)
			return SLOW_UNUSABLE;
	}
	return addr_read(picture, data, client) ? SLOW_FOUND : SLOW_UNUSABLE;
}

/* Cuts until an option names a client; its picture, or NULL when none does. */
static const char *client_cut(const uint8_t **bytes, size_t *left, bool syn,
			      const char *kinds, struct option *option,
			      bool *broken)
{
	const char *picture;

	while (option_cut(bytes, left, option, broken)) {
		picture = picture_of(option);
		if (picture && slow_kinds_have(kinds, option->kind, option->len) &&
		    !(syn && is_experiment(option)))
			return picture;
	}
	return NULL;
}

enum slow_verdict slow_options(const uint8_t *options, size_t len, bool syn,
			       const char *kinds, struct slow_client *client)
{
	struct option first, second;
	bool broken = false;
	const char *picture;

	picture = client_cut(&options, &len, syn, kinds, &first, &broken);
	if (!picture)
		return broken ? SLOW_MALFORMED : SLOW_ABSENT;
	client->repeat = client_cut(&options, &len, syn, kinds, &second,
				    &broken);
	return option_read(picture, first.data, client);
}
