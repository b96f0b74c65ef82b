// SPDX-License-Identifier: GPL-2.0
/*
 * Show programs the client behind a layer-4 balancer
 *
 *	client ----> balancer ----> this machine
 *	               puts the client's address and port into a TCP option
 *
 * Two places are hooked. Where a handshake completes (syn_recv_sock), the option
 * of the segment that completes it is read and the client remembered with the
 * new socket. Where a program asks for its peer (getname, under accept(),
 * getpeername() and SO_PEERNAME), the remembered client is the answer. More places,
 * where a socket is disconnected, closed or destroyed, make it forgotten in time.
 *
 * Everything else of the connection stays what it is: routing, firewalls, ss and
 * /proc/net/tcp see the balancer.
 */
#define pr_fmt(fmt) "TOA: " fmt

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/percpu.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/inet_common.h>
#include <net/inet_connection_sock.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "src/compat.h"
#include "src/hook.h"
#include "src/probe.h"
#include "src/sockopt.h"
#include "src/socks.h"
#include "src/stats.h"
#include "src/store.h"
#include "src/syn.h"
#include "src/trust.h"
#include "toa.h"

/* Calls that may wait in getname() for a socket at one time, by kretprobe. */
#define TOA_GETNAME_MAXACTIVE	4096
/* Handshakes that may complete at one time: one a CPU, more when preemptible. */
#define TOA_SYN_RECV_MAXACTIVE	1024

static char *hook = "auto";
module_param(hook, charp, 0444);
MODULE_PARM_DESC(hook,
		 "how to hook: auto (ftrace, kretprobe where it is refused), ftrace or kretprobe");

static unsigned int max_clients = 1024 * 1024;
module_param(max_clients, uint, 0444);
MODULE_PARM_DESC(max_clients,
		 "how many connections may have their client in the table at one time; further ones show the balancer");

static bool sk_user_data = true;
module_param(sk_user_data, bool, 0444);
MODULE_PARM_DESC(sk_user_data,
		 "keep IPv4 clients in their sockets (sk_user_data), where the kernel allows it; 0 puts them into the table and leaves sockets to sockmap, KCM and ovpn");

/* Is the SYN asked, too? Read without a lock: it decides nothing but the next. */
static bool toa_syn;
/* Between toa_init() and toa_exit(). */
static bool toa_up;
/* Of toa_up, and of the hook that goes with toa_syn. */
static DEFINE_MUTEX(toa_syn_lock);

static int toa_hook_add(struct toa_hook *which, const void *function,
			enum toa_hook_mode mode)
{
	int err = toa_hook_install(which, (unsigned long)function, mode);

	if (err)
		pr_err("cannot hook %s (error %d): another module or a livepatch holds it, or kernel.ftrace_enabled is 0\n",
		       which->name, err);
	return err;
}

/*
 * The handshake.
 */

static struct sock *(*toa_syn_recv_v4_orig)(TOA_SYN_RECV_PARAMS);
static struct sock *(*toa_syn_recv_v6_orig)(TOA_SYN_RECV_PARAMS);

/**
 * struct toa_hand - the handshake that a CPU has diverted
 * @skb: the segment that completes it; NULL: none
 * @client: its client
 *
 * The original is called at its entry, where the hook sits: @skb tells our own
 * call from the kernel's. And what was found out before the diversion need not be
 * found out again behind it.
 *
 * The function runs with bottom halves off, so usually nothing else that completes
 * handshakes runs on this CPU meanwhile. Where something may (PREEMPT_RT, or the
 * backlog of a listener before 4.4), our call is diverted once more and remembers
 * the same client twice, and a client is taken only if @skb is still ours after
 * it was read: whoever writes, writes @skb first.
 */
struct toa_hand {
	const struct sk_buff *skb;
	struct toa_client client;
};

static DEFINE_PER_CPU(struct toa_hand, toa_hand);

static void toa_hand_put(const struct sk_buff *skb,
			 const struct toa_client *client)
{
	struct toa_hand *hand = raw_cpu_ptr(&toa_hand);

	WRITE_ONCE(hand->skb, skb);
	/* Pairs with toa_hand_take(). */
	smp_wmb();
	hand->client = *client;
}

