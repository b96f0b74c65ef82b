/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Do the module's lists and the second opinion agree about a text?
 *
 * Each answers true, or prints the difference and answers false.
 */
#ifndef CHECK_LISTS_H
#define CHECK_LISTS_H

#include <stdbool.h>

bool check_prefixes(const char *text);
bool check_ports(const char *text);
bool check_kinds(const char *text);

#endif /* CHECK_LISTS_H */
