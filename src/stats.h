/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What toa counts
 */
#ifndef TOA_STATS_H
#define TOA_STATS_H

#include <linux/percpu.h>
#include <linux/types.h>

#include "compat.h"

/**
 * enum toa_stat - the counters
 * @TOA_STAT_SYN_TOA: children made with a client
 * @TOA_STAT_SYN_NO_TOA: handshakes completed by a segment that named no client
 * @TOA_STAT_NAME_OK: peer names answered with a client
 * @TOA_STAT_NAME_MISMATCH: peer names of AF_INET sockets whose client is IPv6
 * @TOA_STAT_NAME_BYPASS: peer names that the kernel asked for itself
 * @TOA_STAT_NAME_EMPTY: all other names, local ones among them
 * @TOA_STAT_HISTORIC: how many of them /proc/net/toa_stats shows
 * @TOA_STAT_MALFORMED: handshakes completed with impossible option lengths
 * @TOA_STAT_UNUSABLE: options refused for their port or address
 * @TOA_STAT_DUPLICATE: segments with a second option after the one that decides
 * @TOA_STAT_SOURCE: options refused because their source is not trusted
 * @TOA_STAT_PORT: options refused because the port is not one of the wanted
 * @TOA_STAT_SYN_KEPT: SYNs whose client was remembered
 * @TOA_STAT_SYN_USED: handshakes whose client was the SYN's
 * @TOA_STAT_SYN_LOST: SYNs whose client was forgotten for a newer one
 * @TOA_STAT_FOREIGN: clients not kept because sk_user_data has another owner
 * @TOA_STAT_LOST_RACE: children thrown away because another CPU made them first
 * @TOA_STAT_NOT_MADE: segments that named a client and made no child
 * @TOA_STAT_FULL: clients not kept because the table was full
 * @TOA_STAT_NOMEM: clients not kept for want of memory
 * @TOA_STATS: how many there are
 */
enum toa_stat {
	TOA_STAT_SYN_TOA,
	TOA_STAT_SYN_NO_TOA,
	TOA_STAT_NAME_OK,
	TOA_STAT_NAME_MISMATCH,
	TOA_STAT_NAME_BYPASS,
	TOA_STAT_NAME_EMPTY,
	TOA_STAT_HISTORIC,

	TOA_STAT_MALFORMED = TOA_STAT_HISTORIC,
	TOA_STAT_UNUSABLE,
	TOA_STAT_DUPLICATE,
	TOA_STAT_SOURCE,
	TOA_STAT_PORT,
	TOA_STAT_SYN_KEPT,
	TOA_STAT_SYN_USED,
	TOA_STAT_SYN_LOST,
	TOA_STAT_FOREIGN,
	TOA_STAT_LOST_RACE,
	TOA_STAT_NOT_MADE,
	TOA_STAT_FULL,
	TOA_STAT_NOMEM,
	TOA_STATS
};

struct toa_stats {
	unsigned long count[TOA_STATS];
};

DECLARE_PER_CPU(struct toa_stats, toa_stats);

/**
 * toa_stat_inc() - count one
 * @stat: what
 *
 * Context: any. this_cpu_inc() needs no protection from preemption or
 * interrupts, and readers sum the CPUs without stopping anybody.
 */
static inline void toa_stat_inc(enum toa_stat stat)
{
	this_cpu_inc(toa_stats.count[stat]);
}

void toa_stat_store_error(int err);

int toa_stats_init(void);
void toa_stats_exit(void);

#endif /* TOA_STATS_H */