static bool toa_hand_take(const struct sk_buff *skb, struct toa_client *client)
{
	const struct toa_hand *hand = raw_cpu_ptr(&toa_hand);

	*client = hand->client;
	/* Pairs with toa_hand_put(). */
	smp_rmb();
	return READ_ONCE(hand->skb) == skb;
}

/*
 * The receive path has pulled the whole header, options included, except where
 * an old kernel's socket filter trimmed the segment afterwards.
 */
static bool toa_skb_options(const struct sk_buff *skb,
			    struct toa_options *options)
{
	const struct tcphdr *th = tcp_hdr(skb);
	const u8 *end = (const u8 *)th + th->doff * 4;

	options->opt = (const u8 *)(th + 1);
	options->syn = th->syn;
	options->len = 0;
	if (unlikely(end > skb_tail_pointer(skb)))
		return false;
	if (end > options->opt)
		options->len = end - options->opt;
	return true;
}

/**
 * toa_skb_parse() - the client that a segment names
 * @skb: the segment
 * @options: set to what stands behind the option that decides
 * @client: written only when the result is TOA_FOUND
 *
 * Context: within rcu_read_lock().
 * Return: an enum toa_verdict.
 */
static enum toa_verdict toa_skb_parse(const struct sk_buff *skb,
				      struct toa_options *options,
				      struct toa_client *client)
{
	enum toa_verdict verdict;

	if (!toa_skb_options(skb, options))
		return TOA_MALFORMED;
	verdict = toa_options_parse(options, toa_trust_kinds(), client);
	if (verdict == TOA_FOUND && !client->port)
		client->port = tcp_hdr(skb)->source;
	return verdict;
}

static void toa_verdict_count(enum toa_verdict verdict)
{
	if (verdict == TOA_MALFORMED)
		toa_stat_inc(TOA_STAT_MALFORMED);
	else if (verdict == TOA_UNUSABLE)
		toa_stat_inc(TOA_STAT_UNUSABLE);
}

/* May it name a client? If not, count why. */
static bool toa_skb_trusted(const struct sk_buff *skb)
{
	switch (toa_trust_ask(skb)) {
	case TOA_TRUST_YES:
		return true;
	case TOA_TRUST_SOURCE:
		toa_stat_inc(TOA_STAT_SOURCE);
		return false;
	case TOA_TRUST_PORT:
		toa_stat_inc(TOA_STAT_PORT);
		return false;
	case TOA_TRUST_NOBODY:
		return false;
	}
	return false;
}

/**
 * struct toa_handshake - a handshake that is about to complete
 * @sk: the listener
 * @skb: the segment that completes it
 * @req: the request that it completes
 */
struct toa_handshake {
	const struct sock *sk;
	const struct sk_buff *skb;
	const struct request_sock *req;
};

/* The client that the SYN of this handshake named, if SYNs are asked. */
static bool toa_syn_recall(const struct toa_handshake *hs,
			   struct toa_client *client)
{
	struct toa_syn_key key;

	if (!READ_ONCE(toa_syn))
		return false;
	toa_syn_key_set(&key, sock_net(hs->sk), hs->skb,
			tcp_rsk(hs->req)->rcv_isn);
	return toa_syn_find(&key, client);
}

/**
 * toa_handshake_client() - the client of a handshake
 * @hs: the handshake
 * @client: written only when the result is TOA_FOUND
 * @also: what is to be counted with it, if it is believed; TOA_STATS: nothing
 *
 * The option of the segment that completes the handshake decides; only when it
 * has none, the SYN's. A SYN completes a handshake with Fast Open: it proves
 * less than an ACK, and counts where SYNs are asked at all.
 *
 * Context: within rcu_read_lock().
 * Return: an enum toa_verdict.
 */
static enum toa_verdict toa_handshake_client(const struct toa_handshake *hs,
					     struct toa_client *client,
					     enum toa_stat *also)
{
	struct toa_options options;
	enum toa_verdict verdict;

