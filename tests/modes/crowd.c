// SPDX-License-Identifier: GPL-2.0
/*
 * crowd - many connections, and whose address the server is shown for each
 *
 *	crowd connect [-n COUNT] [-t SECONDS] [-c AT_ONCE] [-d BYTES] [-m] ADDRESS PORT...
 *	crowd serve [-D] [-m] [-r FILE] -b ADDRESS... ADDRESS PORT...
 *
 * A client writes its own address and port into the first bytes that it sends. The
 * server compares them with what accept() or getpeername() says: right, or, where a
 * balancer's address (-b) is shown, "balancer", or else wrong. It also reads all segments
 * that come in, as a packet socket sees them, so that it can say why a balancer is
 * shown: which segments of that connection carried option 254.
 *
 * -D sets TCP_DEFER_ACCEPT, -m makes MPTCP sockets. -r names a file with the times at
 * which the module was not there, "BEGIN END" in seconds of uptime each, the last END
 * missing while it lasts.
 * SIGTERM prints the account and ends; so does the end of -n or -t for clients.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../lib/address.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define EVENTS		256
#define TARGETS_MAX	8
#define BALANCERS_MAX	8
#define FILES_MAX	20000
#define OPTION_TOA	254
/* How long a client waits for its answer. */
#define PATIENCE	120.0

/* An end of a connection. IPv4 as ::ffff:a.b.c.d; compared whole. */
struct end {
	uint8_t addr[16];
	uint16_t port;
	uint16_t unused;
};

/* What a client says first: who it is, and how many bytes follow. */
struct claim {
	struct end self;
	uint32_t more;
};

static int stopped;

static void stop(int signal)
{
	(void)signal;
	__atomic_store_n(&stopped, 1, __ATOMIC_RELAXED);
}

static bool is_stopped(void)
{
	return __atomic_load_n(&stopped, __ATOMIC_RELAXED);
}

