// SPDX-License-Identifier: GPL-2.0
/*
 * The ends of a connection, to be shown
 */
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/kernel.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/tcp.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "compat.h"
#include "ends.h"

static void toa_end_set_v4(struct sockaddr_in6 *end, __be32 addr, __be16 port)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)end;

	memset(end, 0, sizeof(*end));
	sin->sin_family = AF_INET;
	sin->sin_port = port;
	sin->sin_addr.s_addr = addr;
}

static void toa_end_set_v6(struct sockaddr_in6 *end,
			   const struct in6_addr *addr, __be16 port)
{
	if (ipv6_addr_v4mapped(addr)) {
		toa_end_set_v4(end, addr->s6_addr32[3], port);
		return;
	}
	memset(end, 0, sizeof(*end));
	end->sin6_family = AF_INET6;
	end->sin6_port = port;
	end->sin6_addr = *addr;
}

/**
 * toa_ends_of_sock() - the ends of a socket's connection
 * @ends: written
 * @sk: a TCP socket that is connected
 *
 * Context: any; the caller keeps @sk from being connected anew.
 */
void toa_ends_of_sock(struct toa_ends *ends, const struct sock *sk)
{
	const struct inet_sock *inet = inet_sk(sk);

	if (sk->sk_family == AF_INET) {
		toa_end_set_v4(&ends->local, inet->inet_rcv_saddr,
			       inet->inet_sport);
		toa_end_set_v4(&ends->peer, inet->inet_daddr,
			       inet->inet_dport);
	} else {
		toa_end_set_v6(&ends->local, toa_sock_v6_local(sk),
			       inet->inet_sport);
		toa_end_set_v6(&ends->peer, toa_sock_v6_remote(sk),
			       inet->inet_dport);
	}
}

/**
 * toa_ends_of_segment() - the ends between which a segment travels
 * @ends: written
 * @skb: a segment that has arrived, its headers set and linear
 *
 * Context: any.
 */
void toa_ends_of_segment(struct toa_ends *ends, const struct sk_buff *skb)
{
	const struct tcphdr *th = tcp_hdr(skb);

	if (skb->protocol == htons(ETH_P_IP)) {
		toa_end_set_v4(&ends->local, ip_hdr(skb)->daddr, th->dest);
		toa_end_set_v4(&ends->peer, ip_hdr(skb)->saddr, th->source);
	} else {
		toa_end_set_v6(&ends->local, &ipv6_hdr(skb)->daddr, th->dest);
		toa_end_set_v6(&ends->peer, &ipv6_hdr(skb)->saddr, th->source);
	}
}

/**
 * toa_end_of_client() - a client's address and port
 * @end: written; 0.0.0.0:0 when there is no client
 * @client: the client, or NULL
 *
 * Context: any.
 */
void toa_end_of_client(struct sockaddr_in6 *end,
		       const struct toa_client *client)
{
	struct in6_addr addr;

	if (!client) {
		toa_end_set_v4(end, 0, 0);
		return;
	}
	if (client->family == TOA_FAMILY_V4) {
		toa_end_set_v4(end, client->v4, client->port);
		return;
	}
	memcpy(&addr, client->v6, sizeof(addr));
	toa_end_set_v6(end, &addr, client->port);
}

/**
 * toa_end_print() - 192.0.2.1:80 or [2001:db8::1]:80
 * @seq: where to
 * @end: what one of the above has written
 *
 * Context: any.
 */
void toa_end_print(struct seq_file *seq, const struct sockaddr_in6 *end)
{
	const struct sockaddr_in *sin = (const struct sockaddr_in *)end;

	if (end->sin6_family == AF_INET)
		seq_printf(seq, "%pI4:%u", &sin->sin_addr,
			   ntohs(sin->sin_port));
	else
		seq_printf(seq, "[%pI6c]:%u", &end->sin6_addr,
			   ntohs(end->sin6_port));
}
