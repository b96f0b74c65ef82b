// SPDX-License-Identifier: GPL-2.0
/*
 * Hostile segments, SEGMENTS of them, while good connections go on
 *
 * The balancer is trusted, nobody else is. Between two good connections come
 * hundreds of segments from everybody: of every shape that this file can make,
 * with the option and without. Each good connection has a client of its own and
 * must show that one; a hostile one that completes its handshake with a forged
 * option must show where it comes from.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
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
#include "text.h"
#include "../unit/chance.h"

#define PER_ROUND	500
#define PROGRESS	100000
#define DATA_MAX	64
/* Good connections use ports from 20000 on. */
#define FORGED_PORTS	20000

struct hostile {
	struct tun *tun;
	struct tun out;		/* what the kernel answers goes to tun */
	int listener;
	long sent;
	long good;
	long caught;		/* hostile connections that showed themselves */
};

static uint8_t chance_byte(void)
{
	return chance(256);
}

static void chance_bytes(uint8_t *bytes, size_t len)
{
	while (len--)
		*bytes++ = chance_byte();
}

/* Options by chance; often with the beginning of something true in them. */
static void options_by_chance(struct segment *seg)
{
	static const uint8_t starts[][4] = {
		{ 254, 8 }, { 254, 20 }, { 254, 16 }, { 254, 4, 0xf9, 0x89 },
		{ 254, 0 }, { 254, 255 }, { 253, 8 }, { 2, 4, 5, 180 },
		{ 1, 1, 8, 10 }, { 19, 18 }, { 30, 12 }, { 29, 16 }, { 5, 10 },
	};
	const uint8_t *start = starts[chance(ARRAY_SIZE(starts))];
	size_t at;

	seg->options_len = chance(11) * 4;
	chance_bytes(seg->options, seg->options_len);
	if (!seg->options_len)
		return;
	at = chance(seg->options_len / 4) * 4;
	memset(seg->options, 1, at);
	memcpy(seg->options + at, start, 4);
}

/* The server's own neighbours, the balancer among them, or anybody. */
static struct address source_by_chance(void)
{
	struct address addr = net_balancer_v4;

	addr.port = 1 + chance(FORGED_PORTS - 1);
	if (chance(4) == 0)
		return addr;
	if (chance(2))
		addr.bytes[3] = 3 + chance(250);
	else
		chance_bytes(addr.bytes, 4);
	return addr;
}

static struct segment segment_by_chance(const uint8_t *data)
{
	struct segment seg = {
		.src = source_by_chance(), .dst = net_server_v4,
		.seq = chance(1U << 31) * 2u, .ack = chance(1U << 31) * 2u,
		.flags = chance_byte() & 0x3f, .data = data,
	};

	seg.dst.port = chance(8) ? SERVER_PORT : 1 + chance(65535);
	if (chance(2))
		seg.data_len = chance(DATA_MAX);
	options_by_chance(&seg);
	return seg;
}

/*
 * What the shapes change in a packet that is right.
 */

#define IPV4_HEADER	20
#define DATA_OFFSET	(IPV4_HEADER + 12)
#define CHECKSUM	(IPV4_HEADER + 16)

static size_t keep(uint8_t *packet, size_t len)
{
	(void)packet;
	return len;
}

static size_t spoil_checksum(uint8_t *packet, size_t len)
{
	packet[CHECKSUM] ^= 1 + chance(255);
	return len;
}

/* The packet ends anywhere, its IP header still says the whole length. */
static size_t cut(uint8_t *packet, size_t len)
{
	(void)packet;
	return 1 + chance(len);
}

/* The TCP header says any length of itself. */
static size_t lie_about_header(uint8_t *packet, size_t len)
{
	packet[DATA_OFFSET] = chance_byte();
	return len;
}

/* The IP header says any length of the packet. */
static size_t lie_about_length(uint8_t *packet, size_t len)
{
	packet[2] = chance(4) ? 0 : chance_byte();
	packet[3] = chance_byte();
	return len;
}

static size_t spoil_anything(uint8_t *packet, size_t len)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		packet[chance(len)] = chance_byte();
	return len;
}

typedef size_t (*shape_t)(uint8_t *packet, size_t len);

static const shape_t shapes[] = {
	keep, keep, keep, spoil_checksum, cut, lie_about_header,
	lie_about_length, spoil_anything,
};

/* A cut packet can be too short to be one at all: the device may refuse it. */
static void hostile_send(struct hostile *h, const struct segment *seg)
{
	uint8_t packet[WIRE_PACKET_MAX];
	size_t len = segment_build(seg, packet);
	ssize_t unused;

	len = shapes[chance(ARRAY_SIZE(shapes))](packet, len);
	unused = write(h->out.fd, packet, len);
	(void)unused;
	h->sent++;
}

static void segments_by_chance(struct hostile *h)
{
	uint8_t data[DATA_MAX];
	unsigned int i;

	chance_bytes(data, sizeof(data));
	for (i = 0; i < PER_ROUND / 2; i++) {
		struct segment seg = segment_by_chance(data);

		hostile_send(h, &seg);
	}
}

/* SYNs with an option, from everywhere. */
static void syn_flood(struct hostile *h)
{
	unsigned int i;

	for (i = 0; i < PER_ROUND / 4; i++) {
		struct segment seg = segment_by_chance(NULL);

		seg.data_len = 0;
		seg.flags = TH_SYN;
		seg.dst.port = SERVER_PORT;
		hostile_send(h, &seg);
	}
}

/*
 * Segments for a connection that is there: overlapping data, resets, FINs and SYNs
 * in the middle, with forged options. The source is the connection's, but none of
 * its sequence numbers is known, as to whoever does not see its packets. Not all
 * flags may come before the handshake completes: with cookies nothing is known of
 * it yet, and a SYN would begin another one in its place, which is TCP's own.
 */
