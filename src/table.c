// SPDX-License-Identifier: GPL-2.0
/*
 * The table that has clients beside their sockets
 *
 * A hash table, keyed by the socket's address; the socket knows nothing of it.
 *
 * Lifetime. An entry is put in while its socket is being made, before user space
 * can see it, or later by who has the socket locked. It is taken out when the
 * socket is disconnected or destroyed, whichever comes first. A socket's memory
 * is used again only after its destruction, so the key names one socket at a
 * time. Should a destruction ever be missed, the entry's copy of the connection's
 * real addresses and ports disagrees with those of the next socket at that
 * address, and a socket that is put in again replaces what stood there.
 *
 * Locking. A bucket's list is changed under its lock, which is taken with
 * interrupts off because a socket can be freed from any context, and is raw
 * because the hooks may run where nothing may sleep, on PREEMPT_RT too. Readers
 * hold toa_rcu_read_lock() only: an entry is written before it is published, never
 * changed after, and freed after a grace period.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>

#include "compat.h"
#include "reserve.h"
#include "stats.h"
#include "table.h"

#define TOA_TABLE_LOCKS		256
#define TOA_TABLE_BITS_MIN	8
/* Buckets for one entry in four. */
#define TOA_TABLE_LOAD		4

/**
 * struct toa_flow - what tells one TCP connection from another
 * @net: its network namespace; compared, never followed
 * @remote_port: remote port
 * @local_port: local port; not sk_num, which a reset socket loses
 * @v4: remote and local IPv4 address
 * @v6_remote: remote IPv6 address, an IPv4-mapped one for IPv4 on AF_INET6
 * @v6_local: local IPv6 address
 */
struct toa_flow {
	const struct net *net;
	__be16 remote_port;
	__be16 local_port;
	u64 v4;
	struct in6_addr v6_remote;
	struct in6_addr v6_local;
};

/**
 * struct toa_entry - one socket's client
 * @node: in its bucket
 * @sk: the key; compared, never followed
 * @flow: the connection for which the client was named
 * @client: the client
 * @rcu: for the grace period before it is freed
 */
struct toa_entry {
	struct hlist_node node;
	const struct sock *sk;
	struct toa_flow flow;
	struct toa_client client;
	struct rcu_head rcu;
};

struct hlist_head *toa_buckets __read_mostly;
u64 toa_bucket_mask __read_mostly;
static raw_spinlock_t toa_bucket_locks[TOA_TABLE_LOCKS];
static struct kmem_cache *toa_entry_cache;

/* Per CPU: a cache line that all CPUs write would cost more than the table. */
static struct percpu_counter toa_entries;
static s64 toa_entries_max;

static void toa_flow_set(struct toa_flow *flow, const struct sock *sk)
{
	flow->net = sock_net(sk);
	flow->remote_port = inet_sk(sk)->inet_dport;
	flow->local_port = inet_sk(sk)->inet_sport;
	flow->v4 = toa_sock_v4_pair(sk);
	flow->v6_remote = *toa_sock_v6_remote(sk);
	flow->v6_local = *toa_sock_v6_local(sk);
}

static bool toa_flow_is_of(const struct toa_flow *flow, const struct sock *sk)
{
	return flow->net == sock_net(sk) &&
	       flow->remote_port == inet_sk(sk)->inet_dport &&
	       flow->local_port == inet_sk(sk)->inet_sport &&
	       flow->v4 == toa_sock_v4_pair(sk) &&
	       ipv6_addr_equal(&flow->v6_remote, toa_sock_v6_remote(sk)) &&
	       ipv6_addr_equal(&flow->v6_local, toa_sock_v6_local(sk));
}

static raw_spinlock_t *toa_bucket_lock(const struct sock *sk)
{
	return &toa_bucket_locks[toa_table_hash(sk) % TOA_TABLE_LOCKS];
}

static void toa_entry_free(struct rcu_head *rcu)
{
	kmem_cache_free(toa_entry_cache,
			container_of(rcu, struct toa_entry, rcu));
}

static struct toa_entry *toa_entry_alloc(void)
{
	if (!toa_may_allocate())
		return toa_reserve_take();
	return kmem_cache_alloc(toa_entry_cache, GFP_ATOMIC | __GFP_NOWARN);
}

/* Call with the lock of @sk's bucket held. */
static bool toa_bucket_drop(const struct sock *sk)
{
	struct toa_entry *entry;

	hlist_for_each_entry(entry, toa_table_bucket(sk), node) {
		if (entry->sk != sk)
			continue;
		hlist_del_rcu(&entry->node);
		percpu_counter_dec(&toa_entries);
		toa_stat_add(sk, TOA_STAT_CLIENTS, -1);
		call_rcu(&entry->rcu, toa_entry_free);
		return true;
	}
	return false;
}

/**
 * toa_table_put() - remember a socket's client
 * @sk: a child that user space cannot see yet, its addresses set, or a socket
 *	whose lock is held
 * @client: its client
 *
 * Context: any; does not sleep.
 * Return: 0; -ENOSPC when the table is full, by about a batch per CPU; -ENOMEM.
 * After an error @sk has no client, not even an old one.
 */
