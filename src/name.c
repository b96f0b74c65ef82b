// SPDX-License-Identifier: GPL-2.0
/*
 * The name of a peer
 *
 * Where a program asks for its peer, under accept(), getpeername() and
 * SO_PEERNAME, the client that is remembered with the socket is the answer. By
 * ftrace it is written at the entry of the kernel's getname and the original never
 * runs, so that no lock is taken; by kretprobe it is written over the original's.
 */
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/kernel.h>
#include <linux/net.h>
#include <linux/string.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "../toa.h"
#include "compat.h"
#include "hook.h"
#include "mptcp.h"
#include "name.h"
#include "probe.h"
#include "socks.h"
#include "stats.h"
#include "store.h"
#include "trace.h"
#include "trust.h"

/* Calls that may wait in getname() for a socket at one time, by kretprobe. */
#define TOA_GETNAME_MAXACTIVE	4096

/*
 * Services in the kernel ask the same function and decide by the transport's
 * address: nfsd's exports, DLM's nodes. Their sockets have no file or are marked
 * as the kernel's. (A child of an MPTCP listener is so marked until accept().)
 */
static bool toa_sock_is_users(const struct socket *sock)
{
	return (sock->file && !toa_sock_is_kern(sock->sk)) ||
	       toa_probe_is_sock(sock);
}

/* Switched off, the module shows nobody; the hooks are tested all the same. */
static bool toa_name_wanted(const struct socket *sock)
{
	return toa_trust_anybody() || toa_probe_is_sock(sock);
}

/**
 * toa_peer_asked() - is it worth looking for this socket's client?
 * @sk: the socket
 * @peer: getname()'s argument: 0 asks for the local name
 *
 * No for nearly every socket without a client: this is what they pay.
 */
static __always_inline bool toa_peer_asked(const struct sock *sk, int peer)
{
	if (likely(!peer ||
		   !(toa_store_may_have(sk) || toa_sock_is_mptcp(sk)) ||
		   !toa_sock_has_peer(sk, peer))) {
		toa_stat_inc(sk, TOA_STAT_NAME_EMPTY);
		return false;
	}
	return true;
}

/* Counts why not. */
static noinline bool toa_name_allowed_after_all(const struct socket *sock)
{
	const struct sock *sk = sock->sk;

	if (!toa_name_wanted(sock)) {
		toa_stat_inc(sk, TOA_STAT_NAME_EMPTY);
		toa_stat_inc(sk, TOA_STAT_NAME_DISABLED);
		return false;
	}
	if (!toa_sock_is_users(sock)) {
		toa_stat_inc(sk, TOA_STAT_NAME_BYPASS);
		return false;
	}
	return true;
}

/* May who asks for this socket's peer be told the client? Nearly always. */
static __always_inline bool toa_name_allowed(const struct socket *sock)
{
	return likely(toa_trust_anybody() && sock->file &&
		      !toa_sock_is_kern(sock->sk)) ||
	       toa_name_allowed_after_all(sock);
}

/* Of an MPTCP socket that has none of its own. */
static bool toa_subflow_find(const struct socket *sock,
			     struct toa_client *client)
{
	if (toa_sock_is_mptcp(sock->sk) && toa_mptcp_find(sock, client))
		return true;
	toa_stat_inc(sock->sk, TOA_STAT_NAME_EMPTY);
	return false;
}

static void toa_name_answered(const struct sock *sk,
			      const struct toa_client *client)
{
	toa_stat_inc(sk, TOA_STAT_NAME_OK);
	trace_toa_answered(sk, client);
}

static __always_inline void toa_name_put_v4(struct sockaddr *addr, __be32 v4,
					    __be16 port)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)addr;

	sin->sin_family = AF_INET;
	sin->sin_port = port;
	sin->sin_addr.s_addr = v4;
	memset(sin->sin_zero, 0, sizeof(sin->sin_zero));
}

/*
 * All but the address. Flow label and scope belong to the balancer's path and not to
 * the client.
 */
static __always_inline struct in6_addr *toa_name_put_v6(struct sockaddr *addr,
							__be16 port)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)addr;

	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = port;
	sin6->sin6_flowinfo = 0;
	sin6->sin6_scope_id = 0;
	return &sin6->sin6_addr;
}

