// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets of our own that lend addresses and test the hooks
 *
 * The functions to hook are not exported, some of them are static; a TCP socket
 * points to every one of them. The same socket then calls each function once,
 * and the module loads only if every hook was seen to work. Live sockets are not
 * touched, no packet is sent.
 */
#define pr_fmt(fmt) "TOA: " fmt

#include <linux/bottom_half.h>
#include <linux/errno.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "compat.h"
#include "probe.h"
#include "store.h"
#include "toa.h"

/* Larger than any struct that a request_sock begins. */
#define TOA_PROBE_REQUEST	1024

/* TEST-NET-1, RFC 5737. */
#define TOA_PROBE_ADDR		0xc0000201
#define TOA_PROBE_PORT		1

struct toa_probe toa_probe_v4;
struct toa_probe toa_probe_v6;

static int toa_probe_open(struct toa_probe *probe, int family)
{
	struct socket *sock;
	int err;

	err = toa_sock_create(family, SOCK_STREAM, IPPROTO_TCP, &sock);
	if (!err)
		WRITE_ONCE(probe->sock, sock);
	return err;
}

static void toa_probe_close(struct toa_probe *probe)
{
	struct socket *sock = probe->sock;

	WRITE_ONCE(probe->sock, NULL);
	if (sock)
		sock_release(sock);
}

/**
 * toa_probe_init() - open one socket for each family
 *
 * A kernel that was booted with ipv6.disable=1 has no IPv6 sockets at all, and
 * nothing to hook for them. Where IPv6 is a module, asking for a socket loads it;
 * one that may not be loaded now may come later: see later.c.
 *
 * Context: process, may sleep.
 * Return: 0 or a negative errno.
 */
int toa_probe_init(void)
{
	int err = toa_probe_open(&toa_probe_v4, AF_INET);

	if (err)
		return err;
	err = toa_probe_open(&toa_probe_v6, AF_INET6);
	if (err && err != -EAFNOSUPPORT) {
		toa_probe_close(&toa_probe_v4);
		return err;
	}
	return 0;
}

/**
 * toa_probe_exit() - close what toa_probe_init() opened
 *
 * Context: process, may sleep.
 */
void toa_probe_exit(void)
{
	toa_probe_close(&toa_probe_v6);
	toa_probe_close(&toa_probe_v4);
}

/**
 * toa_probe_mptcp_disconnect() - the function that disconnects an MPTCP socket
 *
 * Context: process, may sleep.
 * Return: its address; NULL where such a socket cannot be made now.
 */
const void *toa_probe_mptcp_disconnect(void)
{
	const void *disconnect;
	struct socket *sock;

	if (!TOA_MPTCP ||
	    toa_sock_create(AF_INET, SOCK_STREAM, TOA_MPTCP, &sock))
		return NULL;
	disconnect = sock->sk->sk_prot->disconnect;
	sock_release(sock);
	return disconnect;
}

static int toa_probe_put(struct sock *sk)
{
	const struct toa_client client = {
		.family	= TOA_FAMILY_V4,
		.port	= htons(TOA_PROBE_PORT),
		.v4	= htonl(TOA_PROBE_ADDR),
	};

	return toa_store_put(sk, &client);
}

static int toa_probe_failed(const char *hook)
{
	pr_err("the hook on %s was installed but does not work: is kernel.ftrace_enabled 0, or kprobes/enabled in debugfs?\n",
	       hook);
	return -EIO;
}

/* A hook that worked has left nothing to drop. */
static int toa_probe_gone(struct sock *sk, const char *hook)
{
	return toa_store_drop(sk) ? toa_probe_failed(hook) : 0;
}

static int toa_probe_check_disconnect(struct sock *sk)
{
	int err = toa_probe_put(sk);

	if (err)
		return err;
	lock_sock(sk);
	sk->sk_prot->disconnect(sk, 0);
	release_sock(sk);
	return toa_probe_gone(sk, "tcp_disconnect");
}

static int toa_probe_check_unhash(const struct toa_probe *probe)
{
	struct sock *sk;
	int err;

	if (!probe->sock)
		return 0;
	sk = probe->sock->sk;
	err = toa_probe_put(sk);
	if (err)
		return err;
	lock_sock(sk);
	sk->sk_prot->unhash(sk);
	release_sock(sk);
	err = toa_table_may_have(sk) ? 0 : toa_probe_failed("unhash");
	toa_store_drop(sk);
	return err;
}

/**
 * toa_probe_check_lifetime() - do disconnecting and destroying forget a client?
 *
 * Call before children are hooked: until then nobody else puts anything into
 * the store.
 *
 * Context: process, may sleep.
 * Return: 0, -EIO when a hook did not fire, or another negative errno.
 */
int toa_probe_check_lifetime(void)
{
	struct toa_probe probe = {};
	struct sock *sk;
	int err;

	err = toa_probe_open(&probe, AF_INET);
	if (err)
		return err;
	sk = probe.sock->sk;
	err = toa_probe_check_disconnect(sk);
	if (!err)
		err = toa_probe_put(sk);
	toa_probe_close(&probe);
	return toa_probe_gone(sk, "inet_sock_destruct") ?: err;
}

