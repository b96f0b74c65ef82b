/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which client belongs to which socket
 */
#ifndef TOA_STORE_H
#define TOA_STORE_H

#include <linux/types.h>
#include <net/sock.h>

#include "toa.h"

int toa_store_init(unsigned int max);
void toa_store_exit(void);

int toa_store_put(const struct sock *sk, const struct toa_client *client);
bool toa_store_get(const struct sock *sk, struct toa_client *client);
bool toa_store_drop(const struct sock *sk);
s64 toa_store_count(void);

#endif /* TOA_STORE_H */