static double uptime(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void map_v4(uint8_t *to, const void *addr)
{
	memset(to, 0, 10);
	memset(to + 10, 0xff, 2);
	memcpy(to + 12, addr, 4);
}

static void end_of(struct end *e, const union address *a)
{
	memset(e, 0, sizeof(*e));
	if (a->any.sa_family == AF_INET)
		map_v4(e->addr, &a->v4.sin_addr);
	else
		memcpy(e->addr, &a->v6.sin6_addr, 16);
	/* The port is at the same place in both families. */
	e->port = a->v4.sin_port;
}

static bool same(const struct end *a, const struct end *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static bool same_addr(const struct end *a, const struct end *b)
{
	return !memcmp(a->addr, b->addr, sizeof(a->addr));
}

static int poll_fd;
static int protocol;		/* TCP, or IPPROTO_MPTCP */

static void watch(int fd, void *data, uint32_t events, int operation)
{
	struct epoll_event event = { .events = events, .data.ptr = data };

	if (epoll_ctl(poll_fd, operation, fd, &event))
		err(1, "epoll_ctl");
}

/* A connection of either side. */
struct connection {
	int fd;
	bool connected;
	double since;
	size_t moved;
	struct claim claim;
	struct end shown;
	bool asked;
	struct connection *next, *previous;
};

/* Those that are open, the oldest first. */
static struct connection list = { .next = &list, .previous = &list };
static unsigned int nr_open;

static struct connection *connection_open(int fd)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (!c)
		err(1, "no memory");
	c->fd = fd;
	c->since = uptime();
	c->next = &list;
	c->previous = list.previous;
	c->previous->next = c;
	list.previous = c;
	nr_open++;
	return c;
}

static void connection_close(struct connection *c)
{
	close(c->fd);
	c->next->previous = c->previous;
	c->previous->next = c->next;
	nr_open--;
	free(c);
}

/*
 * Balancers, and what came in from each of their ports: which segments carried the
 * option.
 */

#define PORTS		65536

enum seen {
	SEEN_SEGMENT	= 1,	/* one that is no SYN */
	SEEN_SYN	= 2,	/* the option was on the SYN, */
	SEEN_FIRST	= 4,	/* on the first segment after it, */
	SEEN_BARE	= 8,	/* on one without, */
	SEEN_DATA	= 16,	/* and on one with data */
};

struct flow {
	double began;
	uint32_t isn;
	uint8_t seen;
	bool known;
	bool named;		/* by another balancer, as its client */
};

static struct end balancers[BALANCERS_MAX];
static size_t nr_balancers;
static struct flow *flows;
static int packets;
static unsigned long strangers;

/* NULL when that is no balancer. */
static struct flow *flow_of(const struct end *e)
{
	for (size_t i = 0; i < nr_balancers; i++)
		if (same_addr(&balancers[i], e))
			return &flows[i * PORTS + ntohs(e->port)];
	return NULL;
}

/* The first option 254 of a segment; false without one. */
static bool read_option(const uint8_t *option, const uint8_t *end, struct end *named)
{
	while (option < end && *option) {
		if (*option == 1) {
			option++;
			continue;
		}
		if (end - option < 2 || option[1] < 2 || option[1] > end - option)
			return false;
		if (*option == OPTION_TOA) {
			memset(named, 0, sizeof(*named));
			memcpy(&named->port, option + 2, 2);
			if (option[1] == 8)
				map_v4(named->addr, option + 4);
			else if (option[1] == 20)
				memcpy(named->addr, option + 4, 16);
			return true;
		}
		option += option[1];
	}
	return false;
}

/* A SYN that is sent again begins nothing. */
static void note_syn(struct flow *flow, const uint8_t *tcp, bool has)
{
	uint32_t isn;

	memcpy(&isn, tcp + 4, sizeof(isn));
	if (!flow->known || flow->isn != isn) {
		memset(flow, 0, sizeof(*flow));
		flow->known = true;
		flow->isn = isn;
		flow->began = uptime();
	}
	if (has)
		flow->seen |= SEEN_SYN;
}

static void note_segment(const struct end *peer, const uint8_t *tcp, size_t header, bool data)
{
	struct flow *flow = flow_of(peer), *named_flow;
	struct end named;
	bool has = read_option(tcp + 20, tcp + header, &named);

	if (!flow) {
		strangers++;
		return;
	}
	if (tcp[13] & TH_SYN) {
		note_syn(flow, tcp, has);
		return;
	}
	if (has) {
		named_flow = flow_of(&named);
		if (named_flow)
			named_flow->named = true;
		flow->seen |= data ? SEEN_DATA : SEEN_BARE;
		if (!(flow->seen & SEEN_SEGMENT))
			flow->seen |= SEEN_FIRST;
	}
	flow->seen |= SEEN_SEGMENT;
}

static void note_packet(const uint8_t *p, size_t len)
{
	size_t ip = p[0] >> 4 == 4 ? (p[0] & 15) * 4 : 40;
	size_t total = p[0] >> 4 == 4 ? p[2] << 8 | p[3] : (p[4] << 8 | p[5]) + 40;
	struct end peer = { 0 };
	size_t header;

	if (len < ip + 20 || p[p[0] >> 4 == 4 ? 9 : 6] != IPPROTO_TCP)
		return;
	header = (p[ip + 12] >> 4) * 4;
	if (header < 20 || len < ip + header)
		return;
	if (p[0] >> 4 == 4)
		map_v4(peer.addr, p + 12);
	else
		memcpy(peer.addr, p + 8, 16);
	memcpy(&peer.port, p + ip, 2);
	note_segment(&peer, p + ip, header, total > ip + header);
}

/* All that came until now: a connection's segments are there before it is accepted. */
static void read_packets(void)
{
	uint8_t packet[128];
	ssize_t n;

	while ((n = recv(packets, packet, sizeof(packet), MSG_DONTWAIT)) > 0)
		note_packet(packet, n);
}

static void open_packets(void)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	/* Incoming only: what goes out has packet type 4. */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_PKTTYPE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, 128),
	};
	struct sock_fprog filter = { ARRAY_SIZE(code), code };
	int size = 64 << 20;

	flows = calloc(nr_balancers * PORTS, sizeof(*flows));
	packets = socket(AF_PACKET, SOCK_DGRAM, 0);
	if (!flows || packets < 0 ||
	    setsockopt(packets, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) ||
	    setsockopt(packets, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    bind(packets, (struct sockaddr *)&to, sizeof(to)))
		err(1, "packet socket");
}