/**
 * toa_probe_check_settle() - does a socket that is unhashed give up its tag?
 *
 * Call when tags are on, and before children are hooked. For each family, as its
 * function may be another one; both find that the socket is in no table, and do
 * nothing.
 *
 * Context: process, may sleep.
 * Return: 0, -EIO when a hook did not fire, or another negative errno.
 */
int toa_probe_check_settle(void)
{
	int err = toa_probe_check_unhash(&toa_probe_v4);

	return err ?: toa_probe_check_unhash(&toa_probe_v6);
}

/* The whole name, to its last byte: padding, flow label and scope are zero. */
static bool toa_probe_is_answer(const struct sockaddr_storage *addr,
				sa_family_t family)
{
	const struct sockaddr_in sin = {
		.sin_family		= AF_INET,
		.sin_port		= htons(TOA_PROBE_PORT),
		.sin_addr.s_addr	= htonl(TOA_PROBE_ADDR),
	};
	struct sockaddr_in6 sin6 = {
		.sin6_family	= AF_INET6,
		.sin6_port	= htons(TOA_PROBE_PORT),
	};

	if (family == AF_INET)
		return !memcmp(addr, &sin, sizeof(sin));
	ipv6_addr_set_v4mapped(sin.sin_addr.s_addr, &sin6.sin6_addr);
	return !memcmp(addr, &sin6, sizeof(sin6));
}

/**
 * toa_probe_check_getname() - does the hook on getname answer?
 * @probe: an open probe
 *
 * Context: process, may sleep.
 * Return: 0, -EIO when the hook did not answer, or another negative errno.
 */
int toa_probe_check_getname(struct toa_probe *probe)
{
	struct sock *sk = probe->sock->sk;
	struct sockaddr_storage addr;
	int err;

	/* getname() answers for the peer only when there is a peer's port. */
	inet_sk(sk)->inet_dport = htons(TOA_PROBE_PORT);
	err = toa_probe_put(sk);
	if (err)
		goto clear_port;
	memset(&addr, 0xff, sizeof(addr));
	/* 2: the peer in any state, as accept() asks. */
	toa_getname_call(probe->sock, (struct sockaddr *)&addr, 2);
	if (!toa_probe_is_answer(&addr, sk->sk_family))
		err = toa_probe_failed(sk->sk_family == AF_INET ?
				       "getname (IPv4)" : "getname (IPv6)");
	toa_store_drop(sk);
clear_port:
	inet_sk(sk)->inet_dport = 0;
	return err;
}

/* A bare ACK with the option, for the family's syn_recv_sock. */
static struct sk_buff *toa_probe_segment(sa_family_t family)
{
	static const u8 option[TOA_OPT_LEN_V4] = {
		TOA_OPT_KIND, TOA_OPT_LEN_V4, 0, TOA_PROBE_PORT, 192, 0, 2, 1,
	};
	struct sk_buff *skb;
	struct tcphdr *th;

	skb = alloc_skb(sizeof(*th) + sizeof(option), GFP_KERNEL);
	if (!skb)
		return NULL;
	skb_reset_transport_header(skb);
	th = skb_put_zero(skb, sizeof(*th));
	th->doff = (sizeof(*th) + sizeof(option)) / 4;
	th->ack = 1;
	skb_put_data(skb, option, sizeof(option));
	skb->protocol = htons(family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
	return skb;
}

/*
 * The accept queue is made to look full: should the hook not fire, or be a
 * kretprobe, the kernel's function runs, and the first thing that every version
 * of it does is to give up, counting one overflow of the initial namespace.
 */
static void toa_probe_syn_recv(struct toa_probe *probe, struct sk_buff *skb,
			       struct request_sock *req)
{
	struct sock *sk = probe->sock->sk;
	bool own_req = false;

	WRITE_ONCE(probe->skb, skb);
	sk->sk_ack_backlog = 1;
	local_bh_disable();
	toa_syn_recv_call(inet_csk(sk)->icsk_af_ops->syn_recv_sock, sk, skb,
			  req, &own_req);
	local_bh_enable();
	sk->sk_ack_backlog = 0;
	WRITE_ONCE(probe->skb, NULL);
}

/**
 * toa_probe_check_syn_recv() - does the hook on syn_recv_sock see a segment?
 * @probe: an open probe
 *
 * Context: process, may sleep.
 * Return: 0, -EIO when the hook did not see it, or another negative errno.
 */
int toa_probe_check_syn_recv(struct toa_probe *probe)
{
	sa_family_t family = probe->sock->sk->sk_family;
	struct sk_buff *skb = toa_probe_segment(family);
	struct request_sock *req;
	int err = -ENOMEM;

	if (!skb)
		return -ENOMEM;
	req = kzalloc(TOA_PROBE_REQUEST, GFP_KERNEL);
	if (!req)
		goto free_skb;

	toa_probe_syn_recv(probe, skb, req);
	err = probe->seen ? 0 :
	      toa_probe_failed(family == AF_INET ? "syn_recv_sock (IPv4)" :
						   "syn_recv_sock (IPv6)");
	kfree(req);
free_skb:
	kfree_skb(skb);
	return err;
}
