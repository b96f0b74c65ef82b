/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module asks of TCP sockets
 */
#ifndef TOA_SOCKS_H
#define TOA_SOCKS_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <net/inet_sock.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "compat.h"

/**
 * toa_sock_has_peer() - has this socket a peer to name?
 * @sk: a TCP socket
 * @peer: getname()'s argument: 1 as getpeername() asks, 2 for any state
 *
 * As inet_getname() decides it. Read without the socket's lock, as that did
 * before 5.16: whoever asks while the state changes may get the answer of either
 * side.
 *
 * Context: any.
 */
static inline bool toa_sock_has_peer(const struct sock *sk, int peer)
{
	if (!inet_sk(sk)->inet_dport)
		return false;
	return peer != 1 ||
	       !((1 << READ_ONCE(sk->sk_state)) & (TCPF_CLOSE | TCPF_SYN_SENT));
}

void toa_socks_visit(void (*visit)(struct sock *sk));

#endif /* TOA_SOCKS_H */
