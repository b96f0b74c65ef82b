// SPDX-License-Identifier: GPL-2.0
/*
 * balancer - a full-NAT layer-4 balancer for TCP over IPv4 and IPv6
 *
 *	client ----> kernel ----> server
 *	              |  ^
 *	  to the VIP  v  |  from a local address to the backend
 *	             balancer
 *
 * The kernel around it forwards. It routes the virtual addresses (VIP) and the
 * local addresses into a TUN device; this program reads packets there, rewrites
 * both of their ends and writes them back. No packet for a VIP ever reaches the
 * kernel's own TCP, so none is answered twice.
 *
 * Into some of the client's segments it writes who the client is: TCP option
 * 254, in front of all others, as DPVS does:
 *
 *	fe 08 port addr		an IPv4 client, port and address as on the wire
 *	fe 14 port addr		an IPv6 client
 *
 * A local address and port belong to one session at a time, so the way back is
 * an array look-up. Sessions are taken from a fixed table; when it is full, a
 * new session takes the place of the one that matters least.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Room in front of a packet for its headers to move into; keeps alignment. */
#define HEADROOM	64
#define PACKET_MAX	65536
/* Packets in a row before signals and time are looked at again. */
#define BATCH		256

#define SERVICES_MAX	16
#define LOCALS_MAX	16
/* Fewer than one local address has ports: a free one is always found. */
#define SESSIONS_MAX	60000
#define PORT_FIRST	1024

/* Field offsets. */
#define IP4_LENGTH	2
#define IP4_FRAGMENT	6
#define IP4_PROTOCOL	9
#define IP4_CHECKSUM	10
#define IP4_SOURCE	12
#define IP4_DESTINATION	16
#define IP4_HEADER	20

#define IP6_LENGTH	4
#define IP6_NEXT	6
#define IP6_SOURCE	8
#define IP6_DESTINATION	24
#define IP6_HEADER	40

#define TCP_SOURCE	0
#define TCP_DESTINATION	2
#define TCP_SEQUENCE	4
#define TCP_ACKNOWLEDGE	8
#define TCP_OFFSET	12
#define TCP_FLAGS	13
#define TCP_CHECKSUM	16
#define TCP_HEADER	20
#define TCP_HEADER_MAX	60

#define FIN		0x01
#define SYN		0x02
#define RST		0x04
#define ACK		0x10

#define OPTION_END	0
#define OPTION_NOP	1
#define OPTION_MSS	2
#define OPTION_MSS_LEN	4
#define OPTION_TOA	254
#define OPTION_TOA_MAX	20

/*
 * Counters
 */

enum counter {
	FROM_CLIENT,
	FROM_SERVER,
	INSERTED,
	NO_ROOM,
	OVER_MTU,
	KEPT,
	STRIPPED,
	MSS_LOWERED,
	OPENED,
	EXPIRED,
	EVICTED,
	MALFORMED,
	FRAGMENT,
	EXTENSION,
	NOT_TCP,
	BAD_CHECKSUM,
	NO_SERVICE,
	NO_SESSION,
	WRITE_FAILED,
	COUNTERS
};

static const char *const counter_names[COUNTERS] = {
	[FROM_CLIENT]	= "forwarded_from_client",
	[FROM_SERVER]	= "forwarded_from_server",
	[INSERTED]	= "option_inserted",
	[NO_ROOM]	= "option_without_room",
	[OVER_MTU]	= "option_over_mtu",
	[KEPT]		= "option_kept",
	[STRIPPED]	= "option_stripped",
	[MSS_LOWERED]	= "mss_lowered",
	[OPENED]	= "session_opened",
	[EXPIRED]	= "session_expired",
	[EVICTED]	= "session_evicted",
	[MALFORMED]	= "dropped_malformed",
	[FRAGMENT]	= "dropped_fragment",
	[EXTENSION]	= "dropped_extension_header",
	[NOT_TCP]	= "dropped_not_tcp",
	[BAD_CHECKSUM]	= "dropped_bad_checksum",
	[NO_SERVICE]	= "dropped_no_service",
	[NO_SESSION]	= "dropped_no_session",
	[WRITE_FAILED]	= "dropped_write_failed",
};

static unsigned long counters[COUNTERS];

static void count(enum counter which)
{
	counters[which]++;
}

