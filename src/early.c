// SPDX-License-Identifier: GPL-2.0
/*
 * Clients that were named before their handshake completed
 *
 * There is no socket yet that could keep them, and with SYN cookies not even a
 * request, so they are remembered here by the connection's addresses, ports and the
 * SYN's sequence number. The segment that completes the handshake has proven that
 * number, cookies or not.
 *
 * The memory is fixed: TOA_EARLY_SETS sets of TOA_EARLY_WAYS slots. A new client takes
 * a slot of its set that is free or has grown old, else one whose handshake has
 * completed, else a SYN's, which proves less than an ACK, else an ACK's, and of those the
 * oldest. So connections that are made push out none that wait. A flood of SYNs can push
 * out other SYNs, and an ACK only where its set has nothing else; those then show the
 * balancer. It costs no more than the table, and cannot choose a set, because the hash has
 * a secret.
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
#include "early.h"

#define TOA_EARLY_SETS		4096
#define TOA_EARLY_WAYS		4
/* Longer than a SYN-ACK is repeated by default (tcp_synack_retries 5: 63 s). */
#define TOA_EARLY_AGE		(120 * HZ)

/**
 * struct toa_early_slot - one client
 * @key: whose
 * @client: the client; TOA_FAMILY_NONE when the slot is free
 * @born: when, in jiffies
 * @found: a handshake has completed with it
 */
struct toa_early_slot {
	struct toa_early_key key;
	struct toa_client client;
	unsigned long born;
	bool found;
};

struct toa_early_set {
	raw_spinlock_t lock;
	struct toa_early_slot slots[TOA_EARLY_WAYS];
};

static struct toa_early_set *toa_early_sets;
static u32 toa_early_secret __read_mostly;

/**
 * toa_early_key_set() - the key of a segment's attempt to connect
 * @key: written, padding included
 * @net: where the segment arrived
 * @skb: the segment, its network and transport headers set and linear
 * @isn: the sequence number of the attempt's SYN, host byte order
 *
 * Context: any.
 */
void toa_early_key_set(struct toa_early_key *key, const struct net *net,
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

static struct toa_early_set *toa_early_set_of(const struct toa_early_key *key)
{
	u32 hash = jhash(key, sizeof(*key), toa_early_secret);

	return &toa_early_sets[hash % TOA_EARLY_SETS];
}

static bool toa_early_slot_lives(const struct toa_early_slot *slot)
{
	return slot->client.family != TOA_FAMILY_NONE &&
	       time_before(jiffies, slot->born + TOA_EARLY_AGE);
}

static struct toa_early_slot *toa_early_slot_of(struct toa_early_set *set,
						const struct toa_early_key *key)
{
	unsigned int i;

	for (i = 0; i < TOA_EARLY_WAYS; i++)
		if (toa_early_slot_lives(&set->slots[i]) &&
		    !memcmp(&set->slots[i].key, key, sizeof(*key)))
			return &set->slots[i];
	return NULL;
}

/* Is @slot sooner to be forgotten than @other? */
static bool toa_early_slot_precedes(const struct toa_early_slot *slot,
				    const struct toa_early_slot *other)
{
	if (slot->found != other->found)
		return slot->found;
	if (slot->client.syn != other->client.syn)
		return slot->client.syn;
	return time_before(slot->born, other->born);
}

static struct toa_early_slot *toa_early_slot_take(struct toa_early_set *set)
{
	struct toa_early_slot *taken = &set->slots[0];
	unsigned int i;

	for (i = 0; i < TOA_EARLY_WAYS; i++) {
		if (!toa_early_slot_lives(&set->slots[i]))
			return &set->slots[i];
		if (toa_early_slot_precedes(&set->slots[i], taken))
			taken = &set->slots[i];
	}
	return taken;
}

/* What is lost with a slot that is taken for another client. */
static enum toa_early_loss toa_early_slot_loss(const struct toa_early_slot *slot)
{
	if (!toa_early_slot_lives(slot) || slot->found)
		return TOA_EARLY_NOTHING;
	return slot->client.syn ? TOA_EARLY_SYN : TOA_EARLY_ACK;
}

static void toa_early_slot_set(struct toa_early_slot *slot,
			       const struct toa_early_key *key,
			       const struct toa_client *client)
{
	slot->key = *key;
	slot->client = *client;
	slot->born = jiffies;
	slot->found = false;
}

/**
 * toa_early_put() - remember the client that an early segment named
 * @key: the attempt's
 * @client: whom it named
 *
 * Of the SYNs of an attempt the first counts, and its retransmissions change nothing.
 * An ACK has been proven, and counts more than what was there.
 *
 * Context: any; does not sleep. After toa_early_init().
 * Return: what had to be forgotten for it.
 */
enum toa_early_loss toa_early_put(const struct toa_early_key *key,
				  const struct toa_client *client)
{
	struct toa_early_set *set = toa_early_set_of(key);
	enum toa_early_loss loss = TOA_EARLY_NOTHING;
	struct toa_early_slot *slot;
	unsigned long flags;

	raw_spin_lock_irqsave(&set->lock, flags);
	slot = toa_early_slot_of(set, key);
	if (!slot) {
		slot = toa_early_slot_take(set);
		loss = toa_early_slot_loss(slot);
		toa_early_slot_set(slot, key, client);
	} else if (!client->syn) {
		toa_early_slot_set(slot, key, client);
	}
	raw_spin_unlock_irqrestore(&set->lock, flags);
	return loss;
}

/**
 * toa_early_find() - the client that an early segment of an attempt named
 * @key: the attempt's
 * @client: written when there is one
 *
 * The slot stays until it is old or needed: the handshake may complete twice, on two
 * CPUs.
 *
 * Context: any; does not sleep.
 * Return: is there one?
 */
bool toa_early_find(const struct toa_early_key *key, struct toa_client *client)
{
	struct toa_early_set *set = toa_early_set_of(key);
	struct toa_early_slot *slot;
	unsigned long flags;

	raw_spin_lock_irqsave(&set->lock, flags);
	slot = toa_early_slot_of(set, key);
	if (slot) {
		*client = slot->client;
		slot->found = true;
	}
	raw_spin_unlock_irqrestore(&set->lock, flags);
	return slot;
}

/**
 * toa_early_init() - make the memory
 *
 * Context: process, may sleep. Before any hook.
 * Return: 0 or -ENOMEM.
 */
int toa_early_init(void)
{
	struct toa_early_set *sets;
	unsigned int i;

	sets = vzalloc(array_size(TOA_EARLY_SETS, sizeof(*sets)));
	if (!sets)
		return -ENOMEM;
	get_random_bytes(&toa_early_secret, sizeof(toa_early_secret));
	for (i = 0; i < TOA_EARLY_SETS; i++)
		raw_spin_lock_init(&sets[i].lock);
	toa_early_sets = sets;
	return 0;
}

/**
 * toa_early_exit() - free the memory; every hook is gone
 *
 * Context: process, may sleep.
 */
void toa_early_exit(void)
{
	vfree(toa_early_sets);
	toa_early_sets = NULL;
}