	*also = TOA_STATS;
	if (unlikely(tcp_hdr(hs->skb)->syn) && !READ_ONCE(toa_syn))
		return TOA_ABSENT;
	verdict = toa_skb_parse(hs->skb, &options, client);
	if (verdict == TOA_FOUND) {
		if (toa_options_repeat(&options, toa_trust_kinds()))
			*also = TOA_STAT_DUPLICATE;
		return TOA_FOUND;
	}
	if (verdict == TOA_ABSENT && toa_syn_recall(hs, client)) {
		*also = TOA_STAT_SYN_USED;
		return TOA_FOUND;
	}
	return verdict;
}

/*
 * No option at all, or timestamps alone, and no SYN was asked: most handshakes of
 * a server on which few connections come from a balancer.
 */
static bool toa_handshake_is_plain(const struct sk_buff *skb)
{
	struct toa_options options;

	return !READ_ONCE(toa_syn) && toa_skb_options(skb, &options) &&
	       (!options.len ||
		toa_options_are_timestamps(options.opt, options.len));
}

/* Finds out whether there is a client that may be shown, and counts why not. */
static bool toa_handshake_judge(const struct toa_handshake *hs,
				struct toa_client *client)
{
	enum toa_verdict verdict;
	enum toa_stat also;

	verdict = toa_handshake_client(hs, client, &also);
	toa_verdict_count(verdict);
	if (verdict != TOA_FOUND || !toa_skb_trusted(hs->skb))
		return false;
	if (unlikely(also != TOA_STATS))
		toa_stat_inc(also);
	return true;
}

/* Has this handshake a client that may be shown? */
static bool toa_handshake_decide(const struct toa_handshake *hs,
				 struct toa_client *client)
{
	bool found;

	if (toa_handshake_is_plain(hs->skb)) {
		toa_stat_inc(TOA_STAT_SYN_NO_TOA);
		return false;
	}
	rcu_read_lock();
	found = toa_handshake_judge(hs, client);
	rcu_read_unlock();
	if (!found)
		toa_stat_inc(TOA_STAT_SYN_NO_TOA);
	return found;
}

static void toa_store_error_count(int err)
{
	if (err == -ENOSPC)
		toa_stat_inc(TOA_STAT_FULL);
	else if (err == -EBUSY)
		toa_stat_inc(TOA_STAT_FOREIGN);
	else
		toa_stat_inc(TOA_STAT_NOMEM);
}

/**
 * toa_listener_wanted() - does this call of a syn_recv_sock hook decide?
 * @family: the hook's
 * @sk: the listener
 * @skb: the segment that completes the handshake
 *
 * An IPv4 client of an AF_INET6 listener passes both functions, the IPv6 one
 * first: the one of the listener's own family decides.
 */
static bool toa_listener_wanted(sa_family_t family, const struct sock *sk,
				const struct sk_buff *skb)
{
	return sk->sk_family == family &&
	       this_cpu_read(toa_hand.skb) != skb;
}

/**
 * toa_child_publish() - remember the client of a new child
 * @child: what syn_recv_sock made, or NULL
 * @own_req: false when another CPU has made the child first, and @child is dead;
 *	not written when there is no child
 * @client: what the segment's option named
 *
 * The child is locked and not in the accept queue yet: user space cannot see it
 * before the client is there.
 *
 * A child that inherited something in sk_user_data belongs to a service in the
 * kernel (sunrpc, nvmet, rds, o2net, ...), which decides by the real peer.
 */
static void toa_child_publish(struct sock *child, const bool *own_req,
			      const struct toa_client *client)
{
	int err;

	if (!child) {
		toa_stat_inc(TOA_STAT_NOT_MADE);
		return;
	}
	if (!*own_req) {
		toa_stat_inc(TOA_STAT_LOST_RACE);
		return;
	}
	if (toa_child_is_foreign(child)) {
		toa_stat_inc(TOA_STAT_FOREIGN);
		return;
	}
	err = toa_store_put(child, client);
	if (err)
		toa_store_error_count(err);
	else
		toa_stat_inc(TOA_STAT_SYN_TOA);
}

/**
 * toa_syn_recv_begin() - before the original runs
 * @hs: the handshake
 * @client: written when there is one
 *
 * It was decided that there is. Who has to find it out again may find none: the
 * lists may have been changed since.
 *
 * Return: is there a client to remember?
 */
