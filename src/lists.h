/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The lists that an administrator writes: prefixes, ports, kinds
 *
 * A comma, white space or both stand between two items. A text is taken whole
 * or refused whole. Like toa.h, this is plain C that user space compiles too.
 */
#ifndef TOA_LISTS_H
#define TOA_LISTS_H

#include <linux/types.h>

#include "toa.h"

#define TOA_PREFIXES_MAX	65536
#define TOA_TEXT_WHY		160

/**
 * struct toa_text_error - why a text is refused
 * @at: where in the text the part begins that is at fault
 * @len: how long it is; 0 when no part is
 * @why: the reason, in words that can follow the part and a colon
 */
struct toa_text_error {
	size_t	at;
	size_t	len;
	char	why[TOA_TEXT_WHY];
};

struct toa_prefixes;
struct toa_ports;

int toa_prefixes_parse(const char *text, struct toa_prefixes **prefixes,
		       struct toa_text_error *error);
void toa_prefixes_free(struct toa_prefixes *prefixes);
bool toa_prefixes_has_v4(const struct toa_prefixes *prefixes, __be32 addr);
bool toa_prefixes_has_v6(const struct toa_prefixes *prefixes, const __u8 *addr);

int toa_ports_parse(const char *text, struct toa_ports **ports,
		    struct toa_text_error *error);
void toa_ports_free(struct toa_ports *ports);
bool toa_ports_has(const struct toa_ports *ports, __u16 port);

int toa_kinds_parse(const char *text, struct toa_kinds *kinds,
		    struct toa_text_error *error);

#endif /* TOA_LISTS_H */
