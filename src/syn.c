// SPDX-License-Identifier: GPL-2.0
/*
 * Clients that were named by a SYN, until its handshake completes
 *
 * Some balancers write the option on the SYN only. There is no socket yet that
 * could keep it, and with SYN cookies not even a request, so it is remembered
 * here by the connection's addresses, ports and the SYN's sequence number. The
 * segment that completes the handshake has proven that number, cookies or not.
 *
 * The memory is fixed: TOA_SYN_SETS sets of TOA_SYN_WAYS slots. A new SYN takes a
 * slot of its set that is free or has grown old, else the oldest of those whose
 * handshakes have completed, else the oldest. So connections that are made push out
 * none that wait. A flood of SYNs can, and those then show the balancer; it costs no
 * more than the table, and cannot choose a set, because the hash has a secret.
 *
 * Locking. A set is read and changed under its lock, which is raw and taken with
 * interrupts off because the hooks may run where nothing may sleep, on
 * PREEMPT_RT too.
 */
#include <linux/errno.h>
#include <linux/jhash.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/random.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/tcp.h>
#include <linux/vmalloc.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "compat.h"
#include "syn.h"

#define TOA_SYN_SETS		4096
#define TOA_SYN_WAYS		4
/* Longer than a SYN-ACK is repeated by default (tcp_synack_retries 5: 63 s). */
#define TOA_SYN_AGE		(120 * HZ)

/**
 * struct toa_syn_slot - one SYN
 * @key: whose
 * @client: whom it named; TOA_FAMILY_NONE when the slot is free
 * @born: when, in jiffies
 * @found: a handshake has completed with it
 */
struct toa_syn_slot {
	struct toa_syn_key key;
	struct toa_client client;
	unsigned long born;
	bool found;
};

struct toa_syn_set {
	raw_spinlock_t lock;
	struct toa_syn_slot slots[TOA_SYN_WAYS];
};

static struct toa_syn_set *toa_syn_sets;
static u32 toa_syn_secret __read_mostly;

/**
 * toa_syn_key_set() - the key of a segment's attempt to connect
 * @key: written, padding included
 * @net: where the segment arrived
 * @skb: the segment, its network and transport headers set and linear
 * @isn: the sequence number of the attempt's SYN, host byte order
 *
 * Context: any.
 */
void toa_syn_key_set(struct toa_syn_key *key, const struct net *net,
		     const struct sk_buff *skb, u32 isn)
{
	const struct tcphdr *th = tcp_hdr(skb);

	memset(key, 0, sizeof(*key));
	key->net = net;
	if (skb->protocol == htons(ETH_P_IP)) {
		ipv6_addr_set_v4mapped(ip_hdr(skb)->saddr, &key->saddr);
		ipv6_addr_set_v4mapped(ip_hdr(skb)->daddr, &key->daddr);
	} else {
		key->saddr = ipv6_hdr(skb)->saddr;
		key->daddr = ipv6_hdr(skb)->daddr;
	}
	key->sport = th->source;
	key->dport = th->dest;
	key->isn = isn;
}

static struct toa_syn_set *toa_syn_set_of(const struct toa_syn_key *key)
{
	u32 hash = jhash(key, sizeof(*key), toa_syn_secret);

	return &toa_syn_sets[hash % TOA_SYN_SETS];
}

static bool toa_syn_slot_lives(const struct toa_syn_slot *slot)
{
	return slot->client.family != TOA_FAMILY_NONE &&
	       time_before(jiffies, slot->born + TOA_SYN_AGE);
}

static struct toa_syn_slot *toa_syn_slot_of(struct toa_syn_set *set,
					    const struct toa_syn_key *key)
{
	unsigned int i;

	for (i = 0; i < TOA_SYN_WAYS; i++)
		if (toa_syn_slot_lives(&set->slots[i]) &&
		    !memcmp(&set->slots[i].key, key, sizeof(*key)))
			return &set->slots[i];
	return NULL;
}

/* Is @slot sooner to be forgotten than @other? */
static bool toa_syn_slot_precedes(const struct toa_syn_slot *slot,
				  const struct toa_syn_slot *other)
{
	if (slot->found != other->found)
		return slot->found;
	return time_before(slot->born, other->born);
}

static struct toa_syn_slot *toa_syn_slot_take(struct toa_syn_set *set)
{
	struct toa_syn_slot *taken = &set->slots[0];
	unsigned int i;

	for (i = 0; i < TOA_SYN_WAYS; i++) {
		if (!toa_syn_slot_lives(&set->slots[i]))
			return &set->slots[i];
		if (toa_syn_slot_precedes(&set->slots[i], taken))
			taken = &set->slots[i];
	}
	return taken;
}

/**
 * toa_syn_put() - remember the client of a SYN
 * @key: the SYN's
 * @client: whom it named
 *
 * The first SYN of an attempt counts, and its retransmissions change nothing.
 *
 * Context: any; does not sleep. After toa_syn_init().
 * Return: false when another attempt, which has not completed and was not old
 * yet, had to be forgotten for it.
 */
bool toa_syn_put(const struct toa_syn_key *key,
		 const struct toa_client *client)
{
	struct toa_syn_set *set = toa_syn_set_of(key);
	struct toa_syn_slot *slot;
	unsigned long flags;
	bool lived = false;

	raw_spin_lock_irqsave(&set->lock, flags);
	if (!toa_syn_slot_of(set, key)) {
		slot = toa_syn_slot_take(set);
		lived = toa_syn_slot_lives(slot) && !slot->found;
		slot->key = *key;
		slot->client = *client;
		slot->born = jiffies;
		slot->found = false;
	}
	raw_spin_unlock_irqrestore(&set->lock, flags);
	return !lived;
}

/**
 * toa_syn_find() - the client that the SYN of an attempt named
 * @key: the attempt's
 * @client: written when there is one
 *
 * The slot stays until it is old or needed: the handshake may complete twice, on two
 * CPUs.
 *
 * Context: any; does not sleep.
 * Return: is there one? None before toa_syn_init().
 */
bool toa_syn_find(const struct toa_syn_key *key, struct toa_client *client)
{
	struct toa_syn_slot *slot;
	struct toa_syn_set *set;
	unsigned long flags;

	if (!toa_syn_sets)
		return false;
	set = toa_syn_set_of(key);
	raw_spin_lock_irqsave(&set->lock, flags);
	slot = toa_syn_slot_of(set, key);
	if (slot) {
		*client = slot->client;
		slot->found = true;
	}
	raw_spin_unlock_irqrestore(&set->lock, flags);
	return slot;
}

/**
 * toa_syn_init() - make the memory, if it is not there yet
 *
 * Context: process, may sleep; one caller at a time, and before anybody puts or
 * finds through a hook that is installed later.
 * Return: 0 or -ENOMEM.
 */
int toa_syn_init(void)
{
	struct toa_syn_set *sets;
	unsigned int i;

	if (toa_syn_sets)
		return 0;
	sets = vzalloc(array_size(TOA_SYN_SETS, sizeof(*sets)));
	if (!sets)
		return -ENOMEM;
	get_random_bytes(&toa_syn_secret, sizeof(toa_syn_secret));
	for (i = 0; i < TOA_SYN_SETS; i++)
		raw_spin_lock_init(&sets[i].lock);
	/* Its locks and its secret are there before the table is. */
	smp_store_release(&toa_syn_sets, sets);
	return 0;
}

/**
 * toa_syn_exit() - free the memory; every hook is gone
 *
 * Context: process, may sleep.
 */
void toa_syn_exit(void)
{
	vfree(toa_syn_sets);
	toa_syn_sets = NULL;
}
