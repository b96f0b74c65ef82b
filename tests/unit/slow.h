/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Second opinions
 *
 * What the module reads, read once more: written from the descriptions of the
 * formats, with the C library's parsers, one bit or one item at a time. Shares
 * no code with the module, so that a mistake is unlikely to be in both.
 */
#ifndef SLOW_H
#define SLOW_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum slow_verdict {
	SLOW_FOUND,
	SLOW_ABSENT,
	SLOW_MALFORMED,
	SLOW_UNUSABLE,
};

struct slow_client {
	char addr[INET6_ADDRSTRLEN];
	unsigned int port;
	bool repeat;	/* another option names a client, too */
};

/* What do these options say of the client? kinds: as slow_kinds_ok() has it. */
enum slow_verdict slow_options(const uint8_t *options, size_t len, bool syn,
			       const char *kinds, struct slow_client *client);

/* Is the text a list of this sort? A caller may ask the rest only if it is. */
bool slow_prefixes_ok(const char *text);
bool slow_ports_ok(const char *text);
bool slow_kinds_ok(const char *text);

/* family: AF_INET or AF_INET6 */
bool slow_prefixes_have(const char *text, int family, const uint8_t *addr);
bool slow_ports_have(const char *text, unsigned int port);
bool slow_kinds_have(const char *text, unsigned int kind, unsigned int len);

#endif /* SLOW_H */
