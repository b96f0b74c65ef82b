// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets that must be as they are without the module, and every way to ask
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cases.h"
#include "connection.h"
#include "flow.h"
#include "ktap.h"
#include "net.h"
#include "server.h"

static bool outgoing_test(struct tun *tun, const struct address *client)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct address balancer = balancer_address(BALANCER_PORT);
	struct names names;
	bool ok;

	(void)client;
	ok = !connection_out(tun, fd, BALANCER_PORT);
	names_ask(fd, &names);
	socket_kill(fd);
	return ok && expect_name("getpeername", &names.peer, &balancer) &&
	       expect_name("SO_PEERNAME", &names.so_peer, &balancer);
}

static bool udp_test(struct tun *tun, const struct address *client)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in sin = balancer_sockaddr(BALANCER_PORT);
	struct address balancer = balancer_address(BALANCER_PORT);
	struct names names;
	bool ok;

	(void)tun;
	(void)client;
	ok = !connect(fd, (struct sockaddr *)&sin, sizeof(sin));
	names_ask(fd, &names);
	socket_kill(fd);
	return ok && expect_name("getpeername", &names.peer, &balancer);
}

static bool unconnected_test(struct tun *tun, const struct address *client)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct names names;

	(void)tun;
	(void)client;
	names_ask(fd, &names);
	socket_kill(fd);
	return expect_error("getpeername", &names.peer, ENOTCONN) &&
	       expect_error("SO_PEERNAME", &names.so_peer, ENOTCONN);
}

/* libuv passes no address to accept4() and asks later. */
static bool asked_later_test(struct tun *tun, const struct address *client)
{
	struct names names;
	struct flow flow;
	int fd = connection_open(tun, &flow, OPT_V4, NULL);

	if (fd < 0)
		return false;
	names_ask(fd, &names);
	socket_kill(fd);
	return expect_name("getpeername", &names.peer, client ?: &flow.local);
}

/* As without the module: a reset socket has no peer, SO_PEERNAME still says. */
static bool reset_test(struct tun *tun, const struct address *client)
{
	struct pollfd pfd = { .events = POLLIN };
	struct names names;
	struct flow flow;
	int fd = connection_open(tun, &flow, OPT_V4, NULL);

	if (fd < 0)
		return false;
	pfd.fd = fd;
	flow_send(&flow, TH_RST | TH_ACK, NULL, NULL);
	poll(&pfd, 1, FLOW_TIMEOUT_MS);
	names_ask(fd, &names);
	socket_kill(fd);
	return expect_error("getpeername", &names.peer, ENOTCONN) &&
	       expect_name("SO_PEERNAME", &names.so_peer, client ?: &flow.local);
}

static bool half_closed_test(struct tun *tun, const struct address *client)
{
	struct names names;
	struct flow flow;
	int fd = connection_open(tun, &flow, OPT_V4, NULL);

	if (fd < 0)
		return false;
	shutdown(fd, SHUT_WR);
	names_ask(fd, &names);
	socket_kill(fd);
	return expect_name("getpeername", &names.peer, client ?: &flow.local);
}

struct socket_test {
	const char *name;
	bool (*run)(struct tun *tun, const struct address *client);
};

static const struct socket_test tests[] = {
	{ "connect() shows the server that was connected to", outgoing_test },
	{ "UDP shows its peer", udp_test },
	{ "a socket without a peer has none", unconnected_test },
	{ "accept4() without an address, getpeername() later",
	  asked_later_test },
	{ "after a reset", reset_test },
	{ "after shutdown()", half_closed_test },
};

void sockets_run(struct tun *tun, bool loaded)
{
	const struct address *client = loaded ? &net_client_v4 : NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tests); i++)
		if (ktap_wanted(tests[i].name))
			ktap_result(tests[i].run(tun, client), tests[i].name);
}
