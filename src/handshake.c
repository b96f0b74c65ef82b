// SPDX-License-Identifier: GPL-2.0
/*
 * Where a handshake completes
 *
 * The kernel's syn_recv_sock functions make the child. The options of the segment
 * that completes the handshake are read before; only when they name a client that
 * may be shown does the call go through a function of ours, which calls the
 * original and remembers the client with the child that it made.
 */
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/inet_sock.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "../toa.h"
#include "compat.h"
#include "handshake.h"
#include "hook.h"
#include "probe.h"
#include "request.h"
#include "stats.h"
#include "store.h"
#include "trace.h"
#include "trust.h"

/* Handshakes that may complete at one time: one a CPU, more when preemptible. */
#define TOA_SYN_RECV_MAXACTIVE	1024

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
 * @kinds: which layouts are read
 * @client: good when the result is TOA_FOUND, else nothing
 *
 * Return: an enum toa_verdict.
 */
static __always_inline enum toa_verdict
toa_skb_parse(const struct sk_buff *skb, struct toa_options *options,
	      const struct toa_kinds *kinds, struct toa_client *client)
{
	enum toa_verdict verdict;

	if (!toa_skb_options(skb, options))
		return TOA_MALFORMED;
	verdict = toa_options_parse(options, kinds, client);
	if (verdict == TOA_FOUND && !client->port)
		client->port = tcp_hdr(skb)->source;
	return verdict;
}

/* @client: whom the option names, or NULL where that is not known */
static noinline void toa_handshake_refuse(const struct toa_handshake *hs,
					  const struct toa_client *client,
					  enum toa_stat reason)
{
	toa_handshake_count(hs, reason);
	trace_toa_refused(hs->sk, hs->skb, client, reason);
}

/* What is counted of one who may not name a client. */
static const enum toa_stat toa_trust_stats[] = {
	[TOA_TRUST_NOBODY]	= TOA_STAT_DISABLED,
	[TOA_TRUST_SOURCE]	= TOA_STAT_SOURCE,
	[TOA_TRUST_PORT]	= TOA_STAT_PORT,
};

/* May it name this client? */
static __always_inline bool
toa_handshake_trusted(const struct toa_handshake *hs,
		      const struct toa_client *client)
{
	enum toa_trust trust = toa_trust_ask(hs->skb);

	if (likely(trust == TOA_TRUST_YES))
		return true;
	toa_handshake_refuse(hs, client, toa_trust_stats[trust]);
	return false;
}

/*
 * No option was read: is there one all the same, which the parameters kinds and
 * syn leave out?
 */
static void toa_handshake_explain(const struct toa_handshake *hs)
{
	const struct toa_layout *layout;
	struct toa_options options;
	bool wanted;

	if (!toa_skb_options(hs->skb, &options) ||
	    toa_options_next(&options, toa_trust_every_kind(), &layout) !=
	    TOA_FOUND)
		return;
	wanted = toa_option_layout(options.opt, options.syn, toa_trust_kinds());
	toa_handshake_refuse(hs, NULL,
			     wanted ? TOA_STAT_ON_SYN : TOA_STAT_KIND);
}

static noinline void toa_handshake_no_client(const struct toa_handshake *hs,
					     enum toa_verdict verdict)
{
	if (verdict == TOA_MALFORMED)
		toa_handshake_refuse(hs, NULL, TOA_STAT_MALFORMED);
	else if (verdict == TOA_UNUSABLE)
		toa_handshake_refuse(hs, NULL, TOA_STAT_UNUSABLE);
	else
		toa_handshake_explain(hs);
}

/**
 * toa_handshake_client() - the client of a handshake
 * @hs: the handshake
 * @client: good when the result is TOA_FOUND, else nothing
 * @also: what is to be counted with it, if it is believed; TOA_STATS: nothing
 *
 * The option of the segment that completes the handshake decides; only when it
 * has none, an earlier segment's. A SYN completes a handshake with Fast Open: it proves
 * less than an ACK, and counts where SYNs are asked at all.
 *
 * Context: within toa_rcu_read_lock().
 * Return: an enum toa_verdict.
 */
