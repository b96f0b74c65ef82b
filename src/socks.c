// SPDX-License-Identifier: GPL-2.0
/*
 * Visit every TCP connection of the machine
 */
#include <linux/kernel.h>
#include <linux/rtnetlink.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <net/inet_hashtables.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "compat.h"
#include "socks.h"

static void toa_bucket_visit(struct inet_hashinfo *hashinfo, unsigned int slot,
			     void (*visit)(struct sock *sk))
{
	struct hlist_nulls_head *chain = &hashinfo->ehash[slot].chain;
	spinlock_t *lock = inet_ehash_lockp(hashinfo, slot);
	const struct hlist_nulls_node *node;
	struct sock *sk;

	/* Lockless: a connection that is being made is not for this visit. */
	if (hlist_nulls_empty(chain))
		return;
	spin_lock_bh(lock);
	sk_nulls_for_each(sk, node, chain)
		if (sk_fullsock(sk))
			visit(sk);
	spin_unlock_bh(lock);
}

static void toa_hashinfo_visit(struct inet_hashinfo *hashinfo,
			       void (*visit)(struct sock *sk))
{
	unsigned int slot;

	for (slot = 0; slot <= toa_ehash_mask(hashinfo); slot++) {
		toa_bucket_visit(hashinfo, slot, visit);
		cond_resched();
	}
}

/**
 * toa_socks_visit() - call a function for every TCP connection
 * @visit: called with bottom halves off and a lock of the kernel's table held;
 *	must not sleep
 *
 * All network namespaces, those with a table of their own
 * (net.ipv4.tcp_child_ehash_entries) too: net_rwsem keeps each one, and its
 * table, as long as it is in the list. A namespace that has left the list has no
 * socket that a program could ask. Sockets that are in no table (closed, but
 * still held open) are not visited, nor are connections that come while this
 * runs.
 *
 * Context: process, may sleep.
 */
void toa_socks_visit(void (*visit)(struct sock *sk))
{
	struct inet_hashinfo *common = toa_net_hashinfo(&init_net);
	struct net *net;

	toa_hashinfo_visit(common, visit);
	down_read(&net_rwsem);
	for_each_net(net)
		if (toa_net_hashinfo(net) != common)
			toa_hashinfo_visit(toa_net_hashinfo(net), visit);
	up_read(&net_rwsem);
}
