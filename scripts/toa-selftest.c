// SPDX-License-Identifier: GPL-2.0
/*
 * One TCP connection whose handshake names a client, made by hand
 *
 * Part of "toactl selftest", which says what to send and judges what comes back.
 * It makes a network namespace of its own and in it a TUN device that has the
 * server's address and a route to the balancer's, whom this program plays: nothing
 * leaves the namespace, nothing in the machine's own network changes, and it all
 * goes with the process.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/route.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../toa.h"

/* Of the blocks for benchmarks (RFC 2544, RFC 5180): nobody's balancer. */
#define SERVER_V4	"198.18.0.1"
#define SERVER_V6	"2001:2::1"

#define TIMEOUT_MS	5000
#define SYN_TRIES	10
#define SYN_WAIT_MS	500

#define IPV4_HEADER	20
#define IPV6_HEADER	40
#define TCP_HEADER	20
#define OPTIONS_MAX	40
#define PACKET_MAX	1500

#define FLAG_SYN	0x02
#define FLAG_RST	0x04
#define FLAG_PSH	0x08
#define FLAG_ACK	0x10

/* linux/ipv6.h has it, and clashes with netinet/in.h. */
struct in6_ifreq {
	struct in6_addr addr;
	uint32_t prefix_len;
	int index;
};

/* Exit statuses; scripts/toactl.d/selftest.sh knows them. */
enum status {
	STATUS_MADE	= 0,
	STATUS_FAILED	= 1,
	STATUS_USAGE	= 2,
	STATUS_RIGHTS	= 4,
	STATUS_LACKING	= 5,
};

struct end {
	unsigned char addr[16];
	uint16_t port;
};

/* The connection, seen from the balancer. */
struct flow {
	int device;		/* what is written here, the server receives */
	int family;
	struct end balancer;
	struct end server;
	uint32_t seq;
	uint32_t ack;
	unsigned char option[OPTIONS_MAX];
	size_t option_len;	/* a multiple of four */
};

static void fail(enum status status, const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(status);
}

static void usage(void)
{
	fprintf(stderr,
		"usage: toa-selftest [-6] [-s] [-w] BALANCER PORT [KIND/LENGTH CLIENT CLIENT-PORT]\n"
		"  -6  listen on an IPv6 socket, for an IPv4 balancer as well\n"
		"  -s  stay in this network namespace\n"
		"  -w  wait for the end of the input before the connection ends\n");
	exit(STATUS_USAGE);
}

static size_t addr_len(int family)
{
	return family == AF_INET ? 4 : 16;
}

/*
 * Bytes.
 */

