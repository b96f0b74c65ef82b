// SPDX-License-Identifier: GPL-2.0
/*
 * Whole connections, and whole socket lives
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connection.h"
#include "net.h"

/* One over IPv4 to a listener that is there already; its socket or -1. */
int connection_accept(struct tun *tun, struct flow *flow, int listener,
		      const char *options, struct name *name)
{
	return connection_accept_port(tun, flow, listener, SERVER_PORT,
				      options, name);
}

int connection_accept_port(struct tun *tun, struct flow *flow, int listener,
			   uint16_t port, const char *options,
			   struct name *name)
{
	net_flow(tun, flow, AF_INET, port);
	if (flow_syn(flow, NULL, NULL) ||
	    flow_send(flow, TH_ACK, options, NULL))
		return -1;
	return listener_accept(listener, true, name);
}

/* The same with a listener for this one only. */
int connection_open(struct tun *tun, struct flow *flow, const char *options,
		    struct name *name)
{
	int listener = listener_open(LISTEN_V4, 0, SERVER_PORT);
	int fd;

	if (listener < 0)
		return -1;
	fd = connection_accept(tun, flow, listener, options, name);
	close(listener);
	return fd;
}

struct sockaddr_in balancer_sockaddr(uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(port) };

	memcpy(&sin.sin_addr, net_balancer_v4.bytes, 4);
	return sin;
}

struct address balancer_address(uint16_t port)
{
	struct address addr = net_balancer_v4;

	addr.port = port;
	return addr;
}

/*
 * Answers a connect() of the kernel's with a SYN-ACK that carries an option,
 * which must mean nothing.
 */
static int answer_connect(struct tun *tun, struct flow *flow, uint16_t port)
{
	struct segment seg;

	do {
		if (tun_receive(tun, &seg, FLOW_TIMEOUT_MS))
			return -1;
	} while (seg.flags != TH_SYN || seg.dst.port != port);
	flow->tun = tun;
	flow->local = seg.dst;
	flow->remote = seg.src;
	flow->seq = 7000;
	flow->ack = seg.seq + 1;
	return flow_send(flow, TH_SYN | TH_ACK, OPT_V4, NULL);
}

/* Any TCP socket connects to the balancer; it is non-blocking from then on. */
int connection_out(struct tun *tun, int fd, uint16_t port)
{
	struct sockaddr_in sin = balancer_sockaddr(port);
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	struct flow flow;

	if (fcntl(fd, F_SETFL, O_NONBLOCK))
		return -1;
	if (!connect(fd, (struct sockaddr *)&sin, sizeof(sin)) ||
	    errno != EINPROGRESS)
		return -1;
	if (answer_connect(tun, &flow, port) || poll(&pfd, 1, FLOW_TIMEOUT_MS) != 1)
		return -1;
	return 0;
}

int disconnect(int fd)
{
	struct sockaddr sa = { .sa_family = AF_UNSPEC };

	return connect(fd, &sa, sizeof(sa));
}

bool expect_equal(const char *what, const struct name *have,
		  const struct name *want)
{
	if (name_equal(have, want))
		return true;
	name_print("wanted", want);
	name_print(what, have);
	return false;
}

bool expect_name(const char *what, const struct name *have,
		 const struct address *addr)
{
	struct name want;

	name_expect(&want, AF_INET, addr);
	return expect_equal(what, have, &want);
}

/* Both ways to ask an open connection. */
bool expect_shown(int fd, const struct address *addr)
{
	struct names names;

	names_ask(fd, &names);
	return expect_name("getpeername", &names.peer, addr) &&
	       expect_name("SO_PEERNAME", &names.so_peer, addr);
}

bool expect_error(const char *what, const struct name *have, int err)
{
	if (have->err == err)
		return true;
	printf("#   wanted: %s\n", strerror(err));
	name_print(what, have);
	return false;
}
