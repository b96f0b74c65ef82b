// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/net/toa_conns: the connections that have a client
 *
 * Those of the reader's network namespace, one a line: this machine's end, the
 * end that the packets come from, the client, and the user and the inode of the
 * socket, as /proc/net/tcp has them: 0 and 0 until the program has accepted it, and
 * again when it has closed it.
 *
 * The kernel's table of connections is walked chain by chain. A chain's lock, which
 * /proc/net/tcp takes, too, is held while one socket is looked for in it, and not
 * while it is shown: it is a reference that keeps the socket. Where a read() ends is a chain
 * and a place in it, so the next one goes on from there whatever has come and gone. A
 * connection that is there all the time is missed or shown twice only if another
 * of the same chain has come or gone meanwhile.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/proc_fs.h>
#include <linux/rculist_nulls.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/seq_file_net.h>
#include <linux/spinlock.h>
#include <net/inet_hashtables.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "compat.h"
#include "conns.h"
#include "ends.h"
#include "store.h"
#include "toa.h"

#define TOA_CONNS_FILE	"toa_conns"

/* The header is at position 0; then the chain's number and the place in it. */
#define TOA_CONNS_PLACE_BITS	31

/**
 * struct toa_conns - a reader
 * @net: the namespace, as seq_file_net() wants it; first
 * @slot: the chain at hand
 * @place: in it, the socket's that is shown
 * @client: the socket's
 */
struct toa_conns {
	struct seq_net_private net;
	unsigned int slot;
	unsigned int place;
	struct toa_client client;
};

static void toa_conns_seek(struct toa_conns *conns, loff_t pos)
{
	pos--;
	conns->slot = pos >> TOA_CONNS_PLACE_BITS;
	conns->place = pos & ((1U << TOA_CONNS_PLACE_BITS) - 1);
}

static loff_t toa_conns_tell(const struct toa_conns *conns)
{
	return ((loff_t)conns->slot << TOA_CONNS_PLACE_BITS) + conns->place + 1;
}

static bool toa_conns_wants(struct toa_conns *conns, const struct net *net,
			    const struct sock *sk)
{
	return sk_fullsock(sk) && net_eq(sock_net(sk), net) &&
	       toa_store_may_have(sk) && toa_store_find(sk, &conns->client);
}

/* The first that is wanted in the chain at hand, from the place on. */
static struct sock *toa_chain_find(struct toa_conns *conns,
				   const struct net *net,
				   struct inet_hashinfo *hashinfo)
{
	struct hlist_nulls_head *chain = &hashinfo->ehash[conns->slot].chain;
	spinlock_t *lock = inet_ehash_lockp(hashinfo, conns->slot);
	const struct hlist_nulls_node *node;
	struct sock *sk, *found = NULL;
	unsigned int place = 0;

	/* Lockless: whoever comes now has come too late for this reader. */
	if (hlist_nulls_empty(chain))
		return NULL;
	spin_lock_bh(lock);
	sk_nulls_for_each(sk, node, chain) {
		if (place >= conns->place && toa_conns_wants(conns, net, sk)) {
			sock_hold(sk);
			found = sk;
			break;
		}
		place++;
	}
	spin_unlock_bh(lock);
	conns->place = place;
	return found;
}

/* With a reference. */
static struct sock *toa_conns_find(struct toa_conns *conns,
				   const struct net *net)
{
	struct inet_hashinfo *hashinfo = toa_net_hashinfo(net);
	struct sock *sk;

	while (conns->slot <= toa_ehash_mask(hashinfo)) {
		sk = toa_chain_find(conns, net, hashinfo);
		if (sk)
			return sk;
		conns->slot++;
		conns->place = 0;
		cond_resched();
	}
	return NULL;
}

static void toa_conns_put(void *v)
{
	if (v && v != SEQ_START_TOKEN)
		sock_put(v);
}

static void *toa_conns_start(struct seq_file *seq, loff_t *pos)
{
	struct toa_conns *conns = seq->private;
	struct sock *sk;

	if (!*pos)
		return SEQ_START_TOKEN;
	toa_conns_seek(conns, *pos);
	sk = toa_conns_find(conns, seq_file_net(seq));
	*pos = toa_conns_tell(conns);
	return sk;
}

static void *toa_conns_next(struct seq_file *seq, void *v, loff_t *pos)
{
	toa_conns_put(v);
	++*pos;
	return toa_conns_start(seq, pos);
}

static void toa_conns_stop(struct seq_file *seq, void *v)
{
	toa_conns_put(v);
}

static void toa_conns_print(struct seq_file *seq, struct sock *sk)
{
	const struct toa_conns *conns = seq->private;
	struct sockaddr_in6 client;
	struct toa_ends ends;

	toa_ends_of_sock(&ends, sk);
	toa_end_of_client(&client, &conns->client);
	toa_end_print(seq, &ends.local);
	seq_putc(seq, ' ');
	toa_end_print(seq, &ends.peer);
	seq_putc(seq, ' ');
	toa_end_print(seq, &client);
	seq_printf(seq, " %u %lu\n", toa_sock_uid(seq, sk),
		   (unsigned long)sock_i_ino(sk));
}

static int toa_conns_show(struct seq_file *seq, void *v)
{
	if (v == SEQ_START_TOKEN)
		seq_puts(seq, "local peer client uid inode\n");
	else
		toa_conns_print(seq, v);
	return 0;
}

static const struct seq_operations toa_conns_seq_ops = {
	.start	= toa_conns_start,
	.next	= toa_conns_next,
	.stop	= toa_conns_stop,
	.show	= toa_conns_show,
};

static const struct toa_net_file toa_conns_file = {
	.ops	= &toa_conns_seq_ops,
	.size	= sizeof(struct toa_conns),
};

static int __net_init toa_conns_net_init(struct net *net)
{
	return toa_net_file_create(TOA_CONNS_FILE, net, &toa_conns_file) ?
	       0 : -ENOMEM;
}

static void __net_exit toa_conns_net_exit(struct net *net)
{
	remove_proc_entry(TOA_CONNS_FILE, net->proc_net);
}

static struct pernet_operations toa_conns_net_ops = {
	.init	= toa_conns_net_init,
	.exit	= toa_conns_net_exit,
};

/**
 * toa_conns_init() - make the file in every namespace, and in new ones
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int toa_conns_init(void)
{
	return register_pernet_subsys(&toa_conns_net_ops);
}

/**
 * toa_conns_exit() - remove it; waits for its readers
 *
 * Before the store goes, in which they look.
 *
 * Context: process, may sleep.
 */
void toa_conns_exit(void)
{
	unregister_pernet_subsys(&toa_conns_net_ops);
}