static bool toa_syn_recv_begin(const struct toa_handshake *hs,
			       struct toa_client *client)
{
	enum toa_stat also;
	bool found;

	if (likely(toa_hand_take(hs->skb, client)))
		return true;
	rcu_read_lock();
	found = toa_handshake_client(hs, client, &also) == TOA_FOUND;
	rcu_read_unlock();
	toa_hand_put(hs->skb, client);
	return found;
}

static void toa_syn_recv_end(struct sock *child, const bool *own_req,
			     const struct toa_client *client)
{
	this_cpu_write(toa_hand.skb, NULL);
	if (client)
		toa_child_publish(child, own_req, client);
}

static struct sock *toa_syn_recv_v4(TOA_SYN_RECV_PARAMS)
{
	const struct toa_handshake hs = { sk, skb, req };
	struct toa_client client = {};
	struct sock *child;
	bool found;

	if (toa_probe_note(skb))
		return NULL;
	found = toa_syn_recv_begin(&hs, &client);
	child = TOA_SYN_RECV_CALL(toa_syn_recv_v4_orig);
	toa_syn_recv_end(child, TOA_SYN_RECV_OWN_REQ,
			 found ? &client : NULL);
	return child;
}

static struct sock *toa_syn_recv_v6(TOA_SYN_RECV_PARAMS)
{
	const struct toa_handshake hs = { sk, skb, req };
	struct toa_client client = {};
	struct sock *child;
	bool found;

	if (toa_probe_note(skb))
		return NULL;
	found = toa_syn_recv_begin(&hs, &client);
	child = TOA_SYN_RECV_CALL(toa_syn_recv_v6_orig);
	toa_syn_recv_end(child, TOA_SYN_RECV_OWN_REQ,
			 found ? &client : NULL);
	return child;
}

/* A replacement of another shape would have the kernel's arguments for its own. */
static_assert(__same_type(*((struct inet_connection_sock_af_ops *)0)->syn_recv_sock,
			  toa_syn_recv_v4),
	      "toa: syn_recv_sock has other arguments in this kernel; see TOA_SYN_RECV_PARAMS in src/compat.h");

/* Go on in the replacement when there is a client. */
static bool toa_syn_recv_diverts(sa_family_t family, unsigned long sk,
				 unsigned long skb, unsigned long req)
{
	const struct toa_handshake hs = {
		(const struct sock *)sk,
		(const struct sk_buff *)skb,
		(const struct request_sock *)req,
	};
	struct toa_client client;

	if (!toa_listener_wanted(family, hs.sk, hs.skb))
		return false;
	if (toa_probe_is_segment(hs.skb))
		return true;
	if (!toa_handshake_decide(&hs, &client))
		return false;
	toa_hand_put(hs.skb, &client);
	return true;
}

static unsigned long toa_syn_recv_v4_divert(TOA_DIVERT_PARAMS)
{
	return toa_syn_recv_diverts(AF_INET, arg0, arg1, arg2) ?
	       (unsigned long)toa_syn_recv_v4 : 0;
}

static unsigned long toa_syn_recv_v6_divert(TOA_DIVERT_PARAMS)
{
	return toa_syn_recv_diverts(AF_INET6, arg0, arg1, arg2) ?
	       (unsigned long)toa_syn_recv_v6 : 0;
}

/* What a kretprobe keeps from the entry of syn_recv_sock to its return. */
struct toa_syn_recv_call {
	const bool *own_req;
	struct toa_client client;
};

static bool toa_syn_recv_enter(sa_family_t family, const unsigned long *arg,
			       struct toa_syn_recv_call *call)
{
	const struct toa_handshake hs = {
		(const struct sock *)arg[0],
		(const struct sk_buff *)arg[1],
		(const struct request_sock *)arg[2],
	};

	if (toa_probe_note(hs.skb) ||
	    !toa_listener_wanted(family, hs.sk, hs.skb))
		return false;
	call->own_req = toa_syn_recv_own_req(arg);
	return toa_handshake_decide(&hs, &call->client);
}

static bool toa_syn_recv_v4_enter(const unsigned long *arg, void *data)
{
	return toa_syn_recv_enter(AF_INET, arg, data);
}

