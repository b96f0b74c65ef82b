// SPDX-License-Identifier: GPL-2.0
/*
 * Each step of a connection's life, with a client and without
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "ebpf.h"
#include "life.h"
#include "net.h"
#include "outside.h"
#include "rows.h"

static const enum row steps[] = {
	ROW_FLOOR, ROW_SYN, ROW_ACK, ROW_HANDSHAKE, ROW_ACCEPT, ROW_KNOWN,
	ROW_PEER, ROW_LOCAL, ROW_SEGMENT_IN, ROW_SEGMENT_OUT, ROW_ACK_IN,
	ROW_CLOSE,
};

static const enum row others[] = {
	ROW_CONNECT, ROW_RESET, ROW_UDP, ROW_UDP_SOCKET,
};

static void order_life(const struct order *order, struct life *life,
		       struct tun *tun, bool client)
{
	*life = (struct life){
		.tun	= tun,
		.family	= order->family,
		.proxy	= order->proxy && client,
	};
	if (!client || order->proxy)
		return;
	if (order->on_syn)
		life->on_syn = family_option(order->family);
	else
		life->on_ack = family_option(order->family);
	if (order->shows)
		life->shown = order->family == AF_INET ? &net_client_v4 :
							 &net_client_v6;
}

static bool lives_measure(const struct order *order, struct tun *tun,
			  bool client)
{
	struct life life;
	int i, err;

	order_life(order, &life, tun, client);
	if (life_listen(&life))
		return false;
	rows_reset();
	err = life_warm(&life);
	for (i = 0; !err && i < REPEATS; i++)
		err = life_run(&life);
	close(life.listener);
	rows_print(order->variant, family_name(order->family),
		   client ? "client" : "none");
	return !err && rows_complete(steps, ARRAY_SIZE(steps));
}

static bool others_measure(const struct order *order, struct tun *tun)
{
	int i, err = 0;

	rows_reset();
	for (i = 0; !err && i < WARM_UP + REPEATS; i++) {
		rows_count(i >= WARM_UP);
		err = connect_run(tun, order->family) ?: udp_run(order->family);
	}
	rows_print(order->variant, family_name(order->family), "none");
	return !err && rows_complete(others, ARRAY_SIZE(others));
}

int cost_run(const struct order *order)
{
	struct tun tun;

	if (net_open(&tun)) {
		perror("bench: cannot make the TUN device");
		return -1;
	}
	if (order->bpf && ebpf_start()) {
		say_result(order, "the eBPF programs load", false);
		return 0;
	}
	say_result(order, "connections with a client",
		   lives_measure(order, &tun, true));
	say_result(order, "connections without one",
		   lives_measure(order, &tun, false));
	say_result(order, "outgoing connections and UDP",
		   others_measure(order, &tun));
	if (order->bpf)
		ebpf_stop();
	return 0;
}