static unsigned int packets_lost(void)
{
	struct tpacket_stats stats = { 0 };
	socklen_t len = sizeof(stats);

	getsockopt(packets, SOL_PACKET, PACKET_STATISTICS, &stats, &len);
	return stats.tp_drops;
}

/*
 * The account
 */

enum result {
	RIGHT,
	WRONG,
	NO_OPTION,
	ON_SYN_ONLY,
	ON_LATER_ONLY,
	NO_MODULE,
	OTHER_BALANCER,
	UNKNOWN,
	UNEXPLAINED,
	BROKEN,
	RESULTS
};

static const char *const result_names[RESULTS] = {
	[RIGHT]		= "right",
	[WRONG]		= "wrong",
	[NO_OPTION]	= "balancer_no_option_came",
	[ON_SYN_ONLY]	= "balancer_option_on_syn_only",
	[ON_LATER_ONLY]	= "balancer_option_on_later_segment",
	[NO_MODULE]	= "balancer_no_module",
	[OTHER_BALANCER] = "balancer_named_by_option",
	[UNKNOWN]	= "balancer_segments_not_seen",
	[UNEXPLAINED]	= "balancer_unexplained",
	[BROKEN]	= "broken",
};

static unsigned long results[RESULTS];
static bool defer;
static const char *reload_file;

/* Was the module away at any time between these two? */
static bool module_was_away(double from, double to)
{
	FILE *file = reload_file ? fopen(reload_file, "r") : NULL;
	char line[64];
	bool away = false;

	while (file && fgets(line, sizeof(line), file)) {
		double begin, end;
		int fields = sscanf(line, "%lf %lf", &begin, &end);

		if (fields >= 1 && begin <= to && (fields < 2 || end >= from))
			away = true;
	}
	if (file)
		fclose(file);
	return away;
}

/* Why a connection shows a balancer. */
static enum result reason(const struct flow *flow)
{
	if (!flow->known)
		return UNKNOWN;
	if (!(flow->seen & (SEEN_BARE | SEEN_DATA)))
		return flow->seen & SEEN_SYN ? ON_SYN_ONLY : NO_OPTION;
	if (module_was_away(flow->began, uptime()))
		return NO_MODULE;
	if (!(flow->seen & SEEN_FIRST))
		return ON_LATER_ONLY;
	return UNEXPLAINED;
}

static enum result judge(const struct connection *c)
{
	const struct flow *flow = flow_of(&c->shown);

	read_packets();
	if (same(&c->shown, &c->claim.self))
		return RIGHT;
	if (!flow)
		return WRONG;
	/* A balancer behind another one is the client that it names. */
	return flow->named ? OTHER_BALANCER : reason(flow);
}

static void print_account(void)
{
	unsigned long sum = 0;

	for (size_t i = 0; i < RESULTS; i++) {
		printf("%s %lu\n", result_names[i], results[i]);
		sum += results[i];
	}
	printf("accepted %lu\nopen %u\npackets_lost %u\nstrangers %lu\n", sum, nr_open,
	       packets_lost(), strangers);
	fflush(stdout);
}

/*
 * The server
 */

static int listen_on(const char *text, const char *port)
{
	union address a;
	socklen_t len = address_parse(&a, text, port);
	int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, protocol);
	int on = 1, seconds = 30;

	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (defer && setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds)))
		err(1, "TCP_DEFER_ACCEPT");
	if (bind(fd, &a.any, len) || listen(fd, 4096))
		err(1, "%s %s", text, port);
	return fd;
}