static bool toa_syn_recv_v6_enter(const unsigned long *arg, void *data)
{
	return toa_syn_recv_enter(AF_INET6, arg, data);
}

/* own_req points into the caller's frame, which is there until we return. */
static unsigned long toa_syn_recv_leave(const void *data, unsigned long ret)
{
	const struct toa_syn_recv_call *call = data;

	toa_child_publish((struct sock *)ret, call->own_req, &call->client);
	return ret;
}

/*
 * The SYN, when it is asked: tcp_conn_request(), which every kind of listener
 * calls for it, MPTCP's too.
 */
static bool toa_conn_request_enter(const unsigned long *arg, void *unused)
{
	const struct sock *sk = (const struct sock *)arg[2];
	const struct sk_buff *skb = (const struct sk_buff *)arg[3];
	struct toa_options options;
	struct toa_client client;
	enum toa_verdict verdict;
	struct toa_syn_key key;

	rcu_read_lock();
	verdict = toa_skb_parse(skb, &options, &client);
	toa_verdict_count(verdict);
	if (verdict == TOA_FOUND && toa_skb_trusted(skb)) {
		toa_syn_key_set(&key, sock_net(sk), skb,
				ntohl(tcp_hdr(skb)->seq));
		toa_stat_inc(TOA_STAT_SYN_KEPT);
		if (!toa_syn_put(&key, &client))
			toa_stat_inc(TOA_STAT_SYN_LOST);
	}
	rcu_read_unlock();
	return false;
}

static struct toa_hook toa_hook_conn_request = {
	.name		= "tcp_conn_request",
	.symbol		= "tcp_conn_request",
	.enter		= toa_conn_request_enter,
	.maxactive	= TOA_SYN_RECV_MAXACTIVE,
};

/* Call with toa_syn_lock held. */
static int toa_syn_switch(bool on)
{
	int err;

	if (!on) {
		toa_hook_remove(&toa_hook_conn_request);
		return 0;
	}
	if (toa_hook_conn_request.means)
		return 0;
	err = toa_syn_init();
	if (err)
		return err;
	return toa_hook_add(&toa_hook_conn_request, NULL, TOA_HOOK_KRETPROBE);
}

/* Before the module is up, and when it goes, there is only the wish. */
static int toa_syn_set(const char *value, const struct kernel_param *param)
{
	struct kernel_param copy = *param;
	bool on;
	int err;

	copy.arg = &on;
	err = param_set_bool(value, &copy);
	if (err)
		return err;
	mutex_lock(&toa_syn_lock);
	err = toa_up ? toa_syn_switch(on) : 0;
	if (!err)
		WRITE_ONCE(toa_syn, on);
	mutex_unlock(&toa_syn_lock);
	return err;
}

static const struct kernel_param_ops toa_syn_ops = {
	TOA_PARAM_NOARG
	.set	= toa_syn_set,
	.get	= param_get_bool,
};

module_param_cb(syn, &toa_syn_ops, &toa_syn, 0644);
MODULE_PARM_DESC(syn,
		 "where the segment that completes a handshake names no client, take the SYN's (bool)");

/*
 * The name.
 */

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
static bool toa_peer_asked(const struct sock *sk, int peer)
{
	if (likely(!peer || !toa_store_may_have(sk) ||
		   !toa_sock_has_peer(sk, peer))) {
		toa_stat_inc(TOA_STAT_NAME_EMPTY);
		return false;
	}
	return true;
}

/**
 * toa_peer_find() - the client to show for a socket
 * @sock: the socket; the caller has it open, so it cannot be destroyed
 * @room: for toa_store_find()
 *
 * Context: within rcu_read_lock().
 * Return: the client, good as toa_store_find()'s, or NULL.
 */
static const struct toa_client *toa_peer_find(const struct socket *sock,
					      struct toa_client *room)
{
	const struct toa_client *client = toa_store_find(sock->sk, room);

	if (!client || !toa_name_wanted(sock)) {
		toa_stat_inc(TOA_STAT_NAME_EMPTY);
		return NULL;
	}
	if (!toa_sock_is_users(sock)) {
		toa_stat_inc(TOA_STAT_NAME_BYPASS);
		return NULL;
	}
	return client;
}

