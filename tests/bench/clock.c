// SPDX-License-Identifier: GPL-2.0
/*
 * What a piece of work costs
 */
#include <time.h>

#include "clock.h"

#define CALIBRATE_NS	50000000
#define LOOKS		101

static double ns_per_tick;	/* 0: ticks are instructions */
static uint64_t look;		/* what looking at the clock costs itself */

static uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static double calibrate(void)
{
	uint64_t ns = monotonic_ns(), ticks = clock_now(), passed;

	do {
		passed = monotonic_ns() - ns;
	} while (passed < CALIBRATE_NS);
	return (double)passed / (clock_now() - ticks);
}

void clock_init(bool nanoseconds)
{
	uint64_t least = ~0ull;
	int i;

	ns_per_tick = nanoseconds ? calibrate() : 0;
	for (i = 0; i < LOOKS; i++) {
		uint64_t from = clock_now(), cost = clock_now() - from;

		if (cost < least)
			least = cost;
	}
	look = least;
}

uint64_t clock_cost(uint64_t from, uint64_t to)
{
	uint64_t ticks = to - from;

	ticks -= ticks < look ? ticks : look;
	return ns_per_tick ? ticks * ns_per_tick : ticks;
}
