/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The small net in which all tests play
 *
 * The kernel under test is the server. Everything else in its two prefixes is
 * this program at the other end of a TUN device: a balancer that opens the
 * connections. The clients exist in options only.
 */
#ifndef NET_H
#define NET_H

#include <stdbool.h>

#include "flow.h"
#include "tun.h"

extern const struct address net_server_v4;
extern const struct address net_server_v6;
extern const struct address net_balancer_v4;
extern const struct address net_balancer_v6;
extern const struct address net_client_v4;
extern const struct address net_client_v6;

/* The clients' options, port 12345. */
#define OPT_V4	"fe08 3039 cb007107"
#define OPT_V6	"fe14 3039 20010db8000c0000 0000000000000007"
/* Another client's, 198.51.100.66:6666, who must never be shown. */
#define OPT_V4_OTHER "fe08 1a0a c6336442"

int net_open(struct tun *tun);
void net_flow(struct tun *tun, struct flow *flow, int family,
	      uint16_t server_port);
int net_sysctl(const char *path, const char *value);
long net_counter(const char *name);

#endif /* NET_H */
