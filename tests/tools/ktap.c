// SPDX-License-Identifier: GPL-2.0
/*
 * Results as tests/net/run collects them: without numbers or plan
 */
#include <stdio.h>
#include <string.h>

#include "ktap.h"

static const char *name_prefix = "";
static const char *only;

void ktap_prefix(const char *prefix)
{
	name_prefix = prefix;
}

/* From now on, only tests with this in their name are wanted. */
void ktap_only(const char *part)
{
	only = part;
}

bool ktap_wanted(const char *name)
{
	return !only || strstr(name, only);
}

/* Flushed at once: a guest that dies shall have told how far it came. */
void ktap_result(bool ok, const char *name)
{
	printf("%s - %s%s\n", ok ? "ok" : "not ok", name_prefix, name);
	fflush(stdout);
}

void ktap_skip(const char *name, const char *why)
{
	printf("ok - %s%s # SKIP %s\n", name_prefix, name, why);
	fflush(stdout);
}

/* Is there a reason to skip the test? Then it is skipped. */
bool ktap_lacking(const char *name, const char *why)
{
	if (why)
		ktap_skip(name, why);
	return why;
}
