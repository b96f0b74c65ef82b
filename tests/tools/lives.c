// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of a client when its socket changes its life: a socket must never
 * show the client of another connection, nor of its own last one
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cases.h"
#include "connection.h"
#include "flow.h"
#include "ktap.h"
#include "module.h"
#include "net.h"
#include "server.h"

#define SECOND_PORT	8003
#define MANY		300

/* A connection that had a client and was taken apart by connect(AF_UNSPEC). */
static int disconnected_open(struct tun *tun, struct flow *flow)
{
	int fd = connection_open(tun, flow, OPT_V4, NULL);
	struct names names;

	if (fd < 0)
		return -1;
	if (!disconnect(fd)) {
		names_ask(fd, &names);
		if (expect_error("disconnected", &names.so_peer, ENOTCONN))
			return fd;
	}
	socket_kill(fd);
	return -1;
}

static int bind_port(int fd, uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(port) };
	int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	memcpy(&sin.sin_addr, net_server_v4.bytes, 4);
	return bind(fd, (struct sockaddr *)&sin, sizeof(sin));
}

static bool reconnect_test(struct tun *tun, const struct address *client)
{
	struct address balancer = balancer_address(BALANCER_PORT);
	struct flow flow;
	bool ok;
	int fd = disconnected_open(tun, &flow);

	(void)client;
	if (fd < 0)
		return false;
	ok = !connection_out(tun, fd, BALANCER_PORT) && expect_shown(fd, &balancer);
	socket_kill(fd);
	return ok;
}

/* The new connection differs from the old in nothing but its direction. */
static bool reconnect_same_test(struct tun *tun, const struct address *client)
{
	struct flow flow;
	bool ok;
	int fd = disconnected_open(tun, &flow);

	(void)client;
	if (fd < 0)
		return false;
	ok = !bind_port(fd, SERVER_PORT) &&
	     !connection_out(tun, fd, flow.local.port) &&
	     expect_shown(fd, &flow.local);
	socket_kill(fd);
	return ok;
}

static bool child_shows(struct tun *tun, int listener, const char *options,
			const struct address *client)
{
	struct flow flow;
	bool ok;
	int fd = connection_accept_port(tun, &flow, listener, SECOND_PORT,
					options, NULL);

	if (fd < 0)
		return false;
	ok = expect_shown(fd, client ?: &flow.local);
	socket_kill(fd);
	return ok;
}

/* The children of a socket that had a client have their own or none. */
static bool relisten_test(struct tun *tun, const struct address *client)
{
	struct flow flow;
	bool ok;
	int fd = disconnected_open(tun, &flow);

	if (fd < 0)
		return false;
	ok = !bind_port(fd, SECOND_PORT) && !listen(fd, 8) &&
	     child_shows(tun, fd, NULL, NULL) &&
	     child_shows(tun, fd, OPT_V4, client);
	socket_kill(fd);
	return ok;
}

/* accept() gives the reset connection, and says whose it was. */
static bool reset_before_accept_test(struct tun *tun,
				     const struct address *client)
{
	int listener = listener_open(LISTEN_V4, 0, SERVER_PORT);
	struct name name;
	struct flow flow;
	bool ok;
	int fd;

	net_flow(tun, &flow, AF_INET, SERVER_PORT);
	ok = !flow_syn(&flow, NULL, NULL) &&
	     !flow_send(&flow, TH_ACK, OPT_V4, NULL) &&
	     !flow_send(&flow, TH_RST | TH_ACK, NULL, NULL);
	fd = listener_accept(listener, false, &name);
	close(listener);
	if (fd < 0)
		return false;
	socket_kill(fd);
	return ok && expect_name("accept", &name, client ?: &flow.local);
}

/* Sockets that nobody accepts go with their listener. */
static bool never_accepted_test(struct tun *tun, const struct address *client)
{
	int listener = listener_open(LISTEN_V4, 0, SERVER_PORT);
	long before = net_counter("store_clients");
	long kept = module_tags() ? 0 : 1;
	struct flow flow;
	long during;
	bool ok;

	net_flow(tun, &flow, AF_INET, SERVER_PORT);
	ok = !flow_syn(&flow, NULL, NULL) &&
	     !flow_send(&flow, TH_ACK, OPT_V4, NULL);
	during = net_counter("store_clients");
	close(listener);
	ok = ok && !flow_wait_flag(&flow, TH_RST);
	return ok && (!client || (during == before + kept &&
				  net_counter("store_clients") == before));
}

/*
 * The third connection meets a full queue: its ACK makes no socket. The option
 * on its data makes one, and it is that one's.
 */
