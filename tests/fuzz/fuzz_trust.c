// SPDX-License-Identifier: GPL-2.0
/*
 * The list of prefixes of the balancers
 */
#include "check_lists.h"
#include "target.h"

bool target(const uint8_t *data, size_t len)
{
	return target_text(data, len, check_prefixes);
}
