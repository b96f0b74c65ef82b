// SPDX-License-Identifier: GPL-2.0
/*
 * More connections than the module may remember
 *
 * The module is loaded with a small max_clients. It counts per CPU, so the limit
 * holds to within a batch for each; beyond it connections go on, show the
 * balancer, and are counted.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cases.h"
#include "connection.h"
#include "flow.h"
#include "ktap.h"
#include "net.h"
#include "server.h"

#define OPEN	600

/* Who is shown by connections that are all open at once. */
struct shown {
	long client;
	long balancer;
	long wrong;
};

static void shown_count(struct shown *shown, int fd, const struct flow *flow)
{
	struct name client, balancer;
	struct names names;

	names_ask(fd, &names);
	name_expect(&client, AF_INET, &net_client_v4);
	name_expect(&balancer, AF_INET, &flow->local);
	shown->client += name_equal(&names.peer, &client);
	shown->balancer += name_equal(&names.peer, &balancer);
	shown->wrong += !name_equal(&names.peer, &client) &&
			!name_equal(&names.peer, &balancer);
}

static bool capacity_test(struct tun *tun)
{
	int listener = listener_open(LISTEN_V4, 0, SERVER_PORT);
	long full = net_counter("store_full");
	struct shown shown = {};
	struct flow flow;
	int fds[OPEN], i;
	bool ok;

	for (i = 0; i < OPEN; i++) {
		fds[i] = connection_accept(tun, &flow, listener, OPT_V4, NULL);
		if (fds[i] < 0) {
			printf("#   connection %d: %s\n", i, strerror(errno));
			break;
		}
		shown_count(&shown, fds[i], &flow);
	}
	full = net_counter("store_full") - full;
	printf("#   %ld show the client, %ld the balancer, %ld neither; store_full moved by %ld\n",
	       shown.client, shown.balancer, shown.wrong, full);
	ok = i == OPEN && shown.client && shown.balancer && !shown.wrong &&
	     full == shown.balancer &&
	     net_counter("store_clients") == shown.client;
	while (i-- > 0)
		socket_kill(fds[i]);
	close(listener);
	return ok && net_counter("store_clients") == 0;
}

void capacity_run(struct tun *tun, bool unused)
{
	(void)unused;
	ktap_result(capacity_test(tun),
		    "600 connections, max_clients=100: the rest show the balancer");
}
