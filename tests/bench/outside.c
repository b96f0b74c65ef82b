// SPDX-License-Identifier: GPL-2.0
/*
 * Connections that the server opens itself, and UDP
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "connection.h"
#include "life.h"
#include "net.h"
#include "outside.h"
#include "rows.h"
#include "server.h"

#define UDP_PORT	5353

static socklen_t balancer_name(int family, struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *sin6 = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (family == AF_INET) {
		*(struct sockaddr_in *)ss = balancer_sockaddr(BALANCER_PORT);
		return sizeof(struct sockaddr_in);
	}
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = htons(BALANCER_PORT);
	memcpy(&sin6->sin6_addr, net_balancer_v6.bytes, 16);
	return sizeof(*sin6);
}

/* The SYN of connect(), answered. */
static int answer(struct tun *tun, uint64_t *cost)
{
	struct flow flow = { .tun = tun };
	struct segment seg;

	do {
		if (tun_receive(tun, &seg, FLOW_TIMEOUT_MS))
			return -1;
	} while (seg.flags != TH_SYN || seg.dst.port != BALANCER_PORT);
	flow.local = seg.dst;
	flow.remote = seg.src;
	flow.seq = 7000;
	flow.ack = seg.seq + 1;
	return timed_send(&flow, TH_SYN | TH_ACK, NULL, NULL, 0, cost);
}

static int open_out(struct tun *tun, int family, int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = balancer_name(family, &ss);
	uint64_t from, first, second;
	int err;

	from = clock_now();
	err = connect(fd, (struct sockaddr *)&ss, len);
	first = clock_since(from);
	if (!err || errno != EINPROGRESS || answer(tun, &second))
		return -1;
	row_add(ROW_CONNECT, first + second);
	return 0;
}

/* An outgoing connection, and its end by a reset. */
int connect_run(struct tun *tun, int family)
{
	const struct linger now = { .l_onoff = 1 };
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	uint64_t from;
	int err;

	if (fd < 0)
		return -1;
	err = open_out(tun, family, fd);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	from = clock_now();
	close(fd);
	row_add(ROW_RESET, clock_since(from));
	return err;
}

static socklen_t udp_name(int family, struct sockaddr_storage *ss)
{
	struct sockaddr_in *sin = (void *)ss;
	struct sockaddr_in6 *sin6 = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = family;
	/* Both families have the port at the same place. */
	sin->sin_port = htons(UDP_PORT);
	if (family == AF_INET) {
		sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(*sin);
	}
	sin6->sin6_addr = in6addr_loopback;
	return sizeof(*sin6);
}

/* To itself over the loopback device: sent, received, read. */
static int udp_turn(int fd)
{
	char data[100] = {};
	uint64_t from = clock_now();

	if (send(fd, data, sizeof(data), 0) != sizeof(data) ||
	    recv(fd, data, sizeof(data), 0) != sizeof(data))
		return -1;
	row_add(ROW_UDP, clock_since(from));
	return 0;
}

int udp_run(int family)
{
	struct sockaddr_storage ss;
	socklen_t len = udp_name(family, &ss);
	uint64_t from, made;
	int fd, err;

	from = clock_now();
	fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	made = clock_since(from);
	if (fd < 0)
		return -1;
	err = bind(fd, (struct sockaddr *)&ss, len) ?:
	      connect(fd, (struct sockaddr *)&ss, len) ?: udp_turn(fd);
	from = clock_now();
	close(fd);
	row_add(ROW_UDP_SOCKET, made + clock_since(from));
	return err;
}
