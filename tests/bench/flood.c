// SPDX-License-Identifier: GPL-2.0
/*
 * SYNs that nobody completes, and a handshake afterwards
 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "clock.h"
#include "connection.h"
#include "life.h"
#include "net.h"
#include "rows.h"
#include "server.h"

static void drain(struct tun *tun)
{
	while (read(tun->fd, tun->packet, sizeof(tun->packet)) > 0)
		;
}

/* Each from another port, and after all ports from another address. */
static int syn_send(struct life *life, unsigned int i)
{
	struct flow *flow = &life->flow;
	int end = life->family == AF_INET ? 3 : 15;
	uint64_t cost;

	net_flow(life->tun, flow, life->family, SERVER_PORT);
	flow->local.bytes[end] = 10 + i / 50000;
	flow->local.port = 1024 + i % 50000;
	flow->seq = i * 77777;
	if (timed_send(flow, TH_SYN, life->on_syn, NULL, 0, &cost))
		return -1;
	row_add(ROW_FLOOD, cost);
	drain(life->tun);
	return 0;
}

static int after_it(struct life *life)
{
	uint64_t syn, ack;

	net_flow(life->tun, &life->flow, life->family, SERVER_PORT);
	if (timed_send(&life->flow, TH_SYN, life->on_syn, NULL, 0, &syn))
		return -1;
	if (flow_wait_flag(&life->flow, TH_SYN))
		return -1;
	if (timed_send(&life->flow, TH_ACK, NULL, NULL, 0, &ack))
		return -1;
	life->fd = listener_accept(life->listener, true, NULL);
	if (life->fd < 0)
		return -1;
	socket_kill(life->fd);
	row_add(ROW_FLOODED, syn + ack);
	return 0;
}

static int flood(struct life *life, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		/* The last ones, when what there is to fill is full. */
		rows_count(i + REPEATS >= count);
		if (syn_send(life, i))
			return -1;
	}
	for (i = 0; i < REPEATS; i++)
		if (after_it(life))
			return -1;
	return 0;
}

int flood_run(const struct order *order)
{
	static const enum row rows[] = { ROW_FLOOD, ROW_FLOODED };
	struct life life = { .family = order->family };
	struct tun tun;
	int err;

	if (net_open(&tun))
		return -1;
	life.tun = &tun;
	if (life_listen(&life))
		return -1;
	err = life_warm(&life);
	rows_reset();
	life.on_syn = family_option(order->family);
	err = err ?: flood(&life, order->count);
	rows_print(order->variant, family_name(order->family), "client");
	close(life.listener);
	say_result(order, "a flood of SYNs, and handshakes after it",
		   !err && rows_complete(rows, ARRAY_SIZE(rows)));
	return 0;
}
