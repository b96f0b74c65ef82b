/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sockets of our own that lend addresses and test the hooks
 */
#ifndef TOA_PROBE_H
#define TOA_PROBE_H

#include <linux/net.h>
#include <linux/skbuff.h>
#include <linux/types.h>

/**
 * struct toa_probe - a TCP socket of ours, never bound nor connected
 * @sock: the socket; NULL when this kernel has no such family
 * @skb: the segment with which a syn_recv_sock hook is tested
 * @seen: the hook saw @skb
 */
struct toa_probe {
	struct socket *sock;
	const struct sk_buff *skb;
	bool seen;
};

extern struct toa_probe toa_probe_v4;
extern struct toa_probe toa_probe_v6;

int toa_probe_init(void);
void toa_probe_exit(void);

const void *toa_probe_mptcp_disconnect(void);

int toa_probe_check_lifetime(void);
int toa_probe_check_settle(void);
int toa_probe_check_getname(struct toa_probe *probe);
int toa_probe_check_syn_recv(struct toa_probe *probe);

/* Only ever ours while toa_init() runs; a user's socket never is. */
static inline bool toa_probe_is_sock(const struct socket *sock)
{
	return sock == READ_ONCE(toa_probe_v4.sock) ||
	       sock == READ_ONCE(toa_probe_v6.sock);
}

/* Is this the segment with which a hook is being tested? */
static inline bool toa_probe_is_segment(const struct sk_buff *skb)
{
	return unlikely(skb == READ_ONCE(toa_probe_v4.skb) ||
			skb == READ_ONCE(toa_probe_v6.skb));
}

/**
 * toa_probe_note() - a syn_recv_sock hook reports the segment in hand
 * @skb: any segment
 *
 * Return: it is a probe's, and goes no further.
 */
static inline bool toa_probe_note(const struct sk_buff *skb)
{
	if (!toa_probe_is_segment(skb))
		return false;
	if (skb == toa_probe_v4.skb)
		toa_probe_v4.seen = true;
	else
		toa_probe_v6.seen = true;
	return true;
}

#endif /* TOA_PROBE_H */
