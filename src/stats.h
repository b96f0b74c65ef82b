/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What toa counts, in each network namespace
 */
#ifndef TOA_STATS_H
#define TOA_STATS_H

#include <linux/compiler.h>
#include <linux/percpu.h>
#include <linux/types.h>
#include <net/net_namespace.h>
#include <net/sock.h>

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
 * @TOA_STAT_NAME_DISABLED: of the other names, those of sockets with a client
 *	while enable is 0
 * @TOA_STAT_MALFORMED: segments with impossible option lengths
 * @TOA_STAT_UNUSABLE: options refused for their port or address
 * @TOA_STAT_DUPLICATE: segments with a second option after the one that decides
 * @TOA_STAT_SOURCE: options refused because their source is not trusted
 * @TOA_STAT_PORT: options refused because the port is not one of the wanted
 * @TOA_STAT_KIND: options not read because their layout is not one of the wanted
 * @TOA_STAT_DISABLED: options refused because enable is 0
 * @TOA_STAT_ON_SYN: options not read because they stood on a SYN
 * @TOA_STAT_SYN_KEPT: SYNs whose client was remembered
 * @TOA_STAT_SYN_USED: handshakes whose client was the SYN's
 * @TOA_STAT_SYN_LOST: SYNs whose client was forgotten for a newer one
 * @TOA_STAT_ACK_KEPT: ACKs that TCP_DEFER_ACCEPT drops whose client was remembered
 * @TOA_STAT_ACK_USED: handshakes whose client was such an ACK's
 * @TOA_STAT_ACK_LOST: such ACKs whose client was forgotten for a newer one
 * @TOA_STAT_FOREIGN: clients not kept because sk_user_data has another owner
 * @TOA_STAT_LOST_RACE: children thrown away because another CPU made them first
 * @TOA_STAT_NOT_MADE: segments that named a client and made no child
 * @TOA_STAT_FULL: clients not kept because the table was full
 * @TOA_STAT_NOMEM: clients not kept for want of memory
 * @TOA_STAT_CLIENTS: clients in the table now; the only one that goes down
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

	TOA_STAT_NAME_DISABLED = TOA_STAT_HISTORIC,
	TOA_STAT_MALFORMED,
	TOA_STAT_UNUSABLE,
	TOA_STAT_DUPLICATE,
	TOA_STAT_SOURCE,
	TOA_STAT_PORT,
	TOA_STAT_KIND,
	TOA_STAT_DISABLED,
	TOA_STAT_ON_SYN,
	TOA_STAT_SYN_KEPT,
	TOA_STAT_SYN_USED,
	TOA_STAT_SYN_LOST,
	TOA_STAT_ACK_KEPT,
	TOA_STAT_ACK_USED,
	TOA_STAT_ACK_LOST,
	TOA_STAT_FOREIGN,
	TOA_STAT_LOST_RACE,
	TOA_STAT_NOT_MADE,
	TOA_STAT_FULL,
	TOA_STAT_NOMEM,
	TOA_STAT_CLIENTS,
	TOA_STATS
};

struct toa_stats {
	unsigned long count[TOA_STATS];
};

/* Of the first network namespace. */
DECLARE_PER_CPU(struct toa_stats, toa_stats);

void toa_stat_add_elsewhere(const struct sock *sk, enum toa_stat stat, long by);

/**
 * toa_stat_add() - count
 * @sk: a socket of the network namespace in which it happened
 * @stat: what
 * @by: 1 or -1
 *
 * Every getpeername() and every handshake counts, so it has to be cheap: the first
 * namespace's counters lie where the linker has put them, and the socket's is compared
 * with it where it stands.
 *
 * Context: any. this_cpu_add() needs no protection from preemption or
 * interrupts, and readers sum the CPUs without stopping anybody.
 */
static __always_inline void toa_stat_add(const struct sock *sk,
					 enum toa_stat stat, long by)
{
	if (likely(net_eq(sock_net(sk), &init_net)))
		this_cpu_add(toa_stats.count[stat], by);
	else
		toa_stat_add_elsewhere(sk, stat, by);
}

static __always_inline void toa_stat_inc(const struct sock *sk,
					 enum toa_stat stat)
{
	toa_stat_add(sk, stat, 1);
}

enum toa_stat toa_stat_of_store_error(int err);

int toa_stats_init(void);
void toa_stats_exit(void);

#endif /* TOA_STATS_H */