/* For "return drop(why)". */
static bool drop(enum counter why)
{
	count(why);
	return false;
}

static void print_counters(void)
{
	for (int i = 0; i < COUNTERS; i++)
		printf("balancer: %-24s %lu\n", counter_names[i], counters[i]);
	fflush(stdout);
}

/*
 * Packets
 */

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, uint16_t value)
{
	p[0] = value >> 8;
	p[1] = value;
}

/* An end of a connection. Without padding: it is compared and hashed whole. */
struct endpoint {
	uint8_t addr[16];	/* an IPv4 address is in the first four bytes */
	uint16_t port;
	uint16_t family;
};

/* A packet that has been checked: lengths hold and the headers are inside. */
struct packet {
	uint8_t *ip;		/* with HEADROOM bytes in front of it */
	uint8_t *tcp;
	size_t len;		/* from ip to the end */
	int family;
	struct endpoint src;
	struct endpoint dst;
};

static size_t addr_len(int family)
{
	return family == AF_INET ? 4 : 16;
}

static bool same(const struct endpoint *a, const struct endpoint *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static uint8_t *source_addr(const struct packet *p)
{
	return p->ip + (p->family == AF_INET ? IP4_SOURCE : IP6_SOURCE);
}

static uint8_t *destination_addr(const struct packet *p)
{
	return p->ip + (p->family == AF_INET ? IP4_DESTINATION : IP6_DESTINATION);
}

static size_t tcp_len(const struct packet *p)
{
	return p->len - (p->tcp - p->ip);
}

static size_t header_len(const struct packet *p)
{
	return (p->tcp[TCP_OFFSET] >> 4) * 4;
}

static bool has_payload(const struct packet *p)
{
	return tcp_len(p) > header_len(p);
}

static uint8_t flags(const struct packet *p)
{
	return p->tcp[TCP_FLAGS];
}

static uint32_t sum(uint32_t total, const uint8_t *p, size_t len)
{
	for (; len > 1; p += 2, len -= 2)
		total += get16(p);
	return len ? total + (p[0] << 8) : total;
}

static uint16_t fold(uint32_t total)
{
	total = (total & 0xffff) + (total >> 16);
	total = (total & 0xffff) + (total >> 16);
	return ~total;
}

/* Over the pseudo header and the segment; 0 when the checksum in it is right. */
static uint16_t tcp_checksum(const struct packet *p)
{
	size_t len = tcp_len(p);
	uint32_t s = IPPROTO_TCP + len;

	s = sum(s, source_addr(p), addr_len(p->family));
	s = sum(s, destination_addr(p), addr_len(p->family));
	return fold(sum(s, p->tcp, len));
}

static uint16_t ip4_checksum(const struct packet *p)
{
	return fold(sum(0, p->ip, p->tcp - p->ip));
}

static void write_checksums(struct packet *p)
{
	if (p->family == AF_INET) {
		put16(p->ip + IP4_CHECKSUM, 0);
		put16(p->ip + IP4_CHECKSUM, ip4_checksum(p));
	}
	put16(p->tcp + TCP_CHECKSUM, 0);
	put16(p->tcp + TCP_CHECKSUM, tcp_checksum(p));
}

static bool parse_ip4(struct packet *p)
{
	size_t header, total;

	if (p->len < IP4_HEADER)
		return drop(MALFORMED);
	header = (p->ip[0] & 0x0f) * 4;
	total = get16(p->ip + IP4_LENGTH);
	if (header < IP4_HEADER || total < header || total > p->len)
		return drop(MALFORMED);
	/* Everything but "don't fragment": an offset, or more to come. */
	if (get16(p->ip + IP4_FRAGMENT) & 0xbfff)
		return drop(FRAGMENT);
	if (p->ip[IP4_PROTOCOL] != IPPROTO_TCP)
		return drop(NOT_TCP);

	p->family = AF_INET;
	p->len = total;
	p->tcp = p->ip + header;
	return !ip4_checksum(p) || drop(BAD_CHECKSUM);
}

static bool is_extension(uint8_t next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING ||
	       next == IPPROTO_FRAGMENT || next == IPPROTO_DSTOPTS ||
	       next == IPPROTO_AH || next == IPPROTO_ESP;
}

static bool parse_ip6(struct packet *p)
{
	size_t total;

	if (p->len < IP6_HEADER)
		return drop(MALFORMED);
	total = IP6_HEADER + get16(p->ip + IP6_LENGTH);
	if (total > p->len)
		return drop(MALFORMED);
	if (is_extension(p->ip[IP6_NEXT]))
		return drop(EXTENSION);
	if (p->ip[IP6_NEXT] != IPPROTO_TCP)
		return drop(NOT_TCP);

	p->family = AF_INET6;
	p->len = total;
	p->tcp = p->ip + IP6_HEADER;
	return true;
}

static void read_endpoint(struct endpoint *e, int family, const uint8_t *addr,
			  const uint8_t *port)
{
	memset(e, 0, sizeof(*e));
	memcpy(e->addr, addr, addr_len(family));
	e->port = get16(port);
	e->family = family;
}

static bool parse_tcp(struct packet *p)
{
	size_t len = tcp_len(p);

	if (len < TCP_HEADER || header_len(p) < TCP_HEADER || header_len(p) > len)
		return drop(MALFORMED);
	/* All checksums are written anew later: a broken packet would be healed. */
	if (tcp_checksum(p))
		return drop(BAD_CHECKSUM);
	read_endpoint(&p->src, p->family, source_addr(p), p->tcp + TCP_SOURCE);
	read_endpoint(&p->dst, p->family, destination_addr(p), p->tcp + TCP_DESTINATION);
	return true;
}

static bool parse(struct packet *p)
{
	if (!p->len)
		return drop(MALFORMED);
	switch (p->ip[0] >> 4) {
	case 4:
		return parse_ip4(p) && parse_tcp(p);
	case 6:
		return parse_ip6(p) && parse_tcp(p);
	default:
		return drop(MALFORMED);
	}
}

static void set_ends(struct packet *p, const struct endpoint *src,
		     const struct endpoint *dst)
{
	memcpy(source_addr(p), src->addr, addr_len(p->family));
	memcpy(destination_addr(p), dst->addr, addr_len(p->family));
	put16(p->tcp + TCP_SOURCE, src->port);
	put16(p->tcp + TCP_DESTINATION, dst->port);
}

/*
 * Sessions
 */

/* In the order in which a new session takes their places. */
enum state {
	FREE,
	CLOSING,		/* a RST, or a FIN from both sides */
	OPENING,		/* the client has not acknowledged a SYN/ACK */
	OPEN,
	STATES
};

static const int timeouts[STATES] = {
	[CLOSING]	= 30,
	[OPENING]	= 30,
	[OPEN]		= 900,
};

struct session {
	TAILQ_ENTRY(session) by_age;
	LIST_ENTRY(session) by_client;
	struct endpoint client;
	struct endpoint vip;
	struct endpoint local;
	struct endpoint backend;
	uint32_t client_isn;
	uint32_t server_isn;
	bool answered;		/* server_isn is known */
	bool client_fin;
	bool server_fin;
	enum state state;
	time_t used;
};

struct service {
	struct endpoint vip;
	struct endpoint backend;
};

/* A local address, and whose its ports are. */
struct local {
	struct endpoint addr;
	struct session **owners;
	uint16_t next;
};

TAILQ_HEAD(session_queue, session);
LIST_HEAD(session_bucket, session);

static struct service services[SERVICES_MAX];
static size_t nr_services;
static struct local locals[LOCALS_MAX];
static size_t nr_locals;

static struct session *sessions;
static size_t nr_sessions = 16384;
static struct session_queue queues[STATES];	/* the longest idle first */
static struct session_bucket *buckets;
static uint64_t hash_seed;
static time_t now;

static void *allocate(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		err(1, "no memory");
	return p;
}

static uint64_t hash(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len--)
		h = (h ^ *p++) * 0x100000001b3;
	return h;
}

