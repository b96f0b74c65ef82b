/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The balancer's end of one TCP connection, by hand
 */
#ifndef FLOW_H
#define FLOW_H

#include <stdint.h>

#include "tun.h"

/**
 * struct flow - one connection, as the balancer's end sees it
 * @tun: the wire
 * @local: the balancer's address and port
 * @remote: the server's
 * @seq: the next byte that we send
 * @ack: the next byte that we expect
 * @syn_ack: the server's; its data is not kept
 */
struct flow {
	struct tun *tun;
	struct address local;
	struct address remote;
	uint32_t seq;
	uint32_t ack;
	struct segment syn_ack;
};

#define FLOW_TIMEOUT_MS	10000

int flow_segment(const struct flow *flow, struct segment *seg, uint8_t flags,
		 const char *options, const void *data, size_t len);
void flow_advance(struct flow *flow, const struct segment *seg);
int flow_send(struct flow *flow, uint8_t flags, const char *options,
	      const char *data);
int flow_send_bytes(struct flow *flow, uint8_t flags, const char *options,
		    const void *data, size_t len);
int flow_receive(struct flow *flow, struct segment *seg, int timeout_ms);
int flow_syn(struct flow *flow, const char *options, const char *data);
int flow_wait_data(struct flow *flow, const char *data);
int flow_wait_bytes(struct flow *flow, void *data, size_t len);
int flow_wait_flag(struct flow *flow, uint8_t flag);

#endif /* FLOW_H */