static __always_inline enum toa_verdict
toa_handshake_client(const struct toa_handshake *hs, struct toa_client *client,
		     enum toa_stat *also)
{
	const struct toa_kinds *kinds = toa_trust_kinds();
	struct toa_options options;
	enum toa_verdict verdict;

	*also = TOA_STATS;
	if (unlikely(tcp_hdr(hs->skb)->syn) && !READ_ONCE(toa_syn_asked))
		return TOA_ABSENT;
	verdict = toa_skb_parse(hs->skb, &options, kinds, client);
	if (verdict == TOA_FOUND) {
		if (toa_options_repeat(&options, kinds))
			*also = TOA_STAT_DUPLICATE;
		return TOA_FOUND;
	}
	if (verdict == TOA_ABSENT && toa_listener_recalls(hs->sk) &&
	    toa_request_recall(hs, client)) {
		*also = client->syn ? TOA_STAT_SYN_USED : TOA_STAT_ACK_USED;
		return TOA_FOUND;
	}
	return verdict;
}

/*
 * No option at all, or timestamps alone, and no earlier segment was asked: most
 * handshakes of a server on which few connections come from a balancer.
 */
static __always_inline bool
toa_handshake_is_plain(const struct toa_handshake *hs)
{
	struct toa_options options;

	return !toa_listener_recalls(hs->sk) &&
	       toa_skb_options(hs->skb, &options) &&
	       (!options.len ||
		toa_options_are_timestamps(options.opt, options.len));
}

/**
 * toa_handshake_names() - does a segment before the last name a client?
 * @hs: the handshake and the segment
 * @client: written when it does
 *
 * What may not be shown is counted.
 *
 * Context: any; does not sleep.
 * Return: is there one that may be shown?
 */
bool toa_handshake_names(const struct toa_handshake *hs,
			 struct toa_client *client)
{
	struct toa_options options;
	enum toa_verdict verdict;
	bool found;

	toa_rcu_read_lock();
	verdict = toa_skb_parse(hs->skb, &options, toa_trust_kinds(), client);
	found = verdict == TOA_FOUND && toa_handshake_trusted(hs, client);
	if (verdict != TOA_FOUND)
		toa_handshake_no_client(hs, verdict);
	toa_rcu_read_unlock();
	return found;
}

/* Finds out whether there is a client that may be shown, and counts why not. */
static bool toa_handshake_judge(const struct toa_handshake *hs,
				struct toa_client *client)
{
	enum toa_verdict verdict;
	enum toa_stat also;

	verdict = toa_handshake_client(hs, client, &also);
	if (verdict != TOA_FOUND) {
		toa_handshake_no_client(hs, verdict);
		return false;
	}
	if (!toa_handshake_trusted(hs, client))
		return false;
	if (unlikely(also != TOA_STATS))
		toa_handshake_count(hs, also);
	return true;
}

/* Has this handshake, which is not plain, a client that may be shown? */
static bool toa_handshake_decide(const struct toa_handshake *hs,
				 struct toa_client *client)
{
	bool found;

