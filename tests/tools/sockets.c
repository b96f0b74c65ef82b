// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets that must be as they are without the module, and what
 * becomes of a client when its socket changes its life
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cases.h"
#include "flow.h"
#include "ktap.h"
#include "net.h"
#include "server.h"

#define SERVER_PORT	8001
#define BALANCER_PORT	9000

/* A connection with the option, accepted; returns its socket or -1. */
static int accepted_open(struct tun *tun, struct flow *flow,
			 struct name *name)
{
	int listener = listener_open(LISTEN_V4, 0, SERVER_PORT);
	int fd = -1;

	if (listener < 0)
		return -1;
	net_flow(tun, flow, AF_INET, SERVER_PORT);
	if (!flow_syn(flow, NULL, NULL) &&
	    !flow_send(flow, TH_ACK, OPT_V4, NULL))
		fd = listener_accept(listener, true, name);
	close(listener);
	return fd;
}

static bool expect(const char *what, const struct name *have,
		   const struct address *addr)
{
	struct name want;

	name_expect(&want, AF_INET, addr);
	if (name_equal(have, &want))
		return true;
	name_print("wanted", &want);
	name_print(what, have);
	return false;
}

static bool expect_error(const char *what, const struct name *have, int err)
{
	if (have->err == err)
		return true;
	printf("#   wanted: %s\n", strerror(err));
	name_print(what, have);
	return false;
}

static struct sockaddr_in balancer_sockaddr(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(BALANCER_PORT) };

	memcpy(&sin.sin_addr, net_balancer_v4.bytes, 4);
	return sin;
}

static struct address balancer_address(void)
{
	struct address addr = net_balancer_v4;

	addr.port = BALANCER_PORT;
	return addr;
}

/*
 * Answers a connect() of the kernel's with a SYN-ACK that carries an option,
 * which must mean nothing.
 */
static int answer_connect(struct tun *tun, struct flow *flow)
{
	struct segment seg;

	do {
		if (tun_receive(tun, &seg, FLOW_TIMEOUT_MS))
			return -1;
	} while (seg.flags != TH_SYN || seg.dst.port != BALANCER_PORT);
	flow->tun = tun;
	flow->local = seg.dst;
	flow->remote = seg.src;
	flow->seq = 7000;
	flow->ack = seg.seq + 1;
	return flow_send(flow, TH_SYN | TH_ACK, OPT_V4, NULL);
}

static int connect_out(struct tun *tun, int fd)
{
	struct sockaddr_in sin = balancer_sockaddr();
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	struct flow flow;

	if (!connect(fd, (struct sockaddr *)&sin, sizeof(sin)) ||
	    errno != EINPROGRESS)
		return -1;
	if (answer_connect(tun, &flow) || poll(&pfd, 1, FLOW_TIMEOUT_MS) != 1)
		return -1;
	return 0;
}

static bool outgoing_test(struct tun *tun, const struct address *client)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct address balancer = balancer_address();
	struct names names;
	bool ok;

	(void)client;
	ok = !connect_out(tun, fd);
	names_ask(fd, &names);
	socket_kill(fd);
	return ok && expect("getpeername", &names.peer, &balancer) &&
	       expect("SO_PEERNAME", &names.so_peer, &balancer);
}

static bool udp_test(struct tun *tun, const struct address *client)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in sin = balancer_sockaddr();
	struct address balancer = balancer_address();
	struct names names;
	bool ok;

	(void)tun;
	(void)client;
	ok = !connect(fd, (struct sockaddr *)&sin, sizeof(sin));
	names_ask(fd, &names);
	socket_kill(fd);
	return ok && expect("getpeername", &names.peer, &balancer);
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
	int fd = accepted_open(tun, &flow, NULL);

	if (fd < 0)
		return false;
	names_ask(fd, &names);
	socket_kill(fd);
	return expect("getpeername", &names.peer, client ?: &flow.local);
}

/* As without the module: a reset socket has no peer, SO_PEERNAME still says. */
static bool reset_test(struct tun *tun, const struct address *client)
{
	struct pollfd pfd = { .events = POLLIN };
	struct names names;
	struct flow flow;
	int fd = accepted_open(tun, &flow, NULL);

	if (fd < 0)
		return false;
	pfd.fd = fd;
	flow_send(&flow, TH_RST | TH_ACK, NULL, NULL);
	poll(&pfd, 1, FLOW_TIMEOUT_MS);
	names_ask(fd, &names);
	socket_kill(fd);
	return expect_error("getpeername", &names.peer, ENOTCONN) &&
	       expect("SO_PEERNAME", &names.so_peer, client ?: &flow.local);
}

static bool half_closed_test(struct tun *tun, const struct address *client)
{
	struct names names;
	struct flow flow;
	int fd = accepted_open(tun, &flow, NULL);

	if (fd < 0)
		return false;
	shutdown(fd, SHUT_WR);
	names_ask(fd, &names);
	socket_kill(fd);
	return expect("getpeername", &names.peer, client ?: &flow.local);
}

static int disconnect(int fd)
{
	struct sockaddr sa = { .sa_family = AF_UNSPEC };

	return connect(fd, &sa, sizeof(sa));
}

/* The socket's next life must not show the client of its last. */
static bool reconnect_test(struct tun *tun, const struct address *client)
{
	struct address balancer = balancer_address();
	struct names closed, names;
	struct flow flow;
	bool ok;
	int fd = accepted_open(tun, &flow, NULL);

	(void)client;
	if (fd < 0)
		return false;
	ok = !disconnect(fd);
	names_ask(fd, &closed);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	ok = ok && !connect_out(tun, fd);
	names_ask(fd, &names);
	socket_kill(fd);
	return ok && expect_error("disconnected", &closed.so_peer, ENOTCONN) &&
	       expect("getpeername", &names.peer, &balancer);
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
	{ "after AF_UNSPEC and another connect()", reconnect_test },
};

void sockets_run(struct tun *tun, bool loaded)
{
	const struct address *client = loaded ? &net_client_v4 : NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tests); i++)
		if (ktap_wanted(tests[i].name))
			ktap_result(tests[i].run(tun, client), tests[i].name);
}
