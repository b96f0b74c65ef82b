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

#include "toa.h"
#include "wire.h"

#define UNTOUCHED	0xa5
#define ALIGNMENTS	4

/**
 * struct parse_case - one case
 * @name: what it shows
 * @hex: the option space; not padded
 * @syn: the segment has SYN set
 * @verdict: what it must say
 * @client: the address as text, where the verdict is TOA_FOUND
 * @port: its port
 */
struct parse_case {
	const char *name;
	const char *hex;
	bool syn;
	enum toa_verdict verdict;
	const char *client;
	unsigned int port;
};

#define V4	"fe08 3039 cb007107"
#define V6	"fe14 3039 20010db8000c0000 0000000000000007"
#define V4_CLIENT TOA_FOUND, "203.0.113.7", 12345
#define V6_CLIENT TOA_FOUND, "2001:db8:c::7", 12345

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
	{ "timestamps before", "0101080a0000000100000000" V4, false,
	  V4_CLIENT },
	{ "SACK before", "0101050a0000000100000002" V6, false, V6_CLIENT },
	{ "another option of two bytes before", "0402" V4, false, V4_CLIENT },
	{ "EOL after", V4 "00", false, V4_CLIENT },
	{ "EOL and rubbish after", V4 "00feff01", false, V4_CLIENT },
	{ "rubbish after", V4 "fe00", false, V4_CLIENT },
	{ "EOL before", "00" V4, false, TOA_ABSENT },
	{ "two: the first", V4 "fe08 1a0a c6336442", false, V4_CLIENT },
	{ "two: the first, IPv6 second", V4 V6, false, V4_CLIENT },
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

static bool case_run_at(const struct parse_case *c, size_t shift)
{
	uint8_t bytes[WIRE_OPTIONS_MAX];
	struct toa_client client;
	enum toa_verdict verdict;
	size_t len, padded;
	uint8_t *exact;

	if (options_from_hex(c->hex, bytes, &padded))
		return false;
	len = hex_bytes(c->hex);
	exact = malloc(shift + len);
	memcpy(exact + shift, bytes, len);
	memset(&client, UNTOUCHED, sizeof(client));
	verdict = toa_options_parse(exact + shift, len, c->syn, &client);
	free(exact);
	if (verdict != c->verdict) {
		printf("# verdict %d, wanted %d\n", verdict, c->verdict);
		return false;
	}
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

/* 0 says only that every case ran: a sanitizer ends the program otherwise. */
int main(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *result = "not ok";

		if (case_run(&cases[i]))
			result = "ok";
		printf("%s - parse: %s\n", result, cases[i].name);
	}
	return 0;
}
