// SPDX-License-Identifier: GPL-2.0
/*
 * The client of an MPTCP connection
 *
 * A client that speaks MPTCP makes two sockets: a TCP one, the first subflow, on which
 * the handshake is hooked as on any, and the MPTCP socket, which is what the program
 * gets. That one has the addresses and ports of its first subflow and is in no table
 * of the kernel's, so the subflow is looked up by them. Which MPTCP socket a subflow
 * belongs to it says itself: since accept() its sk_socket is the program's. No other
 * connection with the same addresses and ports can have that.
 *
 * A subflow may end long before its connection. Whoever was found is therefore put
 * into the table for the MPTCP socket, too, and forgotten when that is disconnected
 * or destroyed.
 */
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <net/inet_hashtables.h>
#include <net/inet_sock.h>
#include <net/inet6_hashtables.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "compat.h"
#include "mptcp.h"
#include "store.h"
#include "table.h"

/* In IPv6's words or IPv4's; the caller puts it, and is within rcu_read_lock(). */
static struct sock *toa_subflow_get(const struct sock *msk)
{
	const struct inet_sock *inet = inet_sk(msk);
	const u16 port = ntohs(inet->inet_sport);
	struct net *net = sock_net(msk);

	if (msk->sk_family == AF_INET6 &&
	    !ipv6_addr_v4mapped(toa_sock_v6_remote(msk)))
		return toa_lookup_v6(toa_lookup_in(net),
				     toa_sock_v6_remote(msk), inet->inet_dport,
				     toa_sock_v6_local(msk), port,
				     msk->sk_bound_dev_if, 0);
	return __inet_lookup_established(toa_lookup_in(net), inet->inet_daddr,
					 inet->inet_dport,
					 inet->inet_rcv_saddr, port,
					 msk->sk_bound_dev_if, 0);
}

/*
 * Read without the subflow's lock: sk_socket is set once, by accept(), and cleared
 * when the subflow ends.
 */
static bool toa_subflow_client(const struct sock *ssk,
			       const struct socket *sock,
			       struct toa_client *client)
{
	return sk_fullsock(ssk) && READ_ONCE(ssk->sk_socket) == sock &&
	       toa_store_find(ssk, client);
}

/*
 * Who disconnects an MPTCP socket owns its lock, and so does our hook then. Only while
 * nobody owns it may a client be put in, or it could come after the hook has forgotten
 * it. There is no waiting here: next time will do. Interrupts are off, so that
 * no softirq of this CPU waits for the lock.
 */
static void toa_mptcp_keep(const struct socket *sock, const struct sock *ssk)
{
	struct sock *msk = sock->sk;
	struct toa_client client;
	unsigned long flags;

	if (TOA_LOCKS_SLEEP || !READ_ONCE(toa_hook_mptcp_disconnect.means))
		return;
	local_irq_save(flags);
	if (spin_trylock(&msk->sk_lock.slock)) {
		if (!sock_owned_by_user(msk) &&
		    toa_subflow_client(ssk, sock, &client))
			toa_table_put(msk, &client);
		spin_unlock(&msk->sk_lock.slock);
	}
	local_irq_restore(flags);
}

/**
 * toa_mptcp_find() - look up the client of an MPTCP socket
 * @sock: the socket, with a client of its own neither as a tag nor in the table; the
 *	caller has it open
 * @client: written when there is one
 *
 * Context: any; does not sleep.
 * Return: is there one?
 */
bool toa_mptcp_find(const struct socket *sock, struct toa_client *client)
{
	struct sock *ssk;
	bool found = false;

	rcu_read_lock();
	ssk = toa_subflow_get(sock->sk);
	if (ssk) {
		found = toa_subflow_client(ssk, sock, client);
		if (found)
			toa_mptcp_keep(sock, ssk);
		sock_gen_put(ssk);
	}
	rcu_read_unlock();
	return found;
}
