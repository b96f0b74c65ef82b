/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which client belongs to which socket
 */
#ifndef TOA_STORE_H
#define TOA_STORE_H

#include <linux/compiler.h>
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/types.h>
#include <net/sock.h>

#include "toa.h"

int toa_store_init(unsigned int max);
void toa_store_exit(void);

int toa_store_put(const struct sock *sk, const struct toa_client *client);
const struct toa_client *toa_store_find(const struct sock *sk);
bool toa_store_drop(const struct sock *sk);
s64 toa_store_count(void);

/* Of store.c; here only so that the questions below need no call. */
extern struct hlist_head *toa_buckets;
extern unsigned int toa_bucket_shift;

/* The high bits of a product depend on all bits of the address. */
static inline u64 toa_store_hash(const struct sock *sk)
{
	return (u64)(unsigned long)sk * GOLDEN_RATIO_64 >> toa_bucket_shift;
}

static inline struct hlist_head *toa_store_bucket(const struct sock *sk)
{
	return &toa_buckets[toa_store_hash(sk)];
}

/**
 * toa_store_may_have() - could a socket have a client?
 * @sk: the socket; only its address is used
 *
 * False for most sockets that have none: their bucket is empty. An entry of
 * @sk's was put in before anybody who asks could get hold of @sk, so it cannot
 * be overlooked.
 *
 * Context: any.
 */
static inline bool toa_store_may_have(const struct sock *sk)
{
	return READ_ONCE(toa_store_bucket(sk)->first);
}

#endif /* TOA_STORE_H */