/* Every other one is asked for only when its bytes came, by getpeername(). */
static void accept_all(int listener)
{
	static bool late;

	for (;;) {
		union address a;
		socklen_t len = sizeof(a);
		int fd = accept4(listener, late ? NULL : &a.any, late ? NULL : &len,
				 SOCK_NONBLOCK);
		struct connection *c;

		if (fd < 0)
			return;
		c = connection_open(fd);
		if (!late) {
			end_of(&c->shown, &a);
			c->asked = true;
		}
		late = !late;
		watch(fd, c, EPOLLIN, EPOLL_CTL_ADD);
	}
}

static bool ask_late(struct connection *c)
{
	union address a;
	socklen_t len = sizeof(a);

	if (c->asked)
		return true;
	if (getpeername(c->fd, &a.any, &len))
		return false;
	end_of(&c->shown, &a);
	return true;
}

/* Returns false when it is over. */
static bool serve_one(struct connection *c)
{
	uint8_t buffer[65536];
	enum result result;
	ssize_t n;

	if (c->moved < sizeof(c->claim))
		n = recv(c->fd, (uint8_t *)&c->claim + c->moved, sizeof(c->claim) - c->moved, 0);
	else
		n = recv(c->fd, buffer, sizeof(buffer), 0);
	if (n < 0 && errno == EAGAIN)
		return true;
	if (n <= 0) {
		/* An answered client has said goodbye. */
		if (c->moved < sizeof(c->claim) + c->claim.more)
			results[BROKEN]++;
		return false;
	}
	c->moved += n;
	if (c->moved < sizeof(c->claim) || c->moved < sizeof(c->claim) + c->claim.more)
		return true;
	result = ask_late(c) ? judge(c) : BROKEN;
	results[result]++;
	send(c->fd, result == RIGHT ? "r" : result == WRONG ? "w" : "b", 1, MSG_NOSIGNAL);
	return true;
}

static void serve(void)
{
	struct epoll_event events[EVENTS];
	int n;

	while (!is_stopped()) {
		n = epoll_wait(poll_fd, events, EVENTS, 1000);
		for (int i = 0; i < n; i++) {
			struct connection *c = events[i].data.ptr;

			if (c->connected)
				accept_all(c->fd);
			else if (!serve_one(c))
				connection_close(c);
		}
		read_packets();
	}
	print_account();
}

static void add_balancer(const char *text)
{
	union address a;

	if (nr_balancers == BALANCERS_MAX)
		errx(2, "more than %d balancers", BALANCERS_MAX);
	address_parse(&a, text, "0");
	end_of(&balancers[nr_balancers++], &a);
}

static int main_serve(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "Dmb:r:")) != -1) {
		if (option == 'D')
			defer = true;
		else if (option == 'm')
			protocol = IPPROTO_MPTCP;
		else if (option == 'b')
			add_balancer(optarg);
		else if (option == 'r')
			reload_file = optarg;
		else
			return 2;
	}
	open_packets();
	for (; optind + 1 < argc; optind += 2) {
		struct connection *c = calloc(1, sizeof(*c));

		if (!c)
			err(1, "no memory");
		c->fd = listen_on(argv[optind], argv[optind + 1]);
		c->connected = true;
		watch(c->fd, c, EPOLLIN, EPOLL_CTL_ADD);
	}
	serve();
	return 0;
}

/*
 * The client
 */

static struct target {
	union address address;
	socklen_t len;
} targets[TARGETS_MAX];
static size_t nr_targets;
static unsigned long made, failed, answered, bytes_more;

static void target_add(const char *addr, const char *port)
{
	struct target *t = &targets[nr_targets++];

	t->len = address_parse(&t->address, addr, port);
}