	toa_rcu_read_lock();
	found = toa_handshake_judge(hs, client);
	toa_rcu_read_unlock();
	if (!found)
		toa_handshake_count(hs, TOA_STAT_SYN_NO_TOA);
	return found;
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
static __always_inline bool toa_listener_wanted(sa_family_t family,
						const struct sock *sk,
						const struct sk_buff *skb)
{
	return sk->sk_family == family &&
	       this_cpu_read(toa_hand.skb) != skb;
}

/*
 * Has this call to be looked into? A plain segment is counted, and pays for nothing
 * else.
 */
static __always_inline bool
toa_handshake_wanted(sa_family_t family, const struct toa_handshake *hs)
{
	if (!toa_listener_wanted(family, hs->sk, hs->skb))
		return false;
	if (!toa_handshake_is_plain(hs))
		return true;
	toa_handshake_count(hs, TOA_STAT_SYN_NO_TOA);
	return false;
}

/* Why a child cannot have a client; TOA_STATS: it can. */
static enum toa_stat toa_child_objection(const struct sock *child,
					 const bool *own_req)
{
	if (!child)
		return TOA_STAT_NOT_MADE;
	if (!*own_req)
		return TOA_STAT_LOST_RACE;
	return toa_child_is_foreign(child) ? TOA_STAT_FOREIGN : TOA_STATS;
}

/**
 * toa_child_publish() - remember the client of a new child
 * @hs: the handshake that it was made of
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
static void toa_child_publish(const struct toa_handshake *hs,
			      struct sock *child, const bool *own_req,
			      const struct toa_client *client)
{
	enum toa_stat objection = toa_child_objection(child, own_req);
	int err;

	if (objection != TOA_STATS) {
		toa_handshake_refuse(hs, client, objection);
		return;
	}
	err = toa_store_put(child, client);
	if (err) {
		toa_handshake_refuse(hs, client, toa_stat_of_store_error(err));
		return;
	}
	toa_handshake_count(hs, TOA_STAT_SYN_TOA);
	trace_toa_accepted(child, client);
}

/*
 * It was decided that there is a client. Who has to find it out again may find none:
 * the lists may have been changed since.
 */
static noinline bool toa_syn_recv_again(const struct toa_handshake *hs,
					struct toa_client *client)
{
	enum toa_stat also;
	bool found;