static void put16(unsigned char *p, unsigned int v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(unsigned char *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint32_t sum16(const unsigned char *p, size_t len, uint32_t sum)
{
	for (; len > 1; p += 2, len -= 2)
		sum += toa_get_be16(p);
	return len ? sum + (p[0] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* Returns the IP header's length. */
static size_t ip_build(const struct flow *flow, unsigned char *ip, size_t len)
{
	if (flow->family == AF_INET) {
		memset(ip, 0, IPV4_HEADER);
		ip[0] = 0x45;
		put16(ip + 2, IPV4_HEADER + len);
		ip[8] = 64;
		ip[9] = IPPROTO_TCP;
		memcpy(ip + 12, flow->balancer.addr, 4);
		memcpy(ip + 16, flow->server.addr, 4);
		put16(ip + 10, fold(sum16(ip, IPV4_HEADER, 0)));
		return IPV4_HEADER;
	}
	memset(ip, 0, IPV6_HEADER);
	ip[0] = 0x60;
	put16(ip + 4, len);
	ip[6] = IPPROTO_TCP;
	ip[7] = 64;
	memcpy(ip + 8, flow->balancer.addr, 16);
	memcpy(ip + 24, flow->server.addr, 16);
	return IPV6_HEADER;
}

/* RFC 9293 3.1, RFC 8200 8.1: both pseudo headers have the same sum. */
static uint16_t tcp_sum(const struct flow *flow, const unsigned char *tcp,
			size_t len)
{
	size_t size = addr_len(flow->family);
	uint32_t sum = IPPROTO_TCP + len;

	sum = sum16(flow->balancer.addr, size, sum);
	sum = sum16(flow->server.addr, size, sum);
	return fold(sum16(tcp, len, sum));
}

static size_t tcp_build(const struct flow *flow, unsigned char *tcp,
			unsigned int flags, const char *data)
{
	size_t options = flags & (FLAG_SYN | FLAG_RST) ? 0 : flow->option_len;
	size_t len = TCP_HEADER + options + strlen(data);

	memset(tcp, 0, TCP_HEADER);
	put16(tcp, flow->balancer.port);
	put16(tcp + 2, flow->server.port);
	put32(tcp + 4, flow->seq);
	put32(tcp + 8, flow->ack);
	tcp[12] = (TCP_HEADER + options) / 4 << 4;
	tcp[13] = flags;
	put16(tcp + 14, 0xffff);
	memcpy(tcp + TCP_HEADER, flow->option, options);
	memcpy(tcp + TCP_HEADER + options, data, strlen(data));
	put16(tcp + 16, tcp_sum(flow, tcp, len));
	return len;
}

static int flow_send(struct flow *flow, unsigned int flags, const char *data)
{
	unsigned char packet[PACKET_MAX], tcp[PACKET_MAX - IPV6_HEADER];
	size_t len = tcp_build(flow, tcp, flags, data);
	size_t header = ip_build(flow, packet, len);

	memcpy(packet + header, tcp, len);
	if (write(flow->device, packet, header + len) < 0)
		return -1;
	flow->seq += strlen(data) + !!(flags & FLAG_SYN);
	return 0;
}

/* Is this the server's SYN-ACK for us? Then our numbers are right afterwards. */
static bool flow_is_syn_ack(struct flow *flow, const unsigned char *packet,
			    size_t len)
{
	size_t header = flow->family == AF_INET ? IPV4_HEADER : IPV6_HEADER;
	const unsigned char *tcp = packet + header;

	if (len < header + TCP_HEADER ||
	    packet[flow->family == AF_INET ? 9 : 6] != IPPROTO_TCP ||
	    toa_get_be16(tcp) != flow->server.port ||
	    toa_get_be16(tcp + 2) != flow->balancer.port ||
	    (tcp[13] & (FLAG_SYN | FLAG_ACK)) != (FLAG_SYN | FLAG_ACK))
		return false;
	flow->seq = toa_get_be32(tcp + 8);
	flow->ack = toa_get_be32(tcp + 4) + 1;
	return true;
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int flow_wait_syn_ack(struct flow *flow)
{
	struct pollfd pfd = { .fd = flow->device, .events = POLLIN };
	long left, deadline = now_ms() + SYN_WAIT_MS;
	unsigned char packet[PACKET_MAX];

	while ((left = deadline - now_ms()) > 0) {
		ssize_t len;

		if (poll(&pfd, 1, left) <= 0)
			continue;
		len = read(flow->device, packet, sizeof(packet));
		if (len > 0 && flow_is_syn_ack(flow, packet, len))
			return 0;
	}
	errno = ETIMEDOUT;
	return -1;
}

/* Again when nobody answers: an IPv6 address takes its time to become usable. */
static int flow_open(struct flow *flow)
{
	uint32_t first = flow->seq;
	int tries;

	for (tries = 0; tries < SYN_TRIES; tries++) {
		flow->seq = first;
		if (flow_send(flow, FLAG_SYN, ""))
			return -1;
		if (!flow_wait_syn_ack(flow))
			break;
	}
	if (tries == SYN_TRIES || flow_send(flow, FLAG_ACK, ""))
		return -1;
	return flow_send(flow, FLAG_PSH | FLAG_ACK, "selftest\n");
}

/*
 * The namespace.
 */

static void namespace_make(void)
{
	if (!unshare(CLONE_NEWNET))
		return;
	fail(errno == EPERM ? STATUS_RIGHTS : STATUS_LACKING,
	     "a network namespace of its own");
}

static int device_open(struct ifreq *ifr)
{
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

	if (fd < 0)
		fail(errno == EACCES ? STATUS_RIGHTS : STATUS_LACKING,
		     "/dev/net/tun");
	ifr->ifr_flags = IFF_TUN | IFF_NO_PI;
	if (ioctl(fd, TUNSETIFF, ifr))
		fail(errno == EPERM ? STATUS_RIGHTS : STATUS_LACKING,
		     "a tun device");
	return fd;
}

static int device_set_v4(const struct flow *flow, int fd, struct ifreq *ifr)
{
	struct rtentry route = { .rt_flags = RTF_UP | RTF_HOST,
				 .rt_dev = ifr->ifr_name };
	struct sockaddr_in sin = { .sin_family = AF_INET };

	memcpy(&sin.sin_addr, flow->server.addr, 4);
	memcpy(&ifr->ifr_addr, &sin, sizeof(sin));
	if (ioctl(fd, SIOCSIFADDR, ifr))
		return -1;
	memcpy(&sin.sin_addr, flow->balancer.addr, 4);
	memcpy(&route.rt_dst, &sin, sizeof(sin));
	return ioctl(fd, SIOCADDRT, &route);
}

static int device_set_v6(const struct flow *flow, int fd, struct ifreq *ifr)
{
	int index = if_nametoindex(ifr->ifr_name);
	struct in6_ifreq ifr6 = { .prefix_len = 128, .index = index };
	struct in6_rtmsg route = {
		.rtmsg_dst_len	= 128,
		.rtmsg_flags	= RTF_UP | RTF_HOST,
		.rtmsg_metric	= 1,
		.rtmsg_ifindex	= index,
	};

	memcpy(&ifr6.addr, flow->server.addr, 16);
	memcpy(&route.rtmsg_dst, flow->balancer.addr, 16);
	return ioctl(fd, SIOCSIFADDR, &ifr6) ?: ioctl(fd, SIOCADDRT, &route);
}

static int device_up(int fd, struct ifreq *ifr)
{
	ifr->ifr_flags = IFF_UP | IFF_RUNNING;
	return ioctl(fd, SIOCSIFFLAGS, ifr);
}

/* The device has the server's address, and the balancer is behind it. */
static int device_make(const struct flow *flow)
{
	struct ifreq ifr = { .ifr_name = "toatest%d" };
	int device = device_open(&ifr);
	int err, fd = socket(flow->family, SOCK_DGRAM, 0);

	if (fd < 0 || device_up(fd, &ifr))
		fail(STATUS_LACKING, "a tun device");
	err = flow->family == AF_INET ? device_set_v4(flow, fd, &ifr) :
					device_set_v6(flow, fd, &ifr);
	if (err)
		fail(STATUS_LACKING, "addresses on a tun device");
	close(fd);
	return device;
}

/*
 * The server.
 */

static int listener_open(int family, unsigned int port)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6,
				     .sin6_port = htons(port) };
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(port) };
	int off = 0, on = 1, fd = socket(family, SOCK_STREAM, 0);
	int err;

	if (fd < 0)
		fail(STATUS_LACKING, "a socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (family == AF_INET)
		err = bind(fd, (struct sockaddr *)&sin, sizeof(sin));
	else
		err = bind(fd, (struct sockaddr *)&sin6, sizeof(sin6));
	if (err || listen(fd, 1))
		fail(STATUS_FAILED, "a listening socket");
	return fd;
}

static void name_print(const char *call, const struct sockaddr_storage *name)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)name;
	const struct sockaddr_in *sin = (const struct sockaddr_in *)name;
	const void *addr = &sin6->sin6_addr;
	char text[INET6_ADDRSTRLEN];

	if (name->ss_family == AF_INET)
		addr = &sin->sin_addr;
	inet_ntop(name->ss_family, addr, text, sizeof(text));
	printf("%s %s %u\n", call, text, ntohs(sin->sin_port));
}

static void server_report(int listener)
{
	struct pollfd pfd = { .fd = listener, .events = POLLIN };
	struct sockaddr_storage name = {};
	socklen_t len = sizeof(name);
	int fd;

	if (poll(&pfd, 1, TIMEOUT_MS) <= 0) {
		errno = ETIMEDOUT;
		fail(STATUS_FAILED, "accept");
	}
	fd = accept(listener, (struct sockaddr *)&name, &len);
	if (fd < 0)
		fail(STATUS_FAILED, "accept");
	name_print("accept", &name);
	len = sizeof(name);
	memset(&name, 0, sizeof(name));
	if (getpeername(fd, (struct sockaddr *)&name, &len))
		fail(STATUS_FAILED, "getpeername");
	name_print("getpeername", &name);
}

/*
 * The command line.
 */

static void input_wait(void)
{
	char unused[64];

	fflush(stdout);
	while (read(STDIN_FILENO, unused, sizeof(unused)) > 0)
		;
}

static int parse_addr(const char *text, unsigned char *addr)
{
	if (inet_pton(AF_INET, text, addr) == 1)
		return AF_INET;
	if (inet_pton(AF_INET6, text, addr) == 1)
		return AF_INET6;
	usage();
	return 0;
}

static unsigned int parse_port(const char *text)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	if (*end || !port || port > 65535)
		usage();
	return port;
}