static void connect_one(void)
{
	static size_t turn;
	const struct target *t = &targets[turn++ % nr_targets];
	int fd = socket(t->address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, protocol);
	struct connection *c;

	if (fd < 0)
		err(1, "socket");
	c = connection_open(fd);
	if (connect(fd, &t->address.any, t->len) && errno != EINPROGRESS) {
		failed++;
		connection_close(c);
		return;
	}
	watch(fd, c, EPOLLOUT, EPOLL_CTL_ADD);
}

static bool make_claim(struct connection *c)
{
	union address self;
	socklen_t len = sizeof(self);
	int error = 0;
	socklen_t size = sizeof(error);

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size) || error)
		return false;
	if (getsockname(c->fd, &self.any, &len))
		return false;
	end_of(&c->claim.self, &self);
	c->claim.more = bytes_more;
	c->connected = true;
	return true;
}

/* Returns false when the connection is broken. */
static bool send_claim(struct connection *c)
{
	static const uint8_t zeros[65536];
	size_t total = sizeof(c->claim) + c->claim.more;
	ssize_t n;

	while (c->moved < total) {
		if (c->moved < sizeof(c->claim))
			n = send(c->fd, (uint8_t *)&c->claim + c->moved,
				 sizeof(c->claim) - c->moved, MSG_NOSIGNAL);
		else
			n = send(c->fd, zeros, total - c->moved < sizeof(zeros) ?
				 total - c->moved : sizeof(zeros), MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN;
		c->moved += n;
	}
	watch(c->fd, c, EPOLLIN, EPOLL_CTL_MOD);
	return true;
}

/* Returns false when it is over. */
static bool client_event(struct connection *c)
{
	char answer;

	if (!c->connected && !make_claim(c)) {
		failed++;
		return false;
	}
	if (c->moved < sizeof(c->claim) + c->claim.more) {
		if (send_claim(c))
			return true;
		failed++;
		return false;
	}
	if (recv(c->fd, &answer, 1, 0) == 1)
		answered++;
	else
		failed++;
	return false;
}

static void give_up(double now)
{
	while (nr_open && now - list.next->since > PATIENCE) {
		failed++;
		connection_close(list.next);
	}
}

static void client(unsigned long count, double until, unsigned int at_once)
{
	struct epoll_event events[EVENTS];
	int n;

	for (;;) {
		double now = uptime();

		give_up(now);
		while (!is_stopped() && made < count && now < until && nr_open < at_once) {
			made++;
			connect_one();
		}
		if (!nr_open)
			break;
		n = epoll_wait(poll_fd, events, EVENTS, 100);
		for (int i = 0; i < n; i++)
			if (!client_event(events[i].data.ptr))
				connection_close(events[i].data.ptr);
	}
	printf("made %lu\nanswered %lu\nfailed %lu\n", made, answered, failed);
}

static int main_connect(int argc, char **argv)
{
	unsigned long count = -1ul;
	unsigned int at_once = 100;
	double until = 1e18;
	int option;

	while ((option = getopt(argc, argv, "n:t:c:d:m")) != -1) {
		if (option == 'n')
			count = strtoul(optarg, NULL, 10);
		else if (option == 't')
			until = uptime() + atof(optarg);
		else if (option == 'c')
			at_once = atoi(optarg);
		else if (option == 'd')
			bytes_more = strtoul(optarg, NULL, 10);
		else if (option == 'm')
			protocol = IPPROTO_MPTCP;
		else
			return 2;
	}
	for (; optind + 1 < argc && nr_targets < TARGETS_MAX; optind += 2)
		target_add(argv[optind], argv[optind + 1]);
	if (!nr_targets)
		errx(2, "connect to whom?");
	client(count, until, at_once);
	return 0;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = stop };
	struct rlimit files = { FILES_MAX, FILES_MAX };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	setrlimit(RLIMIT_NOFILE, &files);
	poll_fd = epoll_create1(0);
	if (poll_fd < 0)
		err(1, "epoll");
	if (argc > 1 && !strcmp(argv[1], "serve"))
		return main_serve(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "connect"))
		return main_connect(argc - 1, argv + 1);
	errx(2, "usage: crowd serve|connect ...");
}