static struct session_bucket *bucket(const struct endpoint *client,
				     const struct endpoint *vip)
{
	uint64_t h = hash(hash_seed, client, sizeof(*client));

	h = hash(h, vip, sizeof(*vip));
	return &buckets[(h ^ h >> 32) % nr_sessions];
}

static void session_move(struct session *s, enum state state)
{
	TAILQ_REMOVE(&queues[s->state], s, by_age);
	s->state = state;
	s->used = now;
	TAILQ_INSERT_TAIL(&queues[state], s, by_age);
}

static struct local *find_local(const struct endpoint *e)
{
	for (size_t i = 0; i < nr_locals; i++) {
		const struct endpoint *addr = &locals[i].addr;

		if (addr->family == e->family &&
		    !memcmp(addr->addr, e->addr, sizeof(e->addr)))
			return &locals[i];
	}
	return NULL;
}

static const struct service *find_service(const struct endpoint *vip)
{
	for (size_t i = 0; i < nr_services; i++)
		if (same(&services[i].vip, vip))
			return &services[i];
	return NULL;
}

static struct session *find_session(const struct endpoint *client,
				    const struct endpoint *vip)
{
	struct session *s;

	LIST_FOREACH(s, bucket(client, vip), by_client)
		if (same(&s->client, client) && same(&s->vip, vip))
			return s;
	return NULL;
}