static void disturb(struct hostile *h, const struct flow *flow, uint8_t flags)
{
	uint8_t data[DATA_MAX];
	unsigned int i;

	chance_bytes(data, sizeof(data));
	for (i = 0; i < PER_ROUND / 4; i++) {
		struct segment seg = segment_by_chance(data);

		seg.src = flow->local;
		seg.dst = flow->remote;
		seg.flags &= flags;
		seg.seq = flow->seq + 0x40000000 + chance(0x40000000);
		hostile_send(h, &seg);
	}
}

static bool shows(int fd, const struct address *addr)
{
	struct names names;

	names_ask(fd, &names);
	return expect_name("getpeername", &names.peer, addr);
}

/* Somebody who is no balancer, and says he is somebody else. */
static bool hostile_connection(struct hostile *h)
{
	struct flow flow;
	bool ok;
	int fd;

	net_flow(h->tun, &flow, AF_INET, SERVER_PORT);
	flow.local.bytes[3] = 3 + chance(250);
	ok = !flow_syn(&flow, OPT_V4_OTHER, NULL) &&
	     !flow_send(&flow, TH_ACK, OPT_V4_OTHER, NULL);
	fd = listener_accept(h->listener, true, NULL);
	ok = ok && fd >= 0 && shows(fd, &flow.local);
	socket_kill(fd);
	h->caught += ok;
	return ok;
}

/* A client by chance, who must be shown, in the middle of it all. */
static bool good_connection(struct hostile *h)
{
	struct address client = net_client_v4;
	char option[32];
	struct flow flow;
	bool ok;
	int fd;

	client.bytes[3] = chance_byte();
	client.port = 1 + chance(65535);
	snprintf(option, sizeof(option), "fe08 %04x %02x%02x%02x%02x",
		 client.port, client.bytes[0], client.bytes[1],
		 client.bytes[2], client.bytes[3]);
	net_flow(h->tun, &flow, AF_INET, SERVER_PORT);
	ok = !flow_syn(&flow, NULL, NULL);
	if (!ok)
		printf("#   SYN: %s\n", strerror(errno));
	disturb(h, &flow, ~TH_SYN);
	ok = ok && !flow_send(&flow, TH_ACK, option, NULL);
	fd = listener_accept(h->listener, true, NULL);
	if (fd < 0)
		printf("#   accept: %s\n", strerror(errno));
	ok = ok && fd >= 0 && shows(fd, &client);
	disturb(h, &flow, 0xff);
	ok = ok && !flow_send(&flow, TH_ACK | TH_PSH, NULL, "ping") &&
	     !server_read(fd, "ping") && shows(fd, &client);
	socket_kill(fd);
	h->good += ok;
	return ok;
}

static bool hostile_rounds(struct hostile *h, long segments)
{
	bool ok = true;

	while (ok && h->sent < segments) {
		long before = h->sent;

		segments_by_chance(h);
		syn_flood(h);
		ok = good_connection(h) && hostile_connection(h);
		if (h->sent / PROGRESS != before / PROGRESS)
			printf("#   %ld segments, %ld good connections\n",
			       h->sent, h->good);
	}
	return ok;
}

/* All that TCP sockets hold, by the kernel's own account. */
static long sockets_alive(void)
{
	FILE *file = fopen("/proc/net/sockstat", "r");
	long alloc = -1;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, "TCP:", 4))
			sscanf(line, "TCP: inuse %*d orphan %*d tw %*d alloc %ld",
			       &alloc);
	if (file)
		fclose(file);
	return alloc;
}

static void sockets_print(void)
{
	static const char * const files[] = { "/proc/net/tcp", "/proc/net/tcp6" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		char *text = text_read(files[i], TEXT_MAX);

		text_print(text);
		free(text);
	}
}

static bool nothing_left(long sockets)
{
	int tries;

	for (tries = 0; tries < 300; tries++) {
		if (sockets_alive() <= sockets &&
		    net_counter("store_clients") == 0)
			return true;
		usleep(100000);
	}
	printf("#   %ld sockets, %ld before; %ld clients in the table\n",
	       sockets_alive(), sockets, net_counter("store_clients"));
	sockets_print();
	return false;
}

static long segments_wanted(void)
{
	const char *text = getenv("SEGMENTS");

	return text ? atol(text) : 200000;
}

static bool hostile_test(struct tun *tun)
{
	struct hostile h = { .tun = tun };
	long sockets = sockets_alive();
	bool ok;

	if (tun_open_bare(&h.out, "toa1"))
		return false;
	h.listener = listener_open(LISTEN_V4, 0, SERVER_PORT);
	ok = h.listener >= 0 && hostile_rounds(&h, segments_wanted());
	close(h.listener);
	close(h.out.fd);
	printf("#   %ld segments, %ld good connections, %ld hostile ones\n",
	       h.sent, h.good, h.caught);
	printf("#   refused: %ld for their source, %ld malformed, %ld unusable\n",
	       net_counter("option_untrusted"),
	       net_counter("option_malformed"),
	       net_counter("option_unusable"));
	return nothing_left(sockets) && ok;
}

static const struct {
	const char *name;
	const char *syn;
} tests[] = {
	{ "hostile segments", "0" },
	{ "hostile segments, syn=1", "1" },
};

void hostile_run(struct tun *tun, bool unused)
{
	size_t i;
	bool ok;

	(void)unused;
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		if (!ktap_wanted(tests[i].name))
			continue;
		ok = !module_set("trust", "192.0.2.2") &&
		     !module_set("syn", tests[i].syn) && hostile_test(tun);
		module_set("trust", "");
		module_set("syn", "0");
		ktap_result(ok, tests[i].name);
	}
}