static bool overflow_test(struct tun *tun, const struct address *client)
{
	int listener = listener_open(LISTEN_V4, LISTEN_SHORT, SERVER_PORT);
	long not_made = net_counter("child_not_made");
	struct flow flows[3];
	bool ok = true;
	int fd, i;

	/* A full queue would not answer the third SYN either. */
	for (i = 0; i < 3; i++) {
		net_flow(tun, &flows[i], AF_INET, SERVER_PORT);
		ok = ok && !flow_syn(&flows[i], NULL, NULL);
	}
	for (i = 0; i < 3; i++)
		ok = ok && !flow_send(&flows[i], TH_ACK,
				      i < 2 ? NULL : OPT_V4_OTHER, NULL);
	for (i = 0; i < 3; i++) {
		if (i == 2)
			ok = ok && !flow_send(&flows[2], TH_ACK | TH_PSH,
					      OPT_V4, "ping");
		fd = listener_accept(listener, true, NULL);
		ok = ok && fd >= 0 &&
		     expect_shown(fd, i == 2 && client ? client : &flows[i].local);
		socket_kill(fd);
	}
	close(listener);
	return ok && (!client || net_counter("child_not_made") == not_made + 1);
}

/* The server closes first: its socket goes into TIME_WAIT. */
static int time_wait_enter(struct flow *flow, int fd)
{
	if (shutdown(fd, SHUT_WR) || flow_wait_flag(flow, TH_FIN))
		return -1;
	close(fd);
	return flow_send(flow, TH_ACK | TH_FIN, NULL, NULL);
}

/* The same addresses and ports again, this time without the option. */
static bool time_wait_test(struct tun *tun, const struct address *client)
{
	int listener = listener_open(LISTEN_V4, 0, SERVER_PORT);
	struct flow flow;
	bool ok;
	int fd = connection_accept(tun, &flow, listener, OPT_V4, NULL);

	(void)client;
	ok = fd >= 0 && !time_wait_enter(&flow, fd);
	flow.seq += 1000000;
	ok = ok && !flow_syn(&flow, NULL, NULL) &&
	     !flow_send(&flow, TH_ACK, NULL, NULL);
	fd = listener_accept(listener, true, NULL);
	ok = ok && fd >= 0 && expect_shown(fd, &flow.local);
	if (fd >= 0)
		socket_kill(fd);
	close(listener);
	return ok;
}

/* The memory of a socket that had a client becomes one that has none. */
static bool reuse_test(struct tun *tun, const struct address *client)
{
	int listener = listener_open(LISTEN_V4, 0, SERVER_PORT);
	struct flow flow;
	bool ok = true;
	int i;

	for (i = 0; ok && i < MANY; i++) {
		int fd = connection_accept(tun, &flow, listener,
					   i % 2 ? NULL : OPT_V4, NULL);

		ok = fd >= 0 &&
		     expect_shown(fd, i % 2 || !client ? &flow.local : client);
		if (fd >= 0)
			socket_kill(fd);
	}
	close(listener);
	return ok;
}

/* A dual-stack socket over IPv4 becomes an IPv4 socket, and answers as one. */
static bool addrform_test(struct tun *tun, const struct address *client)
{
	int listener = listener_open(LISTEN_DUAL, 0, SERVER_PORT);
	int family = AF_INET;
	struct flow flow;
	bool ok;
	int fd = connection_accept(tun, &flow, listener, OPT_V4, NULL);

	close(listener);
	if (fd < 0)
		return false;
	ok = !setsockopt(fd, IPPROTO_IPV6, IPV6_ADDRFORM, &family,
			 sizeof(family)) &&
	     expect_shown(fd, client ?: &flow.local);
	socket_kill(fd);
	return ok;
}

struct life_test {
	const char *name;
	bool (*run)(struct tun *tun, const struct address *client);
};

static const struct life_test tests[] = {
	{ "connect(AF_UNSPEC), connect() elsewhere", reconnect_test },
	{ "connect(AF_UNSPEC), connect() to the same port",
	  reconnect_same_test },
	{ "connect(AF_UNSPEC), listen(), accept()", relisten_test },
	{ "reset before accept()", reset_before_accept_test },
	{ "never accepted", never_accepted_test },
	{ "full accept queue", overflow_test },
	{ "TIME_WAIT, and the same ports again", time_wait_test },
	{ "300 sockets in the memory of the one before", reuse_test },
};

#define ADDRFORM	"IPV6_ADDRFORM"

void lives_run(struct tun *tun, bool loaded)
{
	const struct address *client = loaded ? &net_client_v4 : NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tests); i++)
		if (ktap_wanted(tests[i].name))
			ktap_result(tests[i].run(tun, client), tests[i].name);
	if (ktap_wanted(ADDRFORM) &&
	    !ktap_lacking(ADDRFORM, listener_lacks(LISTEN_DUAL)))
		ktap_result(addrform_test(tun, client), ADDRFORM);
}