static void session_free(struct session *s)
{
	find_local(&s->local)->owners[s->local.port] = NULL;
	LIST_REMOVE(s, by_client);
	session_move(s, FREE);
}

static void expire_sessions(void)
{
	for (int state = FREE + 1; state < STATES; state++) {
		struct session *s;

		while ((s = TAILQ_FIRST(&queues[state])) &&
		       now - s->used > timeouts[state]) {
			session_free(s);
			count(EXPIRED);
		}
	}
}

static struct session *take_session(void)
{
	for (int state = FREE; state < STATES; state++) {
		struct session *s = TAILQ_FIRST(&queues[state]);

		if (!s)
			continue;
		if (state != FREE) {
			session_free(s);
			count(EVICTED);
		}
		return s;
	}
	abort();	/* the table is not empty: every session is somewhere */
}

/*
 * Ports are given out in turn, so that one rests as long as possible before a
 * backend sees it again.
 */
static void take_port(struct session *s)
{
	static size_t turn;
	struct local *l;

	do {
		l = &locals[turn++ % nr_locals];
	} while (l->addr.family != s->backend.family);

	do {
		l->next = l->next < UINT16_MAX ? l->next + 1 : PORT_FIRST;
	} while (l->next < PORT_FIRST || l->owners[l->next]);

	l->owners[l->next] = s;
	s->local = l->addr;
	s->local.port = l->next;
}

static struct session *open_session(const struct packet *p)
{
	const struct service *service = find_service(&p->dst);
	struct session *s;

	if (!service) {
		count(NO_SERVICE);
		return NULL;
	}
	s = take_session();
	s->client = p->src;
	s->vip = p->dst;
	s->backend = service->backend;
	s->answered = false;
	s->client_fin = false;
	s->server_fin = false;
	take_port(s);
	LIST_INSERT_HEAD(bucket(&s->client, &s->vip), s, by_client);
	session_move(s, OPENING);
	count(OPENED);
	return s;
}

/* Whether the client has seen the SYN/ACK, but no data from the server yet. */
static bool server_is_silent(const struct session *s, const struct packet *p)
{
	return flags(p) & ACK && s->answered &&
	       get32(p->tcp + TCP_ACKNOWLEDGE) == s->server_isn + 1;
}

static void session_touch(struct session *s, const struct packet *p)
{
	bool over = flags(p) & RST || (s->client_fin && s->server_fin);

	session_move(s, over ? CLOSING : s->state);
}

static void note_client_segment(struct session *s, const struct packet *p)
{
	if (flags(p) & SYN)
		s->client_isn = get32(p->tcp + TCP_SEQUENCE);
	if (flags(p) & FIN)
		s->client_fin = true;
	if (s->state == OPENING && server_is_silent(s, p))
		session_move(s, OPEN);
	session_touch(s, p);
}

static void note_server_segment(struct session *s, const struct packet *p)
{
	if (flags(p) & SYN) {
		s->server_isn = get32(p->tcp + TCP_SEQUENCE);
		s->answered = true;
	}
	if (flags(p) & FIN)
		s->server_fin = true;
	session_touch(s, p);
}

/*
 * When to insert: which segments of the client, by mode.
 */

static bool wants_dpvs(const struct session *s, const struct packet *p)
{
	return !(flags(p) & (SYN | RST)) && server_is_silent(s, p);
}

static bool wants_lvs(const struct session *s, const struct packet *p)
{
	return flags(p) & SYN || (!(flags(p) & FIN) && wants_dpvs(s, p));
}

