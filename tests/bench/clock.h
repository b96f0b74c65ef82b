/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a piece of work costs: instructions, or nanoseconds
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdbool.h>
#include <stdint.h>

void clock_init(bool nanoseconds);
uint64_t clock_cost(uint64_t from, uint64_t to);

/*
 * QEMU's -icount shift=0 makes one instruction take one nanosecond and one tick of
 * this counter. Without it the counter is the host's, and clock_init() finds out
 * how fast it is.
 */
static inline uint64_t clock_now(void)
{
	return __builtin_ia32_rdtsc();
}

/* The cost of what was done since a clock_now(). */
static inline uint64_t clock_since(uint64_t from)
{
	return clock_cost(from, clock_now());
}

#endif /* CLOCK_H */
