// SPDX-License-Identifier: GPL-2.0
/*
 * The life of one connection
 *
 * The balancer opens it, the program accepts it and asks who is there, a segment
 * goes each way, the balancer closes it and then the program does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "connection.h"
#include "life.h"
#include "net.h"
#include "proxy.h"
#include "rows.h"
#include "server.h"

#define SEGMENT		100

/* As long as a segment, and its end. */
static const char *segment_text(void)
{
	static char text[SEGMENT + 1];

	memset(text, 'x', SEGMENT);
	return text;
}

int life_listen(struct life *life)
{
	life->listener = listener_open(life->family == AF_INET ? LISTEN_V4 :
				       LISTEN_V6, 0, SERVER_PORT);
	return life->listener < 0 ? -1 : 0;
}

/* Built before, so that there is only the kernel's work between the clock's looks. */
int timed_send(struct flow *flow, uint8_t flags, const char *options,
	       const void *data, size_t len, uint64_t *cost)
{
	struct segment seg;
	uint8_t packet[WIRE_PACKET_MAX];
	uint64_t from;
	size_t size;
	ssize_t sent;

	if (flow_segment(flow, &seg, flags, options, data, len))
		return -1;
	size = segment_build(&seg, packet);
	from = clock_now();
	sent = write(flow->tun->fd, packet, size);
	*cost = clock_since(from);
	flow_advance(flow, &seg);
	return sent == (ssize_t)size ? 0 : -1;
}

/* The kernel's own answer must not look like a connection's. */
static int wait_syn_ack(struct flow *flow)
{
	struct segment seg;

	do {
		if (flow_receive(flow, &seg, FLOW_TIMEOUT_MS))
			return -1;
	} while ((seg.flags & (TH_SYN | TH_ACK)) != (TH_SYN | TH_ACK));
	flow->seq = seg.ack;
	return 0;
}

static int handshake(struct life *life)
{
	struct flow *flow = &life->flow;
	int end = life->family == AF_INET ? 3 : 15;
	uint64_t syn, ack;

	net_flow(life->tun, flow, life->family, SERVER_PORT);
	flow->local.bytes[end] += life->place;
	if (timed_send(flow, TH_SYN, life->on_syn, NULL, 0, &syn) ||
	    wait_syn_ack(flow) ||
	    timed_send(flow, TH_ACK, life->on_ack, NULL, 0, &ack))
		return -1;
	row_add(ROW_SYN, syn);
	row_add(ROW_ACK, ack);
	row_add(ROW_HANDSHAKE, syn + ack);
	return 0;
}

bool life_shows(const struct life *life, const struct sockaddr_storage *ss)
{
	const struct sockaddr_in *sin = (const void *)ss;
	const struct sockaddr_in6 *sin6 = (const void *)ss;
	struct address balancer = life->flow.local;
	const struct address *want = life->shown ?: &balancer;
	const void *have = life->family == AF_INET ?
			   (const void *)&sin->sin_addr : &sin6->sin6_addr;

	/* Both families have the port at the same place. */
	return ss->ss_family == life->family &&
	       !memcmp(have, want->bytes, life->family == AF_INET ? 4 : 16) &&
	       ntohs(sin->sin_port) == want->port;
}

/* The program knows whose connection it is: at once, or behind the header. */
static int learn(struct life *life, uint64_t *cost)
{
	struct sockaddr_storage ss = {};
	uint8_t header[PROXY_MAX];
	uint64_t from, unused;
	size_t len;

	*cost = 0;
	if (!life->proxy)
		return 0;
	len = proxy_build(life->family, header);
	if (timed_send(&life->flow, TH_ACK | TH_PSH, NULL, header, len, &unused))
		return -1;
	from = clock_now();
	if (proxy_read(life->fd, &ss))
		return -1;
	*cost = clock_since(from);
	return proxy_is_client(&ss) ? 0 : -1;
}

/* The handshake and accept4(); rows for both. */
int life_open(struct life *life)
{
	struct sockaddr_storage ss = {};
	socklen_t len = sizeof(ss);
	uint64_t from, cost, more;

	if (handshake(life))
		return -1;
	from = clock_now();
	life->fd = accept4(life->listener, (struct sockaddr *)&ss, &len,
			   SOCK_CLOEXEC);
	cost = clock_since(from);
	if (life->fd < 0)
		return -1;
	row_add(ROW_ACCEPT, cost);
	if (!life_shows(life, &ss)) {
		errno = EADDRNOTAVAIL;
		goto close;
	}
	if (learn(life, &more))
		goto close;
	row_add(ROW_KNOWN, cost + more);
	return 0;

close:
	socket_kill(life->fd);
	return -1;
}

static int ask(struct life *life)
{
	struct sockaddr_storage ss = {};
	socklen_t len = sizeof(ss);
	uint64_t from, cost;

	from = clock_now();
	getppid();
	row_add(ROW_FLOOR, clock_since(from));

	from = clock_now();
	getpeername(life->fd, (struct sockaddr *)&ss, &len);
	cost = clock_since(from);
	row_add(ROW_PEER, cost);
	if (!life_shows(life, &ss)) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	len = sizeof(ss);
	from = clock_now();
	getsockname(life->fd, (struct sockaddr *)&ss, &len);
	row_add(ROW_LOCAL, clock_since(from));
	return 0;
}

static int talk(struct life *life)
{
	const char *text = segment_text();
	struct flow *flow = &life->flow;
	char data[SEGMENT];
	uint64_t from, cost;
	ssize_t sent;

	if (timed_send(flow, TH_ACK | TH_PSH, NULL, text, SEGMENT, &cost) ||
	    recv(life->fd, data, SEGMENT, MSG_WAITALL) != SEGMENT)
		return -1;
	row_add(ROW_SEGMENT_IN, cost);

	from = clock_now();
	sent = send(life->fd, text, SEGMENT, 0);
	row_add(ROW_SEGMENT_OUT, clock_since(from));
	if (sent != SEGMENT || flow_wait_data(flow, text) ||
	    timed_send(flow, TH_ACK, NULL, NULL, 0, &cost))
		return -1;
	row_add(ROW_ACK_IN, cost);
	return 0;
}

/* The balancer first, so that the kernel keeps nothing of the connection. */
static int finish(struct life *life)
{
	struct flow *flow = &life->flow;
	uint64_t from, fin, own, last;

	if (timed_send(flow, TH_FIN | TH_ACK, NULL, NULL, 0, &fin)) {
		socket_kill(life->fd);
		return -1;
	}
	from = clock_now();
	close(life->fd);
	own = clock_since(from);
	if (flow_wait_flag(flow, TH_FIN) ||
	    timed_send(flow, TH_ACK, NULL, NULL, 0, &last))
		return -1;
	row_add(ROW_CLOSE, fin + own + last);
	return 0;
}

int life_run(struct life *life)
{
	if (life_open(life))
		return -1;
	if (ask(life) || talk(life)) {
		socket_kill(life->fd);
		return -1;
	}
	return finish(life);
}

/* A new device's IPv6 address takes its time to become usable. */
int life_warm(struct life *life)
{
	struct flow flow;
	int i;

	net_flow(life->tun, &flow, life->family, SERVER_PORT);
	if (flow_syn(&flow, NULL, NULL) ||
	    flow_send(&flow, TH_RST | TH_ACK, NULL, NULL))
		return -1;
	rows_count(false);
	for (i = 0; i < WARM_UP; i++)
		if (life_run(life))
			return -1;
	rows_count(true);
	return 0;
}