/* False for an IPv6 client: it has no form that the socket's family can take. */
static bool toa_name_fill_v4(struct sockaddr *addr,
			     const struct toa_client *client)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)addr;

	if (client->family != TOA_FAMILY_V4) {
		toa_stat_inc(TOA_STAT_NAME_MISMATCH);
		return false;
	}
	sin->sin_family = AF_INET;
	sin->sin_port = client->port;
	sin->sin_addr.s_addr = client->v4;
	memset(sin->sin_zero, 0, sizeof(sin->sin_zero));
	toa_stat_inc(TOA_STAT_NAME_OK);
	return true;
}

/* Flow label and scope belong to the balancer's path and not to the client. */
static bool toa_name_fill_v6(struct sockaddr *addr,
			     const struct toa_client *client)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)addr;

	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = client->port;
	sin6->sin6_flowinfo = 0;
	sin6->sin6_scope_id = 0;
	if (client->family == TOA_FAMILY_V4)
		ipv6_addr_set_v4mapped(client->v4, &sin6->sin6_addr);
	else
		memcpy(&sin6->sin6_addr, client->v6, sizeof(client->v6));
	toa_stat_inc(TOA_STAT_NAME_OK);
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

/* Out of line: sockets without a client need not pay for its stack frame. */
static noinline bool
toa_getname_answer(const struct socket *sock, struct sockaddr *addr,
		   bool (*fill)(struct sockaddr *addr,
				const struct toa_client *client))
{
	const struct toa_client *client;
	struct toa_client room;
	bool answered;

	rcu_read_lock();
	client = toa_peer_find(sock, &room);
	answered = client && fill(addr, client);
	rcu_read_unlock();
	return answered;
}

static unsigned long toa_getname_v4_divert(TOA_DIVERT_PARAMS)
{
	const struct socket *sock = (const struct socket *)arg0;

	if (!toa_peer_asked(sock->sk, TOA_DIVERT_PEER) ||
	    !toa_getname_answer(sock, (struct sockaddr *)arg1,
				toa_name_fill_v4))
		return 0;
	return (unsigned long)toa_getname_v4;
}

static unsigned long toa_getname_v6_divert(TOA_DIVERT_PARAMS)
{
	const struct socket *sock = (const struct socket *)arg0;

	if (!toa_peer_asked(sock->sk, TOA_DIVERT_PEER) ||
	    !toa_getname_answer(sock, (struct sockaddr *)arg1,
				toa_name_fill_v6))
		return 0;
	return (unsigned long)toa_getname_v6;
}

/* What a kretprobe keeps from the entry of getname to its return. */
struct toa_getname_call {
	struct sockaddr *addr;
	struct toa_client client;
};

static bool toa_getname_enter(const unsigned long *arg, void *data)
{
	const struct socket *sock = (const struct socket *)arg[0];
	struct toa_getname_call *call = data;
	const struct toa_client *client;
	struct toa_client room;

	if (!toa_peer_asked(sock->sk, arg[TOA_GETNAME_PEER]))
		return false;
	rcu_read_lock();
	client = toa_peer_find(sock, &room);
	if (client) {
		call->addr = (struct sockaddr *)arg[1];
		call->client = *client;
	}
	rcu_read_unlock();
	return client;
}

/* The original has said that there is a peer, and how long its name is. */
static unsigned long toa_getname_v4_leave(const void *data, unsigned long ret)
{
	const struct toa_getname_call *call = data;

	if (toa_getname_named(ret))
		toa_name_fill_v4(call->addr, &call->client);
	return ret;
}

static unsigned long toa_getname_v6_leave(const void *data, unsigned long ret)
{
	const struct toa_getname_call *call = data;

	if (toa_getname_named(ret))
		toa_name_fill_v6(call->addr, &call->client);
	return ret;
}

/*
 * The end.
 */

static void toa_sock_forget(unsigned long arg0)
{
	toa_store_drop((struct sock *)arg0);
}

static void toa_sock_settle(unsigned long arg0)
{
	int err = toa_store_settle((struct sock *)arg0);

	if (unlikely(err))
		toa_store_error_count(err);
}