static bool wants_syn(const struct session *s, const struct packet *p)
{
	(void)s;
	return flags(p) & SYN;
}

static bool wants_ack(const struct session *s, const struct packet *p)
{
	return wants_dpvs(s, p) && !(flags(p) & FIN) && !has_payload(p) &&
	       get32(p->tcp + TCP_SEQUENCE) == s->client_isn + 1;
}

struct mode {
	const char *name;
	const char *help;
	bool (*wants)(const struct session *s, const struct packet *p);
};

static const struct mode modes[] = {
	{ "dpvs", "until the server has sent data, not on SYN", wants_dpvs },
	{ "lvs", "as dpvs and on SYN, but not on FIN", wants_lvs },
	{ "ack", "on the bare ACK that ends the handshake", wants_ack },
	{ "syn", "on SYN only", wants_syn },
	{ "none", "never", NULL },
};

static const struct mode *mode = &modes[0];

/*
 * How to insert.
 */

enum place {
	FIRST,
	LAST,
	PADDED,
};

static const char *const places[] = {
	[FIRST]		= "first",
	[LAST]		= "last",
	[PADDED]	= "eol",
};

static enum place place = FIRST;
static size_t mtu = 1500;

/* What the client is made to send, as if it had by itself. */
static bool forge;
static size_t filler;

/* What is done with an option 254 that the client sent. */
static bool keep;
static bool strip;

static const uint8_t forged[] = { OPTION_TOA, 8, 0x11, 0x11, 198, 18, 0, 1 };

/* The options of a segment, while they are put together. */
struct space {
	uint8_t bytes[2 * (TCP_HEADER_MAX - TCP_HEADER)];
	size_t len;
};

static size_t option_len(const struct session *s)
{
	return 4 + addr_len(s->client.family);
}

static void append(struct space *to, const void *bytes, size_t len)
{
	memcpy(to->bytes + to->len, bytes, len);
	to->len += len;
}

static void append_option(struct space *to, const struct session *s)
{
	uint8_t *option = to->bytes + to->len;

	option[0] = OPTION_TOA;
	option[1] = option_len(s);
	put16(option + 2, s->client.port);
	memcpy(option + 4, s->client.addr, addr_len(s->client.family));
	to->len += option_len(s);
}

static uint8_t *next_option(uint8_t *option, const uint8_t *end)
{
	while (option < end && *option == OPTION_NOP)
		option++;
	if (end - option < 2 || *option == OPTION_END || option[1] < 2 ||
	    option[1] > end - option)
		return NULL;
	return option;
}

/* With any length where len is 0. */
static uint8_t *find_option(const struct packet *p, uint8_t kind, uint8_t len)
{
	uint8_t *option = p->tcp + TCP_HEADER;
	uint8_t *end = p->tcp + header_len(p);

	while ((option = next_option(option, end))) {
		if (option[0] == kind && (!len || option[1] == len))
			return option;
		option += option[1];
	}
	return NULL;
}

static void append_theirs(struct space *to, const struct packet *p)
{
	append(to, p->tcp + TCP_HEADER, header_len(p) - TCP_HEADER);
}

/* Without the NOPs between them, which DPVS takes away when it needs room. */
static void append_packed(struct space *to, const struct packet *p)
{
	uint8_t *option = p->tcp + TCP_HEADER;
	uint8_t *end = p->tcp + header_len(p);

	while ((option = next_option(option, end))) {
		append(to, option, option[1]);
		option += option[1];
	}
	while (to->len % 4)
		to->bytes[to->len++] = OPTION_END;
}

/* The IP and the fixed TCP header move, so that the options have the room they need. */
static void set_options(struct packet *p, const struct space *options)
{
	size_t moved = p->tcp + TCP_HEADER - p->ip;
	size_t header = TCP_HEADER + options->len;
	ssize_t gap = header - header_len(p);
	uint8_t *field;

	memmove(p->ip - gap, p->ip, moved);
	p->ip -= gap;
	p->tcp -= gap;
	p->len += gap;

	p->tcp[TCP_OFFSET] = (header / 4) << 4 | (p->tcp[TCP_OFFSET] & 0x0f);
	field = p->ip + (p->family == AF_INET ? IP4_LENGTH : IP6_LENGTH);
	put16(field, get16(field) + gap);
	memcpy(p->tcp + TCP_HEADER, options->bytes, options->len);
}