/* False for an IPv6 client: it has no form that the socket's family can take. */
static __always_inline bool
toa_name_fill_v4(const struct sock *sk, struct sockaddr *addr,
		 const struct toa_client *client)
{
	if (client->family != TOA_FAMILY_V4) {
		toa_stat_inc(sk, TOA_STAT_NAME_MISMATCH);
		return false;
	}
	toa_name_put_v4(addr, client->v4, client->port);
	toa_name_answered(sk, client);
	return true;
}

static __always_inline bool
toa_name_fill_v6(const struct sock *sk, struct sockaddr *addr,
		 const struct toa_client *client)
{
	struct in6_addr *v6 = toa_name_put_v6(addr, client->port);

	if (client->family == TOA_FAMILY_V4)
		ipv6_addr_set_v4mapped(client->v4, v6);
	else
		memcpy(v6, client->v6, sizeof(client->v6));
	toa_name_answered(sk, client);
	return true;
}

/*
 * The callback has filled the name already; what is left of getname() is to
 * return its length.
 */
static int toa_getname_v4(TOA_GETNAME_PARAMS)
{
	return toa_getname_done(sizeof(struct sockaddr_in));
}

static int toa_getname_v6(TOA_GETNAME_PARAMS)
{
	return toa_getname_done(sizeof(struct sockaddr_in6));
}

static_assert(__same_type(*((const struct proto_ops *)0)->getname,
			  toa_getname_v4),
	      "toa: getname has other arguments in this kernel; see src/compat.h");

static __always_inline bool toa_getname_asked(TOA_DIVERT_PARAMS)
{
	const struct socket *sock = (const struct socket *)arg0;

	return toa_peer_asked(sock->sk, TOA_DIVERT_PEER);
}

static noinline void toa_name_trace_tag(const struct sock *sk, u64 tag)
{
	struct toa_client client = {};

	toa_tag_read(tag, &client);
	trace_toa_answered(sk, &client);
}

/*
 * A client in the socket itself, which most IPv4 ones are, goes from its word to the
 * answer and nowhere else: half of what finding and copying it costs. Is it to be
 * shown?
 */
static __always_inline bool toa_tag_shown(const struct socket *sock, u64 tag)
{
	if (!toa_name_allowed(sock))
		return false;
	toa_stat_inc(sock->sk, TOA_STAT_NAME_OK);
	if (toa_trace_wanted(toa_answered))
		toa_name_trace_tag(sock->sk, tag);
	return true;
}

typedef bool (*toa_name_fill_t)(const struct sock *sk, struct sockaddr *addr,
				const struct toa_client *client);

static __always_inline bool toa_name_subflow(const struct socket *sock,
					     struct sockaddr *addr,
					     toa_name_fill_t fill)
{
	struct toa_client client;

	return toa_subflow_find(sock, &client) && toa_name_allowed(sock) &&
	       fill(sock->sk, addr, &client);
}

/*
 * A client in the table, from there to the answer: it is not copied, but what it stands
 * in is held meanwhile. Else it is that of an MPTCP socket's first subflow, if any,
 * which is found by a function of its own, for its struct is not to be paid for here.
 */
static __always_inline bool
toa_name_find(const struct socket *sock, struct sockaddr *addr,
	      toa_name_fill_t fill,
	      bool (*subflow)(const struct socket *sock, struct sockaddr *addr))
{
	const struct toa_client *client;
	bool shown;

	toa_rcu_read_lock();
	client = toa_store_look(sock->sk);
	shown = client && toa_name_allowed(sock) && fill(sock->sk, addr, client);
	toa_rcu_read_unlock();
	return client ? shown : subflow(sock, addr);
}

static noinline bool toa_name_subflow_v4(const struct socket *sock,
					 struct sockaddr *addr)
{
	return toa_name_subflow(sock, addr, toa_name_fill_v4);
}

static noinline bool toa_name_subflow_v6(const struct socket *sock,
					 struct sockaddr *addr)
{
	return toa_name_subflow(sock, addr, toa_name_fill_v6);
}

