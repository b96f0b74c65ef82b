/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table that has clients beside their sockets
 */
#ifndef TOA_TABLE_H
#define TOA_TABLE_H

#include <linux/compiler.h>
#include <linux/list.h>
#include <linux/types.h>
#include <net/sock.h>

#include "compat.h"
#include "toa.h"

int toa_table_init(unsigned int max);
void toa_table_exit(void);

int toa_table_put(const struct sock *sk, const struct toa_client *client);
const struct toa_client *toa_table_look(const struct sock *sk);
bool toa_table_find(const struct sock *sk, struct toa_client *client);
bool toa_table_take(const struct sock *sk);
s64 toa_table_count(void);

/* Buckets of the largest table: 4 MiB of them. */
#define TOA_TABLE_BITS_MAX	19

/* Of table.c; here only so that the questions below need no call. */
extern struct hlist_head *toa_buckets;
extern u64 toa_bucket_mask;

/*
 * The high bits of a product depend on all bits of the address. A fixed shift and a
 * mask: a variable shift would cost every getpeername() a few instructions.
 */
static inline u64 toa_table_hash(const struct sock *sk)
{
	return (u64)(unsigned long)sk * GOLDEN_RATIO_64 >>
	       (64 - TOA_TABLE_BITS_MAX) & toa_bucket_mask;
}

static inline struct hlist_head *toa_table_bucket(const struct sock *sk)
{
	return &toa_buckets[toa_table_hash(sk)];
}

/**
 * toa_table_may_have() - could a socket have a client?
 * @sk: the socket; only its address is used
 *
 * False for most sockets that have none: their bucket is empty.
 *
 * Context: any.
 */
static inline bool toa_table_may_have(const struct sock *sk)
{
	/*
	 * A plain read, which is one instruction with its question: nothing is done
	 * with what was read.
	 */
	return toa_race(toa_table_bucket(sk)->first);
}

/**
 * toa_table_drop() - forget a socket's client
 * @sk: the socket
 *
 * Called for every socket that is destroyed, so the common case, an empty
 * bucket, takes no lock and makes no call: an entry for @sk was put in by whoever
 * made the socket or had it locked, which happened before it could be disconnected
 * or destroyed.
 *
 * Context: any; does not sleep.
 * Return: was there one?
 */
static inline bool toa_table_drop(const struct sock *sk)
{
	return unlikely(toa_table_may_have(sk)) && toa_table_take(sk);
}

#endif /* TOA_TABLE_H */