static void make_options(struct space *options, const struct packet *p,
			 const struct session *s)
{
	if (place == LAST) {
		append_theirs(options, p);
		append_option(options, s);
	} else {
		append_option(options, s);
		if (place == PADDED)
			append_packed(options, p);
		else
			append_theirs(options, p);
	}
}

/* A segment that cannot take the option goes on without it. */
static void insert_option(struct packet *p, const struct session *s)
{
	struct space options = { .len = 0 };
	size_t header;

	make_options(&options, p, s);
	header = TCP_HEADER + options.len;
	if (header > TCP_HEADER_MAX) {
		count(NO_ROOM);
	} else if (p->len - header_len(p) + header > mtu) {
		count(OVER_MTU);
	} else {
		set_options(p, &options);
		count(INSERTED);
	}
}

/* A client of its own kind: it claims to be somebody else, and is talkative. */
static void pretend(struct packet *p)
{
	struct space options = { .len = 0 };
	size_t more = filler + (forge ? sizeof(forged) : 0);

	if (!more || header_len(p) + more > TCP_HEADER_MAX)
		return;
	if (forge)
		append(&options, forged, sizeof(forged));
	append_theirs(&options, p);
	memset(options.bytes + options.len, OPTION_NOP, filler);
	options.len += filler;
	set_options(p, &options);
}

static void strip_options(struct packet *p)
{
	uint8_t *option;

	while ((option = find_option(p, OPTION_TOA, 0))) {
		memset(option, OPTION_NOP, option[1]);
		count(STRIPPED);
	}
}

static void name_client(struct packet *p, const struct session *s)
{
	pretend(p);
	if (strip)
		strip_options(p);
	if (keep && find_option(p, OPTION_TOA, 0))
		count(KEPT);
	else
		insert_option(p, s);
}

/* Leaves room for the option in the other side's full segments. */
static void lower_mss(struct packet *p, const struct session *s)
{
	uint8_t *option = find_option(p, OPTION_MSS, OPTION_MSS_LEN);
	size_t len = option_len(s) + filler + (forge ? sizeof(forged) : 0);

	if (!mode->wants || !option || get16(option + 2) <= len)
		return;
	put16(option + 2, get16(option + 2) - len);
	count(MSS_LOWERED);
}

/*
 * The two ways
 */

static bool from_client(struct packet *p)
{
	struct session *s = find_session(&p->src, &p->dst);

	if ((flags(p) & (SYN | ACK | RST)) == SYN) {
		if (s && s->state == CLOSING) {
			session_free(s);
			s = NULL;
		}
		if (!s)
			s = open_session(p);
		if (!s)
			return false;
	}
	if (!s)
		return drop(NO_SESSION);

	note_client_segment(s, p);
	if (flags(p) & SYN)
		lower_mss(p, s);
	if (mode->wants && mode->wants(s, p))
		name_client(p, s);
	set_ends(p, &s->local, &s->backend);
	count(FROM_CLIENT);
	return true;
}

static bool from_server(struct packet *p, const struct local *l)
{
	struct session *s = l->owners[p->dst.port];

	if (!s || !same(&s->backend, &p->src))
		return drop(NO_SESSION);

	note_server_segment(s, p);
	if (flags(p) & SYN)
		lower_mss(p, s);
	set_ends(p, &s->vip, &s->client);
	count(FROM_SERVER);
	return true;
}

static bool translate(struct packet *p)
{
	const struct local *l = find_local(&p->dst);

	return l ? from_server(p, l) : from_client(p);
}

/* Returns false when there was nothing to read. */
static bool handle_packet(int tun)
{
	static uint8_t buffer[HEADROOM + PACKET_MAX];
	struct packet p = { .ip = buffer + HEADROOM };
	ssize_t n = read(tun, p.ip, PACKET_MAX);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			err(1, "reading a packet");
		return false;
	}
	p.len = n;
	if (!parse(&p) || !translate(&p))
		return true;
	write_checksums(&p);
	if (write(tun, p.ip, p.len) != (ssize_t)p.len)
		count(WRITE_FAILED);
	return true;
}

/*
 * Running
 */

