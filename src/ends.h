/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ends of a connection, to be shown
 */
#ifndef TOA_ENDS_H
#define TOA_ENDS_H

#include <linux/in6.h>
#include <linux/seq_file.h>
#include <linux/skbuff.h>
#include <net/sock.h>

#include "toa.h"

/**
 * struct toa_ends - whom a connection connects
 * @local: this machine's address and port
 * @peer: whom the packets come from: the balancer
 *
 * Each may as well be a struct sockaddr_in: IPv4 addresses always are, those of
 * AF_INET6 sockets, too.
 */
struct toa_ends {
	struct sockaddr_in6 local;
	struct sockaddr_in6 peer;
};

void toa_ends_of_sock(struct toa_ends *ends, const struct sock *sk);
void toa_ends_of_segment(struct toa_ends *ends, const struct sk_buff *skb);
void toa_end_of_client(struct sockaddr_in6 *end,
		       const struct toa_client *client);
void toa_end_print(struct seq_file *seq, const struct sockaddr_in6 *end);

#endif /* TOA_ENDS_H */