static struct toa_hook toa_hook_destruct = {
	.name		= "inet_sock_destruct",
	.watch		= toa_sock_forget,
};

static struct toa_hook toa_hook_disconnect = {
	.name		= "tcp_disconnect",
	.watch		= toa_sock_forget,
};

static struct toa_hook toa_hook_unhash_v4 = {
	.name		= "unhash (IPv4)",
	.watch		= toa_sock_settle,
};

static struct toa_hook toa_hook_unhash_v6 = {
	.name		= "unhash (IPv6)",
	.watch		= toa_sock_settle,
};

static struct toa_hook toa_hook_getname_v4 = {
	.name		= "getname (IPv4)",
	.divert		= toa_getname_v4_divert,
	.enter		= toa_getname_enter,
	.leave		= toa_getname_v4_leave,
	.data_size	= sizeof(struct toa_getname_call),
	.maxactive	= TOA_GETNAME_MAXACTIVE,
};

static struct toa_hook toa_hook_getname_v6 = {
	.name		= "getname (IPv6)",
	.divert		= toa_getname_v6_divert,
	.enter		= toa_getname_enter,
	.leave		= toa_getname_v6_leave,
	.data_size	= sizeof(struct toa_getname_call),
	.maxactive	= TOA_GETNAME_MAXACTIVE,
};

static struct toa_hook toa_hook_syn_recv_v4 = {
	.name		= "syn_recv_sock (IPv4)",
	.divert		= toa_syn_recv_v4_divert,
	.enter		= toa_syn_recv_v4_enter,
	.leave		= toa_syn_recv_leave,
	.data_size	= sizeof(struct toa_syn_recv_call),
	.maxactive	= TOA_SYN_RECV_MAXACTIVE,
};

static struct toa_hook toa_hook_syn_recv_v6 = {
	.name		= "syn_recv_sock (IPv6)",
	.divert		= toa_syn_recv_v6_divert,
	.enter		= toa_syn_recv_v6_enter,
	.leave		= toa_syn_recv_leave,
	.data_size	= sizeof(struct toa_syn_recv_call),
	.maxactive	= TOA_SYN_RECV_MAXACTIVE,
};

/* What makes a client forgotten: in place before any can be remembered. */
static int toa_lifetime_hook(enum toa_hook_mode mode)
{
	const struct sock *sk = toa_probe_v4.sock->sk;
	int err;

	err = toa_hook_add(&toa_hook_destruct, inet_sock_destruct, mode);
	if (err)
		return err;
	err = toa_hook_add(&toa_hook_disconnect, sk->sk_prot->disconnect, mode);
	if (err)
		return err;
	return toa_probe_check_lifetime();
}

static bool toa_tag_possible(void)
{
	return TOA_TAG_SAFE && toa_hook_is_sure(&toa_hook_disconnect) &&
	       toa_hook_is_sure(&toa_hook_destruct);
}

static int toa_unhash_hook(void)
{
	const struct socket *v6 = toa_probe_v6.sock;
	void (*unhash)(struct sock *sk) = toa_probe_v4.sock->sk->sk_prot->unhash;
	int err;

	err = toa_hook_add(&toa_hook_unhash_v4, unhash, TOA_HOOK_FTRACE);
	if (err || !v6 || v6->sk->sk_prot->unhash == unhash)
		return err;
	return toa_hook_add(&toa_hook_unhash_v6, v6->sk->sk_prot->unhash,
			    TOA_HOOK_FTRACE);
}

/*
 * Tags, if they are wanted and can be had. Afterwards the parameter says what
 * became of the wish.
 */
static int toa_tag_choose(void)
{
	int err;

	sk_user_data = sk_user_data && toa_tag_possible();
	if (!sk_user_data)
		return 0;
	err = toa_unhash_hook();
	if (err)
		return err;
	toa_store_tag(true);
	return toa_probe_check_settle();
}

static int toa_family_hook(struct toa_probe *probe, enum toa_hook_mode mode,
			   struct toa_hook *getname, struct toa_hook *syn_recv,
			   struct sock *(**orig)(TOA_SYN_RECV_PARAMS))
{
	const struct sock *sk;
	int err;

