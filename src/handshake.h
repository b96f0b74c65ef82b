/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a handshake completes
 */
#ifndef TOA_HANDSHAKE_H
#define TOA_HANDSHAKE_H

#include <linux/types.h>

#include "hook.h"

/* To be placed at the families' syn_recv_sock. */
extern struct toa_hook toa_hook_syn_recv_v4;
extern struct toa_hook toa_hook_syn_recv_v6;
/* Finds its function by name; in place while toa_syn_asked. */
extern struct toa_hook toa_hook_conn_request;
/* The same, where each family has a function of its own: TOA_CONN_REQUEST_V6. */
extern struct toa_hook toa_hook_conn_request_v6;

/*
 * Is the SYN asked, too? Read without a lock: it decides nothing but the next
 * segment.
 */
extern bool toa_syn_asked;

#endif /* TOA_HANDSHAKE_H */
