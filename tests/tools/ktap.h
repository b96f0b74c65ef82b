/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Results as tests/net/run collects them: without numbers or plan
 */
#ifndef KTAP_H
#define KTAP_H

#include <stdbool.h>

void ktap_prefix(const char *prefix);
void ktap_only(const char *part);
bool ktap_wanted(const char *name);
void ktap_result(bool ok, const char *name);
void ktap_skip(const char *name, const char *why);
bool ktap_lacking(const char *name, const char *why);

#endif /* KTAP_H */
