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

#include <stdbool.h>
#include <stdint.h>

/* Is the text a list of this sort? A caller may ask the rest only if it is. */
bool slow_prefixes_ok(const char *text);
bool slow_ports_ok(const char *text);
bool slow_kinds_ok(const char *text);

/* family: AF_INET or AF_INET6 */
bool slow_prefixes_have(const char *text, int family, const uint8_t *addr);
bool slow_ports_have(const char *text, unsigned int port);
bool slow_kinds_have(const char *text, unsigned int kind, unsigned int len);

#endif /* SLOW_H */
