/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Clients that were named before their handshake completed
 */
#ifndef TOA_EARLY_H
#define TOA_EARLY_H

#include <linux/in6.h>
#include <linux/skbuff.h>
#include <linux/types.h>
#include <net/net_namespace.h>

#include "toa.h"

/**
 * struct toa_early_key - what tells one attempt to connect from another
 * @net: the network namespace; compared, never followed
 * @saddr: source address; an IPv4-mapped one for IPv4
 * @daddr: destination address
 * @sport: source port
 * @dport: destination port
 * @isn: the SYN's sequence number, host byte order: chosen by the sender, so a
 *	later attempt from the same port, or somebody else's SYN with a forged
 *	source, is another key
 */
struct toa_early_key {
	const struct net *net;
	struct in6_addr saddr;
	struct in6_addr daddr;
	__be16 sport;
	__be16 dport;
	u32 isn;
};

/**
 * enum toa_early_loss - whose client had to be forgotten for a newer one
 * @TOA_EARLY_NOTHING: nobody's who waits for it
 * @TOA_EARLY_SYN: a SYN's
 * @TOA_EARLY_ACK: an ACK's
 */
enum toa_early_loss {
	TOA_EARLY_NOTHING,
	TOA_EARLY_SYN,
	TOA_EARLY_ACK,
};

void toa_early_key_set(struct toa_early_key *key, const struct net *net,
		       const struct sk_buff *skb, u32 isn);

int toa_early_init(void);
void toa_early_exit(void);
enum toa_early_loss toa_early_put(const struct toa_early_key *key,
				  const struct toa_client *client);
bool toa_early_find(const struct toa_early_key *key,
		    struct toa_client *client);

#endif /* TOA_EARLY_H */
