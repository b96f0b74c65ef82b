/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers by chance, the same each time
 */
#ifndef CHANCE_H
#define CHANCE_H

#include <stdint.h>

static inline unsigned int chance(unsigned int below)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005 + 1442695040888963407;
	return (state >> 33) % below;
}

#endif /* CHANCE_H */
