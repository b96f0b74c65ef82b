/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who may speak for a client
 */
#ifndef TOA_TRUST_H
#define TOA_TRUST_H

#include <linux/compiler.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/types.h>

#include "compat.h"
#include "toa.h"

/**
 * enum toa_trust - may this segment name a client?
 * @TOA_TRUST_YES: yes
 * @TOA_TRUST_NOBODY: no, the module is switched off
 * @TOA_TRUST_SOURCE: no, its source is in none of the prefixes of `trust`
 * @TOA_TRUST_PORT: no, its destination port is not one of `ports`
 */
enum toa_trust {
	TOA_TRUST_YES,
	TOA_TRUST_NOBODY,
	TOA_TRUST_SOURCE,
	TOA_TRUST_PORT,
};

extern bool toa_enable;

/* Read without a lock: a switch, which takes effect at once or a moment later. */
static inline bool toa_trust_anybody(void)
{
	return READ_ONCE(toa_enable);
}

int toa_trust_init(void);
void toa_trust_exit(void);
void toa_trust_forget(void);

/*
 * The lists in force, NULL where nothing was written. Of trust.c; here only so that
 * most handshakes make no call.
 */
struct toa_lists {
	void __rcu *trust;
	void __rcu *ports;
	void __rcu *kinds;
};

extern struct toa_lists toa_lists;
extern const struct toa_kinds toa_kinds_default;

enum toa_trust toa_trust_ask_lists(const struct sk_buff *skb);

/**
 * toa_trust_ask() - may this segment name a client?
 * @skb: an IPv4 or IPv6 segment, its headers set and linear
 *
 * The source is the packet's own, not what a program would be shown.
 *
 * Context: any; within toa_rcu_read_lock().
 * Return: an enum toa_trust.
 */
static inline enum toa_trust toa_trust_ask(const struct sk_buff *skb)
{
	if (likely(toa_trust_anybody() &&
		   !rcu_access_pointer(toa_lists.trust) &&
		   !rcu_access_pointer(toa_lists.ports)))
		return TOA_TRUST_YES;
	return toa_trust_ask_lists(skb);
}

/**
 * toa_trust_kinds() - the layouts that are read
 *
 * Context: any; within toa_rcu_read_lock().
 * Return: good until toa_rcu_read_unlock().
 */
static inline const struct toa_kinds *toa_trust_kinds(void)
{
	const struct toa_kinds *kinds = toa_rcu_dereference(toa_lists.kinds);

	return kinds ?: &toa_kinds_default;
}

const struct toa_kinds *toa_trust_every_kind(void);

#endif /* TOA_TRUST_H */