	if (!probe->sock)
		return 0;
	sk = probe->sock->sk;
	err = toa_hook_add(getname, probe->sock->ops->getname, mode);
	if (err)
		return err;
	err = toa_probe_check_getname(probe);
	if (err)
		return err;
	*orig = inet_csk(sk)->icsk_af_ops->syn_recv_sock;
	err = toa_hook_add(syn_recv, *orig, mode);
	if (err)
		return err;
	return toa_probe_check_syn_recv(probe);
}

static int toa_hooks_add(enum toa_hook_mode mode)
{
	int err;

	err = toa_lifetime_hook(mode);
	if (err)
		return err;
	err = toa_tag_choose();
	if (err)
		return err;
	err = toa_family_hook(&toa_probe_v4, mode, &toa_hook_getname_v4,
			      &toa_hook_syn_recv_v4, &toa_syn_recv_v4_orig);
	if (err)
		return err;
	return toa_family_hook(&toa_probe_v6, mode, &toa_hook_getname_v6,
			       &toa_hook_syn_recv_v6, &toa_syn_recv_v6_orig);
}

/*
 * Nobody new is remembered, then nobody is answered, then no tag is left, then
 * nobody is forgotten.
 */
static void toa_hooks_remove(void)
{
	toa_hook_remove(&toa_hook_syn_recv_v6);
	toa_hook_remove(&toa_hook_syn_recv_v4);
	toa_hook_remove(&toa_hook_getname_v6);
	toa_hook_remove(&toa_hook_getname_v4);
	toa_store_clear();
	toa_hook_remove(&toa_hook_unhash_v6);
	toa_hook_remove(&toa_hook_unhash_v4);
	toa_hook_remove(&toa_hook_disconnect);
	toa_hook_remove(&toa_hook_destruct);
}

/* From here on writing to the parameter installs the hook and removes it. */
static int toa_syn_up(void)
{
	int err;

	mutex_lock(&toa_syn_lock);
	err = toa_syn_switch(toa_syn);
	toa_up = !err;
	mutex_unlock(&toa_syn_lock);
	return err;
}

static void toa_syn_down(void)
{
	mutex_lock(&toa_syn_lock);
	toa_up = false;
	toa_syn_switch(false);
	mutex_unlock(&toa_syn_lock);
}

static int __init toa_init(void)
{
	enum toa_hook_mode mode;
	int err;

	err = toa_hook_mode_parse(hook, &mode);
	if (err) {
		pr_err("hook=%s is not known; use auto, ftrace or kretprobe\n",
		       hook);
		return err;
	}
	err = toa_store_init(max_clients);
	if (err)
		return err;
	err = toa_stats_init();
	if (err)
		goto exit_store;
	err = toa_trust_init();
	if (err)
		goto exit_stats;
	err = toa_sockopt_init();
	if (err) {
		pr_err("getsockopt() number %d is taken (error %d): is another toa module loaded?\n",
		       TOA_SO_GET_LOOKUP, err);
		goto exit_trust;
	}
	err = toa_probe_init();
	if (err)
		goto exit_sockopt;
	err = toa_hooks_add(mode);
	if (err)
		goto remove_hooks;
	err = toa_syn_up();
	if (err)
		goto remove_hooks;
	toa_probe_exit();
	pr_info("toa loaded\n");
	return 0;

remove_hooks:
	toa_hooks_remove();
	toa_syn_exit();
	toa_probe_exit();
exit_sockopt:
	toa_sockopt_exit();
exit_trust:
	toa_trust_exit();
exit_stats:
	toa_stats_exit();
exit_store:
	toa_store_exit();
	return err;
}

static void __exit toa_exit(void)
{
	toa_syn_down();
	toa_hooks_remove();
	toa_syn_exit();
	toa_sockopt_exit();
	toa_trust_exit();
	toa_stats_exit();
	toa_store_exit();
	pr_info("toa unloaded\n");
}

module_init(toa_init);
module_exit(toa_exit);

MODULE_DESCRIPTION("Client addresses from the TCP option of a layer-4 balancer");
MODULE_VERSION(TOA_VERSION);
MODULE_LICENSE("GPL");
