// SPDX-License-Identifier: GPL-2.0
/*
 * The options of a segment
 *
 * The first two bytes of an input say what surrounds the options: the highest bit
 * is SYN, the lowest are the layouts that are on.
 */
#include "check_options.h"
#include "target.h"
#include "toa.h"
#include "wire.h"

bool target(const uint8_t *data, size_t len)
{
	if (len < 2 || len - 2 > WIRE_OPTIONS_MAX)
		return true;
	return check_options(data + 2, len - 2, data[0] & 0x80,
			     (data[0] << 8 | data[1]) & ((1U << TOA_LAYOUTS) - 1));
}
