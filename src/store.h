/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which client belongs to which socket
 */
#ifndef TOA_STORE_H
#define TOA_STORE_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <net/sock.h>

#include "table.h"
#include "tag.h"
#include "toa.h"

int toa_store_init(unsigned int max);
void toa_store_exit(void);
void toa_store_tag(bool on);
void toa_store_clear(void);

int toa_store_put(struct sock *sk, const struct toa_client *client);
bool toa_store_find(const struct sock *sk, struct toa_client *client);
bool toa_store_drop(struct sock *sk);
int toa_store_settle(struct sock *sk);

/* A tag is one word that is never changed, only set and cleared. */
static inline u64 toa_store_word(const struct sock *sk)
{
	/*
	 * Who sees it cleared by toa_store_settle() must also see the table's
	 * entry that took its place.
	 */
	return (unsigned long)smp_load_acquire(&sk->sk_user_data);
}

/**
 * toa_store_has_tag() - is a socket's client in the socket itself?
 * @sk: any socket
 *
 * Context: any.
 */
static inline bool toa_store_has_tag(const struct sock *sk)
{
	u64 word = toa_store_word(sk);

	/* Most sockets have nothing there at all: that is one question less. */
	return word && toa_tag_is(word);
}

/**
 * toa_store_may_have() - could a socket have a client?
 * @sk: any socket that goes through inet_sock_destruct()
 *
 * False for most sockets that have none: no tag, and their bucket is empty.
 *
 * Context: any.
 */
static inline bool toa_store_may_have(const struct sock *sk)
{
	return toa_store_has_tag(sk) || toa_table_may_have(sk);
}

/**
 * toa_store_look() - the client of a socket that has no tag, where it lies
 * @sk: a socket that cannot be destroyed meanwhile
 *
 * Context: any; within toa_rcu_read_lock().
 * Return: the client, good until toa_rcu_read_unlock(), or NULL.
 */
static inline const struct toa_client *toa_store_look(const struct sock *sk)
{
	return toa_table_look(sk);
}

#endif /* TOA_STORE_H */