static noinline bool toa_name_find_v4(const struct socket *sock,
				      struct sockaddr *addr)
{
	return toa_name_find(sock, addr, toa_name_fill_v4, toa_name_subflow_v4);
}

static noinline bool toa_name_find_v6(const struct socket *sock,
				      struct sockaddr *addr)
{
	return toa_name_find(sock, addr, toa_name_fill_v6, toa_name_subflow_v6);
}

static unsigned long toa_getname_v4_divert(TOA_DIVERT_PARAMS)
{
	const struct socket *sock = (const struct socket *)arg0;
	struct sockaddr *addr = (struct sockaddr *)arg1;
	u64 word = toa_store_word(sock->sk);

	if (likely(toa_tag_is(word))) {
		if (!toa_tag_shown(sock, word))
			return 0;
		toa_name_put_v4(addr, toa_tag_addr(word), toa_tag_port(word));
	} else if (!toa_name_find_v4(sock, addr)) {
		return 0;
	}
	return (unsigned long)toa_getname_v4;
}

static unsigned long toa_getname_v6_divert(TOA_DIVERT_PARAMS)
{
	const struct socket *sock = (const struct socket *)arg0;
	struct sockaddr *addr = (struct sockaddr *)arg1;
	u64 word = toa_store_word(sock->sk);

	if (toa_tag_is(word)) {
		if (!toa_tag_shown(sock, word))
			return 0;
		ipv6_addr_set_v4mapped(toa_tag_addr(word),
				       toa_name_put_v6(addr,
						       toa_tag_port(word)));
	} else if (!toa_name_find_v6(sock, addr)) {
		return 0;
	}
	return (unsigned long)toa_getname_v6;
}

TOA_HOOK_DIVERT(toa_getname_v4_callback, toa_getname_asked,
		toa_getname_v4_divert)
TOA_HOOK_DIVERT(toa_getname_v6_callback, toa_getname_asked,
		toa_getname_v6_divert)

/* What a kretprobe keeps from the entry of getname to its return. */
struct toa_getname_call {
	const struct sock *sk;
	struct sockaddr *addr;
	struct toa_client client;
};

/* Its own, or its first subflow's, if it may be shown. */
static bool toa_peer_find(const struct socket *sock, struct toa_client *client)
{
	return (toa_store_find(sock->sk, client) ||
		toa_subflow_find(sock, client)) &&
	       toa_name_allowed(sock);
}

static bool toa_getname_enter(const unsigned long *arg, void *data)
{
	const struct socket *sock = (const struct socket *)arg[0];
	struct toa_getname_call *call = data;

	call->sk = sock->sk;
	call->addr = (struct sockaddr *)arg[1];
	return toa_peer_asked(sock->sk, arg[TOA_GETNAME_PEER]) &&
	       toa_peer_find(sock, &call->client);
}

/* The original has said that there is a peer, and how long its name is. */
static unsigned long toa_getname_v4_leave(const void *data, unsigned long ret)
{
	const struct toa_getname_call *call = data;

	if (toa_getname_named(ret))
		toa_name_fill_v4(call->sk, call->addr, &call->client);
	return ret;
}

static unsigned long toa_getname_v6_leave(const void *data, unsigned long ret)
{
	const struct toa_getname_call *call = data;

	if (toa_getname_named(ret))
		toa_name_fill_v6(call->sk, call->addr, &call->client);
	return ret;
}

struct toa_hook toa_hook_getname_v4 = {
	.name		= "getname (IPv4)",
	.callback	= toa_getname_v4_callback,
	.enter		= toa_getname_enter,
	.leave		= toa_getname_v4_leave,
	.data_size	= sizeof(struct toa_getname_call),
	.maxactive	= TOA_GETNAME_MAXACTIVE,
};

struct toa_hook toa_hook_getname_v6 = {
	.name		= "getname (IPv6)",
	.callback	= toa_getname_v6_callback,
	.enter		= toa_getname_enter,
	.leave		= toa_getname_v6_leave,
	.data_size	= sizeof(struct toa_getname_call),
	.maxactive	= TOA_GETNAME_MAXACTIVE,
};