static void read_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = ts.tv_sec;
}

static int open_tun(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		err(1, "/dev/net/tun");
	if (strlen(name) >= sizeof(request.ifr_name))
		errx(1, "%s: too long for a device name", name);
	memcpy(request.ifr_name, name, strlen(name) + 1);
	if (ioctl(fd, TUNSETIFF, &request))
		err(1, "%s", name);
	return fd;
}

static int open_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		err(1, "signalfd");
	return fd;
}

static int read_signal(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		err(1, "reading a signal");
	return info.ssi_signo;
}

static void make_table(void)
{
	sessions = allocate(nr_sessions, sizeof(*sessions));
	buckets = allocate(nr_sessions, sizeof(*buckets));
	for (int state = FREE; state < STATES; state++)
		TAILQ_INIT(&queues[state]);
	for (size_t i = 0; i < nr_sessions; i++)
		TAILQ_INSERT_TAIL(&queues[FREE], &sessions[i], by_age);
	if (getrandom(&hash_seed, sizeof(hash_seed), 0) != sizeof(hash_seed))
		err(1, "getrandom");
}

static void run(int tun, int signals)
{
	struct pollfd polls[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = tun, .events = POLLIN },
	};

	for (;;) {
		if (poll(polls, ARRAY_SIZE(polls), 1000) < 0) {
			if (errno != EINTR)
				err(1, "poll");
			continue;
		}
		read_clock();
		expire_sessions();
		for (int i = 0; i < BATCH; i++)
			if (!handle_packet(tun))
				break;
		/* Last, so that what came before a signal is in the counters. */
		if (polls[0].revents) {
			int signal = read_signal(signals);

			print_counters();
			if (signal != SIGUSR1)
				return;
		}
	}
}

/*
 * The command line
 */

static void print_usage(FILE *to)
{
	fputs("usage: balancer -s VIP:PORT=BACKEND:PORT... -l ADDRESS... [OPTION...]\n"
	      "A full-NAT TCP balancer behind a TUN device.\n"
	      "  -s, --service VIP:PORT=BACKEND:PORT  what to balance; [ADDRESS]:PORT for IPv6\n"
	      "  -l, --local ADDRESS   talk to backends from here\n"
	      "  -d, --device NAME     the TUN device (default lb0); made if missing\n"
	      "  -m, --mode MODE       when to write the client into option 254:\n", to);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		fprintf(to, "                          %-5s %s%s\n", modes[i].name,
			modes[i].help, i ? "" : " (default)");
	fprintf(to,
		"  -p, --place first|last|eol   among the client's options (default first); eol\n"
		"                        takes their NOPs away and pads the end\n"
		"      --keep            an option 254 that the client sent is the client's name\n"
		"      --strip           it is taken away\n"
		"      --forge           clients are made to send one, of 198.18.0.1\n"
		"      --filler BYTES    and so many NOPs\n"
		"  -u, --mtu BYTES       of the way to the backends (default %zu)\n"
		"  -n, --sessions N      at one time, at most %d (default %zu)\n"
		"  -h, --help            this text\n"
		"Services and local addresses can be given up to %d times. SIGUSR1 prints\n"
		"counters; SIGTERM prints them and ends.\n",
		mtu, SESSIONS_MAX, nr_sessions, SERVICES_MAX);
}

static void parse_addr(struct endpoint *e, const char *text)
{
	memset(e, 0, sizeof(*e));
	e->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(e->family, text, e->addr) != 1)
		errx(1, "%s: not an address", text);
}

static size_t parse_number(const char *text, size_t min, size_t max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < min || n > max)
		errx(1, "%s: not a number from %zu to %zu", text, min, max);
	return n;
}

/* ADDRESS:PORT or [ADDRESS]:PORT; the text is taken apart. */
static void parse_endpoint(struct endpoint *e, char *text)
{
	char *colon = strrchr(text, ':');
	size_t len;

	if (!colon)
		errx(1, "%s: without a port", text);
	*colon = '\0';
	len = strlen(text);
	if (text[0] == '[' && text[len - 1] == ']') {
		text[len - 1] = '\0';
		text++;
	}
	parse_addr(e, text);
	e->port = parse_number(colon + 1, 1, UINT16_MAX);
}