	toa_rcu_read_lock();
	found = toa_handshake_client(hs, client, &also) == TOA_FOUND;
	toa_rcu_read_unlock();
	if (!found)
		memset(client, 0, sizeof(*client));
	toa_hand_put(hs->skb, client);
	return found;
}

/**
 * toa_syn_recv_begin() - before the original runs
 * @hs: the handshake
 * @client: written when there is one
 *
 * Return: is there a client to remember?
 */
static __always_inline bool toa_syn_recv_begin(const struct toa_handshake *hs,
					       struct toa_client *client)
{
	return likely(toa_hand_take(hs->skb, client)) ||
	       toa_syn_recv_again(hs, client);
}

static void toa_syn_recv_end(const struct toa_handshake *hs,
			     struct sock *child, const bool *own_req,
			     const struct toa_client *client)
{
	this_cpu_write(toa_hand.skb, NULL);
	if (client)
		toa_child_publish(hs, child, own_req, client);
}

typedef struct sock *(*toa_syn_recv_t)(TOA_SYN_RECV_PARAMS);

static __always_inline struct sock *
toa_syn_recv(const struct toa_hook *hook, TOA_SYN_RECV_PARAMS)
{
	const toa_syn_recv_t orig = (toa_syn_recv_t)hook->addr;
	const struct toa_handshake hs = { sk, skb, req };
	struct toa_client client;
	struct sock *child;
	bool found;

	if (toa_probe_note(skb))
		return NULL;
	found = toa_syn_recv_begin(&hs, &client);
	child = orig(TOA_SYN_RECV_ARGS);
	toa_syn_recv_end(&hs, child, TOA_SYN_RECV_OWN_REQ,
			 found ? &client : NULL);
	return child;
}

static struct sock *toa_syn_recv_v4(TOA_SYN_RECV_PARAMS)
{
	return toa_syn_recv(&toa_hook_syn_recv_v4, TOA_SYN_RECV_ARGS);
}

static struct sock *toa_syn_recv_v6(TOA_SYN_RECV_PARAMS)
{
	return toa_syn_recv(&toa_hook_syn_recv_v6, TOA_SYN_RECV_ARGS);
}

/* A replacement of another shape would have the kernel's arguments for its own. */
static_assert(__same_type(*((struct inet_connection_sock_af_ops *)0)->syn_recv_sock,
			  toa_syn_recv_v4),
	      "toa: syn_recv_sock has other arguments in this kernel; see TOA_SYN_RECV_PARAMS in src/compat.h");

/* Go on in the replacement when there is a client. */
static bool toa_syn_recv_diverts(unsigned long sk, unsigned long skb,
				 unsigned long req)
{
	const struct toa_handshake hs = {
		(const struct sock *)sk,
		(const struct sk_buff *)skb,
		(const struct request_sock *)req,
	};
	struct toa_client client;

	if (toa_probe_is_segment(hs.skb))
		return true;
	if (!toa_handshake_decide(&hs, &client))
		return false;
	toa_hand_put(hs.skb, &client);
	return true;
}

static __always_inline bool toa_syn_recv_asked(sa_family_t family,
					       unsigned long sk,
					       unsigned long skb)
{
	const struct toa_handshake hs = {
		(const struct sock *)sk,
		(const struct sk_buff *)skb,
	};

	return toa_handshake_wanted(family, &hs);
}

static __always_inline bool toa_syn_recv_v4_asked(TOA_DIVERT_PARAMS)
{
	return toa_syn_recv_asked(AF_INET, arg0, arg1);
}

static __always_inline bool toa_syn_recv_v6_asked(TOA_DIVERT_PARAMS)
{
	return toa_syn_recv_asked(AF_INET6, arg0, arg1);
}

static unsigned long toa_syn_recv_v4_divert(TOA_DIVERT_PARAMS)
{
	return toa_syn_recv_diverts(arg0, arg1, arg2) ?
	       (unsigned long)toa_syn_recv_v4 : 0;
}

static unsigned long toa_syn_recv_v6_divert(TOA_DIVERT_PARAMS)
{
	return toa_syn_recv_diverts(arg0, arg1, arg2) ?
	       (unsigned long)toa_syn_recv_v6 : 0;
}

TOA_HOOK_DIVERT(toa_syn_recv_v4_callback, toa_syn_recv_v4_asked,
		toa_syn_recv_v4_divert)
TOA_HOOK_DIVERT(toa_syn_recv_v6_callback, toa_syn_recv_v6_asked,
		toa_syn_recv_v6_divert)

/*
 * What a kretprobe keeps from the entry of syn_recv_sock to its return. The caller
 * has the listener, the segment and own_req, and cannot go on before we return.
 */
struct toa_syn_recv_call {
	struct toa_handshake hs;
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

	/* Alibaba's 2.6.32 calls it with nothing for an ACK that it defers. */
	if (!hs.skb || toa_probe_note(hs.skb) ||
	    !toa_handshake_wanted(family, &hs))
		return false;
	call->hs = hs;
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

static unsigned long toa_syn_recv_leave(const void *data, unsigned long ret)
{
	const struct toa_syn_recv_call *call = data;

	toa_child_publish(&call->hs, (struct sock *)ret, call->own_req,
			  &call->client);
	return ret;
}

struct toa_hook toa_hook_syn_recv_v4 = {
	.name		= "syn_recv_sock (IPv4)",
	.callback	= toa_syn_recv_v4_callback,
	.enter		= toa_syn_recv_v4_enter,
	.leave		= toa_syn_recv_leave,
	.data_size	= sizeof(struct toa_syn_recv_call),
	.maxactive	= TOA_SYN_RECV_MAXACTIVE,
};

struct toa_hook toa_hook_syn_recv_v6 = {
	.name		= "syn_recv_sock (IPv6)",
	.callback	= toa_syn_recv_v6_callback,
	.enter		= toa_syn_recv_v6_enter,
	.leave		= toa_syn_recv_leave,
	.data_size	= sizeof(struct toa_syn_recv_call),
	.maxactive	= TOA_SYN_RECV_MAXACTIVE,
};
