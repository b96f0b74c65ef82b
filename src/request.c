// SPDX-License-Identifier: GPL-2.0
/*
 * While a handshake is open
 *
 * Two segments may name a client before the one that completes the handshake: the
 * SYN, where it is asked, and with TCP_DEFER_ACCEPT a bare ACK, which the kernel
 * notes and drops. There is no socket to keep the client with, so early.c does.
 */
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "compat.h"
#include "early.h"
#include "handshake.h"
#include "hook.h"
#include "request.h"
#include "stats.h"

bool toa_syn_asked __read_mostly;

/* @isn: of the attempt's SYN, host byte order; @kept: what is to be counted */
static void toa_request_keep(const struct toa_handshake *hs, u32 isn,
			     const struct toa_client *client,
			     enum toa_stat kept)
{
	struct toa_early_key key;

	toa_early_key_set(&key, sock_net(hs->sk), hs->skb, isn);
	toa_handshake_count(hs, kept);
	switch (toa_early_put(&key, client)) {
	case TOA_EARLY_NOTHING:
		break;
	case TOA_EARLY_SYN:
		toa_handshake_count(hs, TOA_STAT_SYN_LOST);
		break;
	case TOA_EARLY_ACK:
		toa_handshake_count(hs, TOA_STAT_ACK_LOST);
		break;
	}
}

/**
 * toa_request_recall() - the client that an earlier segment of a handshake named
 * @hs: the handshake, which has a request
 * @client: may be written in any case
 *
 * What a SYN has named counts only as long as SYNs are asked.
 *
 * Context: any; does not sleep.
 * Return: is there one?
 */
bool toa_request_recall(const struct toa_handshake *hs,
			struct toa_client *client)
{
	struct toa_early_key key;

	toa_early_key_set(&key, sock_net(hs->sk), hs->skb,
			  tcp_rsk(hs->req)->rcv_isn);
	return toa_early_find(&key, client) &&
	       (!client->syn || READ_ONCE(toa_syn_asked));
}

/*
 * The SYN, when it is asked: tcp_conn_request(), which every kind of listener
 * calls for it, MPTCP's too, or what was before it.
 */
static void toa_conn_request(TOA_WATCH_PARAMS)
{
	const unsigned long arg[] = { arg0, arg1, arg2, arg3 };
	const struct toa_handshake hs = {
		.sk	= (const struct sock *)arg[TOA_CONN_REQUEST_SK],
		.skb	= (const struct sk_buff *)arg[TOA_CONN_REQUEST_SKB],
	};
	struct toa_client client;

	if (toa_handshake_names(&hs, &client))
		toa_request_keep(&hs, ntohl(tcp_hdr(hs.skb)->seq), &client,
				 TOA_STAT_SYN_KEPT);
}

/* An IPv4 segment goes on to the function of its own family. */
static void toa_conn_request_v6(TOA_WATCH_PARAMS)
{
	const unsigned long arg[] = { arg0, arg1, arg2, arg3 };
	const struct sk_buff *skb =
		(const struct sk_buff *)arg[TOA_CONN_REQUEST_SKB];

	if (skb->protocol != htons(ETH_P_IP))
		toa_conn_request(arg0, arg1, arg2, arg3);
}

/*
 * An ACK and nothing else, by somebody who has seen our SYN-ACK: what the kernel asks of
 * the one that it drops. It may find more to complain of; so much is what completes
 * handshakes of other listeners.
 */
static bool toa_ack_is_bare(const struct toa_handshake *hs)
{
	const struct tcp_request_sock *req = tcp_rsk(hs->req);
	const struct tcp_skb_cb *cb = TCP_SKB_CB(hs->skb);
	const struct tcphdr *th = tcp_hdr(hs->skb);

	return th->ack && !th->syn && !th->rst &&
	       cb->seq == req->rcv_isn + 1 &&
	       cb->end_seq == req->rcv_isn + 1 &&
	       cb->ack_seq == req->snt_isn + 1;
}

static noinline void toa_deferred_keep(const struct sock *sk,
				       const struct sk_buff *skb,
				       const struct request_sock *req)
{
	const struct toa_handshake hs = { sk, skb, req };
	struct toa_client client;

	/* With Fast Open it is the child that is asked, which is made already. */
	if (sk->sk_state == TCP_LISTEN && toa_ack_is_bare(&hs) &&
	    toa_handshake_names(&hs, &client))
		toa_request_keep(&hs, tcp_rsk(req)->rcv_isn, &client,
				 TOA_STAT_ACK_KEPT);
}

/*
 * tcp_check_req() is called for every segment of an open handshake but the SYN; nearly
 * no listener defers.
 */
static void toa_check_req(TOA_WATCH_PARAMS)
{
	const struct sock *sk = (const struct sock *)arg0;

	if (unlikely(toa_listener_defers(sk)))
		toa_deferred_keep(sk, (const struct sk_buff *)arg1,
				  (const struct request_sock *)arg2);
}

TOA_HOOK_WATCH(toa_conn_request_callback, toa_conn_request)
TOA_HOOK_WATCH(toa_conn_request_v6_callback, toa_conn_request_v6)
TOA_HOOK_WATCH(toa_check_req_callback, toa_check_req)

struct toa_hook toa_hook_conn_request = {
	.name		= TOA_CONN_REQUEST,
	.symbol		= TOA_CONN_REQUEST,
	.callback	= toa_conn_request_callback,
	.watch		= toa_conn_request,
};

struct toa_hook toa_hook_conn_request_v6 = {
	.name		= TOA_CONN_REQUEST_V6,
	.symbol		= TOA_CONN_REQUEST_V6,
	.callback	= toa_conn_request_v6_callback,
	.watch		= toa_conn_request_v6,
};

struct toa_hook toa_hook_check_req = {
	.name		= "tcp_check_req",
	.symbol		= "tcp_check_req",
	.callback	= toa_check_req_callback,
	.watch		= toa_check_req,
};
