/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a handshake completes
 */
#ifndef TOA_HANDSHAKE_H
#define TOA_HANDSHAKE_H

#include <linux/skbuff.h>
#include <linux/types.h>
#include <net/request_sock.h>
#include <net/sock.h>

#include "hook.h"
#include "stats.h"
#include "toa.h"

/* To be placed at the families' syn_recv_sock. */
extern struct toa_hook toa_hook_syn_recv_v4;
extern struct toa_hook toa_hook_syn_recv_v6;

/**
 * struct toa_handshake - a handshake, and a segment of it
 * @sk: the listener
 * @skb: the segment: that which completes it, or one before
 * @req: the request that it belongs to; NULL for a SYN
 */
struct toa_handshake {
	const struct sock *sk;
	const struct sk_buff *skb;
	const struct request_sock *req;
};

static __always_inline void toa_handshake_count(const struct toa_handshake *hs,
						enum toa_stat stat)
{
	toa_stat_inc(hs->sk, stat);
}

bool toa_handshake_names(const struct toa_handshake *hs,
			 struct toa_client *client);

#endif /* TOA_HANDSHAKE_H */