int toa_table_put(const struct sock *sk, const struct toa_client *client)
{
	struct toa_entry *entry = NULL;
	unsigned long flags;
	int err = -ENOSPC;

	if (percpu_counter_read_positive(&toa_entries) < toa_entries_max) {
		entry = toa_entry_alloc();
		err = entry ? 0 : -ENOMEM;
	}
	if (entry) {
		entry->sk = sk;
		entry->client = *client;
		toa_flow_set(&entry->flow, sk);
	}

	raw_spin_lock_irqsave(toa_bucket_lock(sk), flags);
	toa_bucket_drop(sk);
	if (entry) {
		hlist_add_head_rcu(&entry->node, toa_table_bucket(sk));
		percpu_counter_inc(&toa_entries);
		toa_stat_inc(sk, TOA_STAT_CLIENTS);
	}
	raw_spin_unlock_irqrestore(toa_bucket_lock(sk), flags);
	return err;
}

/**
 * toa_table_look() - a socket's client, where it lies
 * @sk: a socket that cannot be destroyed meanwhile
 *
 * Lockless: the entry's fields were written before hlist_add_head_rcu()
 * published it, and RCU keeps it as long as it is looked at.
 *
 * Context: any; within toa_rcu_read_lock().
 * Return: the client, good until toa_rcu_read_unlock(), or NULL.
 */
const struct toa_client *toa_table_look(const struct sock *sk)
{
	const struct toa_entry *entry;

	hlist_for_each_entry_rcu(entry, toa_table_bucket(sk), node) {
		if (entry->sk != sk)
			continue;
		return toa_flow_is_of(&entry->flow, sk) ? &entry->client : NULL;
	}
	return NULL;
}

/**
 * toa_table_find() - look up a socket's client
 * @sk: a socket that cannot be destroyed meanwhile
 * @client: written when there is one
 *
 * Context: any; does not sleep.
 * Return: is there one?
 */
bool toa_table_find(const struct sock *sk, struct toa_client *client)
{
	const struct toa_client *found;

	toa_rcu_read_lock();
	found = toa_table_look(sk);
	if (found)
		*client = *found;
	toa_rcu_read_unlock();
	return found;
}

/**
 * toa_table_take() - take a socket's client out
 * @sk: the socket
 *
 * For toa_table_drop(), which has seen that the bucket is not empty.
 *
 * Context: any; does not sleep.
 * Return: was there one?
 */
bool toa_table_take(const struct sock *sk)
{
	unsigned long flags;
	bool dropped;

	raw_spin_lock_irqsave(toa_bucket_lock(sk), flags);
	dropped = toa_bucket_drop(sk);
	raw_spin_unlock_irqrestore(toa_bucket_lock(sk), flags);
	return dropped;
}

/**
 * toa_table_count() - how many clients are remembered now
 *
 * Context: any; does not sleep, sums over all CPUs.
 */
s64 toa_table_count(void)
{
	return percpu_counter_sum_positive(&toa_entries);
}

static unsigned int toa_table_bits(unsigned int max)
{
	unsigned int bits = ilog2(roundup_pow_of_two(max / TOA_TABLE_LOAD + 1));

	return clamp_t(unsigned int, bits, TOA_TABLE_BITS_MIN,
		       TOA_TABLE_BITS_MAX);
}

/**
 * toa_table_init() - make an empty table
 * @max: how many clients it may hold
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int toa_table_init(unsigned int max)
{
	unsigned int bits, i;
	int err;

	toa_entries_max = max;
	bits = toa_table_bits(max);
	toa_bucket_mask = (1ULL << bits) - 1;
	for (i = 0; i < TOA_TABLE_LOCKS; i++)
		raw_spin_lock_init(&toa_bucket_locks[i]);

	toa_buckets = vzalloc(sizeof(*toa_buckets) << bits);
	if (!toa_buckets)
		return -ENOMEM;
	toa_entry_cache = KMEM_CACHE(toa_entry, 0);
	if (!toa_entry_cache) {
		err = -ENOMEM;
		goto free_buckets;
	}
	err = toa_reserve_init(toa_entry_cache);
	if (err)
		goto destroy_cache;
	err = toa_percpu_counter_init(&toa_entries);
	if (err)
		goto exit_reserve;
	return 0;

exit_reserve:
	toa_reserve_exit();
destroy_cache:
	kmem_cache_destroy(toa_entry_cache);
free_buckets:
	vfree(toa_buckets);
	return err;
}

static void toa_bucket_flush(struct hlist_head *bucket)
{
	struct toa_entry *entry;
	struct hlist_node *next;

	hlist_for_each_entry_safe(entry, next, bucket, node) {
		hlist_del(&entry->node);
		kmem_cache_free(toa_entry_cache, entry);
	}
}

/**
 * toa_table_exit() - free the table and all clients in it
 *
 * Nobody reads or writes the table any more.
 *
 * Context: process, may sleep.
 */
void toa_table_exit(void)
{
	u64 bucket;

	for (bucket = 0; bucket <= toa_bucket_mask; bucket++)
		toa_bucket_flush(&toa_buckets[bucket]);
	/* Entries that were dropped are freed by callbacks of ours. */
	rcu_barrier();
	percpu_counter_destroy(&toa_entries);
	toa_reserve_exit();
	kmem_cache_destroy(toa_entry_cache);
	vfree(toa_buckets);
}