static const struct toa_layout *layout_find(const char *text, int family)
{
	unsigned int want = family == AF_INET ? TOA_FAMILY_V4 : TOA_FAMILY_V6;
	unsigned int kind, len, row;

	if (sscanf(text, "%u/%u", &kind, &len) != 2)
		usage();
	for (row = 0; row < TOA_LAYOUTS; row++)
		if (toa_layouts[row].kind == kind &&
		    toa_layouts[row].len == len &&
		    toa_layouts[row].family == want)
			return &toa_layouts[row];
	usage();
	return NULL;
}

/* What is left of the last word is zero: the end of the list. */
static void option_build(struct flow *flow, char **argv)
{
	unsigned char addr[16];
	int family = parse_addr(argv[1], addr);
	const struct toa_layout *layout = layout_find(argv[0], family);
	unsigned int port = parse_port(argv[2]);

	flow->option[0] = layout->kind;
	flow->option[1] = layout->len;
	if (layout->version)
		flow->option[2] = layout->version;
	if (layout->port)
		put16(flow->option + layout->port, port);
	memcpy(flow->option + layout->addr, addr, addr_len(family));
	flow->option_len = (layout->len + 3) / 4 * 4;
}

static void flow_address(struct flow *flow, const char *balancer,
			 const char *port)
{
	flow->family = parse_addr(balancer, flow->balancer.addr);
	flow->balancer.port = 40000;
	parse_addr(flow->family == AF_INET ? SERVER_V4 : SERVER_V6,
		   flow->server.addr);
	flow->server.port = parse_port(port);
	flow->seq = time(NULL);
}

int main(int argc, char **argv)
{
	bool stay = false, v6 = false, wait = false;
	struct flow flow = {};
	int listener, option;

	while ((option = getopt(argc, argv, "6sw")) != -1) {
		if (option == '6')
			v6 = true;
		else if (option == 's')
			stay = true;
		else if (option == 'w')
			wait = true;
		else
			usage();
	}
	argv += optind;
	argc -= optind;
	if (argc != 2 && argc != 5)
		usage();
	flow_address(&flow, argv[0], argv[1]);
	if (argc == 5)
		option_build(&flow, argv + 2);
	if (!stay)
		namespace_make();
	flow.device = device_make(&flow);
	listener = listener_open(v6 ? AF_INET6 : flow.family, flow.server.port);
	if (flow_open(&flow))
		fail(STATUS_FAILED, "the handshake");
	server_report(listener);
	if (wait)
		input_wait();
	flow_send(&flow, FLAG_RST, "");
	return STATUS_MADE;
}
