/* SPDX-License-Identifier: GPL-2.0 */
/*
 * While a handshake is open
 */
#ifndef TOA_REQUEST_H
#define TOA_REQUEST_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>

#include "handshake.h"
#include "hook.h"
#include "toa.h"

/* They find their functions by name. In place while toa_syn_asked. */
extern struct toa_hook toa_hook_conn_request;
/* The same, where each family has a function of its own: TOA_CONN_REQUEST_V6. */
extern struct toa_hook toa_hook_conn_request_v6;
/* Where TCP_DEFER_ACCEPT drops bare ACKs. */
extern struct toa_hook toa_hook_check_req;

/*
 * Is the SYN asked, too? Read without a lock: it decides nothing but the next
 * segment.
 */
extern bool toa_syn_asked;

/*
 * Does this listener drop bare ACKs (TCP_DEFER_ACCEPT)? Read without a lock, as the
 * kernel itself does.
 */
static inline bool toa_listener_defers(const struct sock *sk)
{
	return READ_ONCE(inet_csk(sk)->icsk_accept_queue.rskq_defer_accept);
}

/* May a client have been remembered for a handshake with this listener? */
static inline bool toa_listener_recalls(const struct sock *sk)
{
	return READ_ONCE(toa_syn_asked) || toa_listener_defers(sk);
}

bool toa_request_recall(const struct toa_handshake *hs,
			struct toa_client *client);

#endif /* TOA_REQUEST_H */
