/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The client of an MPTCP connection
 */
#ifndef TOA_MPTCP_H
#define TOA_MPTCP_H

#include <linux/net.h>
#include <linux/types.h>

#include "hook.h"
#include "toa.h"

/* To be placed at what disconnects an MPTCP socket. */
extern struct toa_hook toa_hook_mptcp_disconnect;

bool toa_mptcp_find(const struct socket *sock, struct toa_client *client);

#endif /* TOA_MPTCP_H */
