/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Clients that were named by a SYN, until its handshake completes
 */
#ifndef TOA_SYN_H
#define TOA_SYN_H

#include <linux/in6.h>
#include <linux/skbuff.h>
#include <linux/types.h>
#include <net/net_namespace.h>

#include "toa.h"

/**
 * struct toa_syn_key - what tells one attempt to connect from another
 * @net: the network namespace; compared, never followed
 * @saddr: source address; an IPv4-mapped one for IPv4
 * @daddr: destination address
 * @sport: source port
 * @dport: destination port
 * @isn: the SYN's sequence number, host byte order: chosen by the sender, so a
 *	later attempt from the same port, or somebody else's SYN with a forged
 *	source, is another key
 */
struct toa_syn_key {
	const struct net *net;
	struct in6_addr saddr;
	struct in6_addr daddr;
	__be16 sport;
	__be16 dport;
	u32 isn;
};

void toa_syn_key_set(struct toa_syn_key *key, const struct net *net,
		     const struct sk_buff *skb, u32 isn);

int toa_syn_init(void);
void toa_syn_exit(void);
bool toa_syn_put(const struct toa_syn_key *key,
		 const struct toa_client *client);
bool toa_syn_find(const struct toa_syn_key *key, struct toa_client *client);

#endif /* TOA_SYN_H */