static void add_service(char *text)
{
	struct service *s = &services[nr_services];
	char *backend = strchr(text, '=');

	if (nr_services++ == SERVICES_MAX)
		errx(1, "more than %d services", SERVICES_MAX);
	if (!backend)
		errx(1, "%s: without a backend", text);
	*backend++ = '\0';
	parse_endpoint(&s->vip, text);
	parse_endpoint(&s->backend, backend);
	if (s->vip.family != s->backend.family)
		errx(1, "%s: its backend is of the other family", text);
}

static void add_local(const char *text)
{
	struct local *l = &locals[nr_locals];

	if (nr_locals++ == LOCALS_MAX)
		errx(1, "more than %d local addresses", LOCALS_MAX);
	parse_addr(&l->addr, text);
	l->owners = allocate(UINT16_MAX + 1, sizeof(*l->owners));
}

static void set_mode(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		if (!strcmp(name, modes[i].name)) {
			mode = &modes[i];
			return;
		}
	}
	errx(1, "%s: no such mode", name);
}

static void set_place(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (!strcmp(name, places[i])) {
			place = i;
			return;
		}
	}
	errx(1, "%s: no such place", name);
}

static void set_filler(const char *text)
{
	filler = parse_number(text, 0, TCP_HEADER_MAX - TCP_HEADER);
	if (filler % 4)
		errx(1, "%s: not a multiple of 4", text);
}

static bool has_local(int family)
{
	for (size_t i = 0; i < nr_locals; i++)
		if (locals[i].addr.family == family)
			return true;
	return false;
}

static void check_services(void)
{
	if (!nr_services)
		errx(1, "no --service to balance");
	for (size_t i = 0; i < nr_services; i++)
		if (!has_local(services[i].backend.family))
			errx(1, "a service has no --local address of its family");
}

/* Long options without a letter. */
enum {
	OPTION_KEEP = 256,
	OPTION_STRIP,
	OPTION_FORGE,
	OPTION_FILLER,
};

static const struct option options[] = {
	{ "service", required_argument, NULL, 's' },
	{ "local", required_argument, NULL, 'l' },
	{ "device", required_argument, NULL, 'd' },
	{ "mode", required_argument, NULL, 'm' },
	{ "place", required_argument, NULL, 'p' },
	{ "keep", no_argument, NULL, OPTION_KEEP },
	{ "strip", no_argument, NULL, OPTION_STRIP },
	{ "forge", no_argument, NULL, OPTION_FORGE },
	{ "filler", required_argument, NULL, OPTION_FILLER },
	{ "mtu", required_argument, NULL, 'u' },
	{ "sessions", required_argument, NULL, 'n' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* What the client does, and what is done with it. Returns false for another option. */
static bool parse_behaviour(int option, const char *value)
{
	switch (option) {
	case 'm':
		set_mode(value);
		return true;
	case 'p':
		set_place(value);
		return true;
	case OPTION_KEEP:
		keep = true;
		return true;
	case OPTION_STRIP:
		strip = true;
		return true;
	case OPTION_FORGE:
		forge = true;
		return true;
	case OPTION_FILLER:
		set_filler(value);
		return true;
	default:
		return false;
	}
}

/* Returns the device's name. */
static const char *parse_options(int argc, char **argv)
{
	const char *device = "lb0";
	int option;

	while ((option = getopt_long(argc, argv, "s:l:d:m:p:u:n:h", options, NULL)) != -1) {
		if (parse_behaviour(option, optarg))
			continue;
		switch (option) {
		case 's':
			add_service(optarg);
			break;
		case 'l':
			add_local(optarg);
			break;
		case 'd':
			device = optarg;
			break;
		case 'u':
			mtu = parse_number(optarg, 68, PACKET_MAX - 1);
			break;
		case 'n':
			nr_sessions = parse_number(optarg, 1, SESSIONS_MAX);
			break;
		case 'h':
			print_usage(stdout);
			exit(0);
		default:
			print_usage(stderr);
			exit(2);
		}
	}
	if (optind < argc)
		errx(2, "%s: not an option", argv[optind]);
	return device;
}

int main(int argc, char **argv)
{
	const char *device = parse_options(argc, argv);
	int tun, signals;

	check_services();
	make_table();
	read_clock();
	signals = open_signals();
	tun = open_tun(device);
	run(tun, signals);
	close(tun);
	return 0;
}
