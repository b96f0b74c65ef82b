/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracepoints
 *
 * In tracefs below events/toa, for perf, trace-cmd and bpftrace. Addresses are a
 * struct sockaddr_in or sockaddr_in6, as the kernel's own tcp events have them.
 * Where a kernel is built without tracepoints, its headers make nothing of this.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM toa

#if !defined(TOA_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define TOA_TRACE_H

#include <linux/in6.h>
#include <linux/skbuff.h>
#include <linux/tracepoint.h>
#include <linux/types.h>
#include <net/sock.h>

#include "compat.h"
#include "ends.h"
#include "reasons.h"
#include "stats.h"
#include "toa.h"

/* What tools are told of the reasons: numbers and names. */
#define TOA_TRACE_DEFINE(stat, name)	TRACE_DEFINE_ENUM(stat);
#define TOA_TRACE_NAME(stat, name)	{ stat, name },
#define TOA_TRACE_LAST(stat, name)	{ stat, name }

TOA_REASONS(TOA_TRACE_DEFINE, TOA_TRACE_DEFINE)

/* What every event has: where, and the three addresses. */
#define TOA_TRACE_FIELDS						\
	__field(unsigned int, netns)					\
	__field(__u16, port)						\
	__array(__u8, local, sizeof(struct sockaddr_in6))		\
	__array(__u8, peer, sizeof(struct sockaddr_in6))		\
	__array(__u8, client, sizeof(struct sockaddr_in6))

#define TOA_TRACE_ASSIGN(sk, ends, whom)				\
do {									\
	__entry->netns = toa_net_number(sock_net(sk));			\
	__entry->port = ntohs((ends).local.sin6_port);			\
	memcpy(__entry->local, &(ends).local, sizeof((ends).local));	\
	memcpy(__entry->peer, &(ends).peer, sizeof((ends).peer));	\
	toa_end_of_client((struct sockaddr_in6 *)__entry->client, whom); \
} while (0)

/* A client was remembered with a new socket. */
TRACE_EVENT(toa_accepted,

	TP_PROTO(const struct sock *sk, const struct toa_client *client),

	TP_ARGS(sk, client),

	TP_STRUCT__entry(
		__field(const void *, sk)
		__field(__u8, kind)
		__field(__u8, syn)
		TOA_TRACE_FIELDS
	),

	TP_fast_assign(
		struct toa_ends ends;

		toa_ends_of_sock(&ends, sk);
		__entry->sk = sk;
		TOA_TRACE_ASSIGN(sk, ends, client);
		__entry->kind = client->kind;
		__entry->syn = client->syn;
	),

	TP_printk("client=" TOA_TRACE_END " local=" TOA_TRACE_END
		  " peer=" TOA_TRACE_END " kind=%u on=%s netns=%u",
		  toa_trace_end(__entry->client),
		  toa_trace_end(__entry->local),
		  toa_trace_end(__entry->peer),
		  __entry->kind, __entry->syn ? "syn" : "ack",
		  __entry->netns)
);

/* An option was not believed, or its client could not be remembered. */
TRACE_EVENT(toa_refused,

	TP_PROTO(const struct sock *listener, const struct sk_buff *skb,
		 const struct toa_client *client, enum toa_stat reason),

	TP_ARGS(listener, skb, client, reason),

	TP_STRUCT__entry(
		__field(int, reason)
		TOA_TRACE_FIELDS
	),

	TP_fast_assign(
		struct toa_ends ends;

		toa_ends_of_segment(&ends, skb);
		__entry->reason = reason;
		TOA_TRACE_ASSIGN(listener, ends, client);
	),

	TP_printk("reason=%s client=" TOA_TRACE_END " local=" TOA_TRACE_END
		  " peer=" TOA_TRACE_END " netns=%u",
		  __print_symbolic(__entry->reason,
				   TOA_REASONS(TOA_TRACE_NAME, TOA_TRACE_LAST)),
		  toa_trace_end(__entry->client),
		  toa_trace_end(__entry->local),
		  toa_trace_end(__entry->peer),
		  __entry->netns)
);

/* A program asked for its peer and was told the client. */
TRACE_EVENT(toa_answered,

	TP_PROTO(const struct sock *sk, const struct toa_client *client),

	TP_ARGS(sk, client),

	TP_STRUCT__entry(
		__field(const void *, sk)
		TOA_TRACE_FIELDS
	),

	TP_fast_assign(
		struct toa_ends ends;

		toa_ends_of_sock(&ends, sk);
		__entry->sk = sk;
		TOA_TRACE_ASSIGN(sk, ends, client);
	),

	TP_printk("client=" TOA_TRACE_END " local=" TOA_TRACE_END
		  " peer=" TOA_TRACE_END " netns=%u",
		  toa_trace_end(__entry->client),
		  toa_trace_end(__entry->local),
		  toa_trace_end(__entry->peer),
		  __entry->netns)
);

#endif /* TOA_TRACE_H */

/* Found by the include path of the module's own folder. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH src
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
