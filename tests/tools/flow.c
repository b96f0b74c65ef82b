// SPDX-License-Identifier: GPL-2.0
/*
 * The balancer's end of one TCP connection, by hand
 */
#include <errno.h>
#include <string.h>

#include "flow.h"

#define SYN_TRIES	10
#define SYN_TIMEOUT_MS	1000

/* What a segment takes of the sequence space. */
static uint32_t segment_span(const struct segment *seg)
{
	return seg->data_len + !!(seg->flags & TH_SYN) + !!(seg->flags & TH_FIN);
}

/* The flow's next segment. options is hex text or NULL. */
int flow_segment(const struct flow *flow, struct segment *seg, uint8_t flags,
		 const char *options, const void *data, size_t len)
{
	*seg = (struct segment){
		.src	= flow->local,
		.dst	= flow->remote,
		.seq	= flow->seq,
		.ack	= flow->ack,
		.flags	= flags,
		.data	= data,
		.data_len = len,
	};
	if (options && options_from_hex(options, seg->options, &seg->options_len)) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

/* It was sent. */
void flow_advance(struct flow *flow, const struct segment *seg)
{
	flow->seq += segment_span(seg);
}

int flow_send_bytes(struct flow *flow, uint8_t flags, const char *options,
		    const void *data, size_t len)
{
	struct segment seg;

	if (flow_segment(flow, &seg, flags, options, data, len) ||
	    tun_send(flow->tun, &seg))
		return -1;
	flow_advance(flow, &seg);
	return 0;
}

/* data is text or NULL. */
int flow_send(struct flow *flow, uint8_t flags, const char *options,
	      const char *data)
{
	return flow_send_bytes(flow, flags, options, data,
			       data ? strlen(data) : 0);
}

static int flow_owns(const struct flow *flow, const struct segment *seg)
{
	return seg->dst.family == flow->local.family &&
	       seg->dst.port == flow->local.port &&
	       seg->src.port == flow->remote.port &&
	       !memcmp(seg->dst.bytes, flow->local.bytes, 16);
}

/* The next segment of this connection; moves flow->ack over it. */
int flow_receive(struct flow *flow, struct segment *seg, int timeout_ms)
{
	do {
		if (tun_receive(flow->tun, seg, timeout_ms))
			return -1;
	} while (!flow_owns(flow, seg));

	if (seg->flags & TH_RST)
		return 0;
	if (seg->flags & TH_SYN || seg->seq == flow->ack)
		flow->ack = seg->seq + segment_span(seg);
	return 0;
}

/*
 * An ACK instead of a SYN-ACK: an earlier connection has these ports, mostly in
 * TIME_WAIT. It ends by the answer that RFC 9293 3.10.7.3 has for it, so that the
 * next SYN is free to begin.
 */
static int flow_reset_earlier(const struct flow *flow, const struct segment *seg)
{
	struct flow earlier = *flow;

	earlier.seq = seg->ack;
	return flow_send(&earlier, TH_RST, NULL, NULL);
}

/* Waits for the SYN-ACK, which sets both numbers right. */
static int flow_wait_syn_ack(struct flow *flow)
{
	struct segment seg;

	do {
		if (flow_receive(flow, &seg, SYN_TIMEOUT_MS))
			return -1;
		if (seg.flags & TH_RST) {
			errno = ECONNREFUSED;
			return -1;
		}
		if (!(seg.flags & TH_SYN) && flow_reset_earlier(flow, &seg))
			return -1;
	} while ((seg.flags & (TH_SYN | TH_ACK)) != (TH_SYN | TH_ACK));
	flow->seq = seg.ack;
	flow->syn_ack = seg;
	flow->syn_ack.data = NULL;
	return 0;
}

/*
 * Sends the SYN, and again when nobody answers, as TCP does: a device's IPv6
 * address takes its time to become usable on a busy machine.
 */
int flow_syn(struct flow *flow, const char *options, const char *data)
{
	uint32_t first = flow->seq;
	int tries;

	for (tries = 0; tries < SYN_TRIES; tries++) {
		flow->seq = first;
		if (flow_send(flow, TH_SYN, options, data))
			return -1;
		if (!flow_wait_syn_ack(flow))
			return 0;
		if (errno != ETIMEDOUT)
			return -1;
	}
	return -1;
}

int flow_wait_data(struct flow *flow, const char *data)
{
	struct segment seg;

	do {
		if (flow_receive(flow, &seg, FLOW_TIMEOUT_MS))
			return -1;
	} while (seg.data_len != strlen(data) ||
		 memcmp(seg.data, data, seg.data_len));
	return 0;
}

/* The beginning of the next segment that has data, acknowledged. */
int flow_wait_bytes(struct flow *flow, void *data, size_t len)
{
	struct segment seg;

	do {
		if (flow_receive(flow, &seg, FLOW_TIMEOUT_MS))
			return -1;
		if (seg.flags & TH_RST) {
			errno = ECONNRESET;
			return -1;
		}
	} while (seg.data_len < len);
	memcpy(data, seg.data, len);
	return flow_send(flow, TH_ACK, NULL, NULL);
}

int flow_wait_flag(struct flow *flow, uint8_t flag)
{
	struct segment seg;

	do {
		if (flow_receive(flow, &seg, FLOW_TIMEOUT_MS))
			return -1;
	} while (!(seg.flags & flag));
	return 0;
}
