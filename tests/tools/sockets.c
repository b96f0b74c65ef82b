// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets that must be as they are without the module, and every way to ask
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

/* As programs for DPVS's module declare it: 20 bytes, two of them padding. */
struct dpvs_peer {
	struct in6_addr saddr;
	uint16_t sport;
};

#define DPVS_GET_LOOKUP	4096
#define FILL		0xa5

/* The option's errno; 0 when all its 20 bytes, and no others, are right. */
static int nat64_ask(int fd, socklen_t len)
{
	struct dpvs_peer peer[2], want[2];

	memset(peer, FILL, sizeof(peer));
	memset(want, FILL, sizeof(want));
	if (getsockopt(fd, IPPROTO_IP, DPVS_GET_LOOKUP, peer, &len))
		return errno;
	memset(want, 0, sizeof(want[0]));
	memcpy(&want[0].saddr, net_client_v6.bytes, 16);
	want[0].sport = htons(net_client_v6.port);
	return len == sizeof(peer[0]) && !memcmp(peer, want, sizeof(peer)) ?
	       0 : EBADMSG;
}

static bool nat64_is(const char *what, int fd, socklen_t len, int want)
{
	int have = nat64_ask(fd, len);

	if (have == want)
		return true;
	printf("#   %s: wanted %s, have %s\n", what, strerror(want),
	       strerror(have));
	return false;
}

/* A connection with these options gives this errno. */
static bool nat64_of(struct tun *tun, const char *options, socklen_t len,
		     int want)
{
	struct flow flow;
	bool ok;
	int fd = connection_open(tun, &flow, options, NULL);

	if (fd < 0)
		return false;
	ok = nat64_is(options ?: "no option", fd, len, want);
	socket_kill(fd);
	return ok;
}

static bool nat64_test(struct tun *tun, const struct address *client)
{
	const socklen_t len = sizeof(struct dpvs_peer);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool ok = nat64_is("no peer", fd, len, client ? ENOTCONN : ENOPROTOOPT);

	close(fd);
	if (!client)
		return ok && nat64_of(tun, OPT_V6, len, ENOPROTOOPT);
	return ok && nat64_of(tun, OPT_V6, len, 0) &&
	       nat64_of(tun, OPT_V6, len + 8, 0) &&
	       nat64_of(tun, OPT_V6, len - 1, EINVAL) &&
	       nat64_of(tun, OPT_V4, len, EFAULT) &&
	       nat64_of(tun, NULL, len, EINVAL);
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
	{ "NAT64: getsockopt(IPPROTO_IP, 4096)", nat64_test },
};

void sockets_run(struct tun *tun, bool loaded)
{
	const struct address *client = loaded ? &net_client_v4 : NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tests); i++)
		if (ktap_wanted(tests[i].name))
			ktap_result(tests[i].run(tun, client), tests[i].name);
}
