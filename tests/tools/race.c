// SPDX-License-Identifier: GPL-2.0
/*
 * Two CPUs complete the same handshake at the same time
 *
 * Both make a socket, one of the two is thrown away before anybody has seen it.
 * It must leave nothing behind; the other one must have its client.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cases.h"
#include "connection.h"
#include "flow.h"
#include "ktap.h"
#include "module.h"
#include "net.h"
#include "server.h"

#define TRIES		20000
#define TRIES_LOCKED	1000
#define WANTED		20	/* lost races that are enough */

/**
 * struct racer - the second sender
 * @tun: its own way into the kernel
 * @flow: whose ACK it sends, valid while @go is set
 * @go: send; cleared when sent
 * @stop: end
 */
struct racer {
	pthread_t thread;
	struct tun tun;
	struct flow flow;
	atomic_bool go;
	atomic_bool stop;
};

static void *racer_main(void *arg)
{
	struct racer *racer = arg;

	while (!racer->stop) {
		if (!racer->go)
			continue;
		racer->flow.tun = &racer->tun;
		flow_send(&racer->flow, TH_ACK, OPT_V4, NULL);
		racer->go = false;
	}
	return NULL;
}

static bool race_once(struct tun *tun, struct racer *racer, int listener)
{
	struct names names;
	struct flow flow;
	bool ok;
	int fd;

	net_flow(tun, &flow, AF_INET, SERVER_PORT);
	if (flow_syn(&flow, NULL, NULL)) {
		printf("#   SYN: %s\n", strerror(errno));
		return false;
	}
	racer->flow = flow;
	racer->go = true;
	flow_send(&flow, TH_ACK, OPT_V4, NULL);
	while (racer->go)
		;
	fd = listener_accept(listener, true, NULL);
	if (fd < 0) {
		printf("#   accept: %s\n", strerror(errno));
		return false;
	}
	names_ask(fd, &names);
	ok = expect_name("getpeername", &names.peer, &net_client_v4);
	socket_kill(fd);
	return ok;
}

/*
 * Up to 4.3 the listener is locked while a handshake completes, so that no second
 * socket is ever made. The function that is looked for came with the others.
 */
static bool listeners_are_locked(void)
{
	return !kernel_has("inet_csk_complete_hashdance");
}

static bool race_many(struct tun *tun, struct racer *racer)
{
	bool locked = listeners_are_locked();
	int tries = locked ? TRIES_LOCKED : TRIES;
	int listener = listener_open(LISTEN_V4, 0, SERVER_PORT);
	long before = net_counter("child_lost_race");
	long lost = 0;
	bool ok = true;
	int i;

	for (i = 0; ok && i < tries && lost < WANTED; i++) {
		ok = race_once(tun, racer, listener);
		if (i % 100 == 99)
			lost = net_counter("child_lost_race") - before;
	}
	close(listener);
	printf("#   %d handshakes, %ld sockets lost their race, %ld clients left\n",
	       i, lost, net_counter("store_clients"));
	return ok && locked == !lost && net_counter("store_clients") == 0;
}

void race_run(struct tun *tun, bool unused)
{
	static struct racer racer;
	bool ok;

	(void)unused;
	if (tun_open_bare(&racer.tun, "toa1") ||
	    pthread_create(&racer.thread, NULL, racer_main, &racer)) {
		ktap_result(false, "two CPUs complete one handshake");
		return;
	}
	ok = race_many(tun, &racer);
	racer.stop = true;
	pthread_join(racer.thread, NULL);
	close(racer.tun.fd);
	ktap_result(ok, "two CPUs complete one handshake");
}
