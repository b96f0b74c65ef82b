/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A balancer's end that speaks MPTCP: one connection with one subflow (RFC 8684)
 */
#ifndef SUBFLOW_H
#define SUBFLOW_H

#include <stdbool.h>

#include "flow.h"

/*
 * What opens it (3.1): version 1, HMAC-SHA256; with both keys on the third ACK, and
 * with the first data, which are four bytes. The server does not look at its own key.
 */
#define MPTCP_KEYS "0101 1111111111111111 2222222222222222"
#define MPTCP_SYN "1e04 0101"
#define MPTCP_ACK "1e14 " MPTCP_KEYS
#define MPTCP_DATA "1e16 " MPTCP_KEYS "0004"

int subflow_send_fin(struct flow *flow);
int subflow_end_connection(struct flow *flow);
bool subflow_lives(const struct flow *flow);
bool subflow_end(struct flow *flow);

#endif /* SUBFLOW_H */
