// SPDX-License-Identifier: GPL-2.0
/*
 * Do the module's parser and the second opinion agree about a segment's options?
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_options.h"
#include "slow.h"
#include "toa.h"

/* The same layouts in both languages. */
static void kinds_write(unsigned int rows, struct toa_kinds *kinds, char *text)
{
	unsigned int row;

	memset(kinds, 0, sizeof(*kinds));
	*text = '\0';
	for (row = 0; row < TOA_LAYOUTS; row++) {
		if (!(rows >> row & 1))
			continue;
		toa_kinds_add(kinds, row);
		text += sprintf(text, " %u/%u", toa_layouts[row].kind,
				toa_layouts[row].len);
	}
}

static bool same_client(const struct toa_client *client,
			const struct slow_client *slow)
{
	char addr[INET6_ADDRSTRLEN] = "";

	if (client->family == TOA_FAMILY_V4)
		inet_ntop(AF_INET, &client->v4, addr, sizeof(addr));
	else if (client->family == TOA_FAMILY_V6)
		inet_ntop(AF_INET6, client->v6, addr, sizeof(addr));
	return !strcmp(addr, slow->addr) && ntohs(client->port) == slow->port;
}

static bool same_verdict(enum toa_verdict verdict, enum slow_verdict slow)
{
	switch (slow) {
	case SLOW_FOUND:
		return verdict == TOA_FOUND;
	case SLOW_ABSENT:
		return verdict == TOA_ABSENT;
	case SLOW_MALFORMED:
		return verdict == TOA_MALFORMED;
	case SLOW_UNUSABLE:
		return verdict == TOA_UNUSABLE;
	}
	return false;
}

bool check_options(const uint8_t *options, size_t len, bool syn,
		   unsigned int rows)
{
	uint8_t *exact = malloc(len);
	enum slow_verdict slow_verdict;
	char text[TOA_LAYOUTS * 8 + 1];
	struct toa_client client;
	struct toa_options todo;
	struct slow_client slow;
	enum toa_verdict verdict;
	struct toa_kinds kinds;
	bool repeat;

	kinds_write(rows, &kinds, text);
	slow_verdict = slow_options(options, len, syn, text, &slow);
	/* Nothing stands behind the copy, so that a sanitizer sees one byte more. */
	if (len)
		memcpy(exact, options, len);
	todo = (struct toa_options){ exact, len, syn };
	verdict = toa_options_parse(&todo, &kinds, &client);
	repeat = verdict == TOA_FOUND && toa_options_repeat(&todo, &kinds);
	free(exact);
	if (same_verdict(verdict, slow_verdict) &&
	    (verdict != TOA_FOUND || (same_client(&client, &slow) &&
				      repeat == slow.repeat)))
		return true;
	printf("# layouts%s%s: verdict %d, but %d wanted, or another client\n",
	       text, syn ? ", on a SYN" : "", verdict, slow_verdict);
	return false;
}
