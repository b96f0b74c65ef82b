// SPDX-License-Identifier: GPL-2.0
/*
 * The program behind the balancer, and what it is told of its peer
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif
/* SO_PROTOCOL of such a socket in RHEL 8, whose field has eight bits: (262 & 255) is TCP. */
#define IPPROTO_MPTCP_RHEL8	66

#define TIMEOUT_MS	10000
#define DEFER_SECONDS	30

int listener_family(enum listener kind)
{
	return kind == LISTEN_V4 || kind == LISTEN_MPTCP_V4 ? AF_INET : AF_INET6;
}

static int listener_protocol(enum listener kind)
{
	return kind == LISTEN_MPTCP_V4 || kind == LISTEN_MPTCP_DUAL ?
	       IPPROTO_MPTCP : IPPROTO_TCP;
}

/* Why this kernel has no such listener; NULL when it has. */
const char *listener_lacks(enum listener kind)
{
	int fd = socket(listener_family(kind), SOCK_STREAM | SOCK_CLOEXEC,
			listener_protocol(kind));

	if (fd >= 0) {
		close(fd);
		return NULL;
	}
	if (errno == EAFNOSUPPORT)
		return "no IPv6 in this kernel";
	/* Before MPTCP came, no protocol had such a number: EINVAL. */
	if (errno == EPROTONOSUPPORT || errno == EINVAL)
		return "no MPTCP in this kernel";
	if (errno == ENOPROTOOPT)
		return "MPTCP is off (net.mptcp.enabled)";
	return NULL;
}

/* Likewise, servers with Fast Open; 3.7. */
const char *fastopen_lacks(void)
{
	return access("/proc/sys/net/ipv4/tcp_fastopen", F_OK) ?
	       "no Fast Open in this kernel (tcp_fastopen)" : NULL;
}

static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

/* Likewise, that wait for data. MPTCP's cannot in 5.15 and RHEL 8. */
const char *defer_lacks(enum listener kind)
{
	int fd = socket(listener_family(kind), SOCK_STREAM | SOCK_CLOEXEC,
			listener_protocol(kind));
	bool lacks = set_int(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_SECONDS) &&
		     errno == EOPNOTSUPP;

	close(fd);
	return lacks ? "no TCP_DEFER_ACCEPT for these sockets (EOPNOTSUPP)" : NULL;
}

static int listener_configure(int fd, enum listener kind, unsigned int flags)
{
	int err = set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);

	if (listener_family(kind) == AF_INET6)
		err |= set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY,
			       kind == LISTEN_V6);
	if (flags & LISTEN_DEFER)
		err |= set_int(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT,
			       DEFER_SECONDS);
	if (flags & LISTEN_FASTOPEN)
		err |= set_int(fd, IPPROTO_TCP, TCP_FASTOPEN, 16);
	return err;
}

/* One that fell back to TCP before it was accepted is none. */
bool socket_is_mptcp(int fd)
{
	int protocol = 0;
	socklen_t len = sizeof(protocol);

	return !getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) &&
	       (protocol == IPPROTO_MPTCP || protocol == IPPROTO_MPTCP_RHEL8);
}

static int backlog(unsigned int flags)
{
	if (flags & LISTEN_SHORT)
		return 1;
	return flags & LISTEN_ROOMY ? 1024 : 128;
}

/* Listens on every address of its family. Returns the socket or -1. */
int listener_open(enum listener kind, unsigned int flags, uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(port) };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6,
				     .sin6_port = htons(port) };
	int fd = socket(listener_family(kind), SOCK_STREAM | SOCK_CLOEXEC,
			listener_protocol(kind));
	int err;

	if (fd < 0)
		return -1;
	err = listener_configure(fd, kind, flags);
	if (listener_family(kind) == AF_INET)
		err = err ?: bind(fd, (struct sockaddr *)&sin, sizeof(sin));
	else
		err = err ?: bind(fd, (struct sockaddr *)&sin6, sizeof(sin6));
	err = err ?: listen(fd, backlog(flags));
	if (err) {
		close(fd);
		return -1;
	}
	return fd;
}

void name_reset(struct name *name)
{
	name->err = 0;
	name->len = sizeof(name->u);
	memset(&name->u, NAME_FILL, sizeof(name->u));
}

/* name may be NULL: then the address is not asked for, as libuv does. */
int listener_accept(int fd, bool four, struct name *name)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct sockaddr *sa = NULL;
	socklen_t *len = NULL;

	if (name) {
		name_reset(name);
		sa = (struct sockaddr *)&name->u;
		len = &name->len;
	}
	if (poll(&pfd, 1, TIMEOUT_MS) != 1) {
		errno = ETIMEDOUT;
		return -1;
	}
	return four ? accept4(fd, sa, len, SOCK_CLOEXEC) : accept(fd, sa, len);
}

typedef int (*ask_t)(int fd, struct sockaddr *sa, socklen_t *len);

static int so_peername(int fd, struct sockaddr *sa, socklen_t *len)
{
	/* It copies as many bytes as it is asked for, filled or not. */
	*len = sizeof(struct sockaddr_in);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERNAME, sa, len))
		return -1;
	if (sa->sa_family != AF_INET6)
		return 0;
	*len = sizeof(struct sockaddr_in6);
	return getsockopt(fd, SOL_SOCKET, SO_PEERNAME, sa, len);
}

static void name_ask(int fd, ask_t ask, struct name *name)
{
	name_reset(name);
	if (ask(fd, (struct sockaddr *)&name->u, &name->len))
		name->err = errno;
}

/* All but names->accept. */
void names_ask(int fd, struct names *names)
{
	name_ask(fd, getpeername, &names->peer);
	name_ask(fd, so_peername, &names->so_peer);
	name_ask(fd, getsockname, &names->local);
}

/* What a socket of the family shall say for an address of either family. */
void name_expect(struct name *name, int family, const struct address *addr)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(addr->port) };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6,
				     .sin6_port = htons(addr->port) };

	name_reset(name);
	if (family == AF_INET) {
		memcpy(&sin.sin_addr, addr->bytes, 4);
		memcpy(&name->u, &sin, sizeof(sin));
		name->len = sizeof(sin);
		return;
	}
	if (addr->family == AF_INET) {
		sin6.sin6_addr.s6_addr[10] = 0xff;
		sin6.sin6_addr.s6_addr[11] = 0xff;
		memcpy(sin6.sin6_addr.s6_addr + 12, addr->bytes, 4);
	} else {
		memcpy(&sin6.sin6_addr, addr->bytes, 16);
	}
	memcpy(&name->u, &sin6, sizeof(sin6));
	name->len = sizeof(sin6);
}

/* Every byte of the buffer counts: those behind the name must be untouched. */
bool name_equal(const struct name *have, const struct name *want)
{
	if (have->err || want->err)
		return have->err == want->err;
	return have->len == want->len &&
	       !memcmp(&have->u, &want->u, sizeof(have->u));
}

void name_print(const char *what, const struct name *name)
{
	const struct sockaddr_in *sin = (const void *)&name->u;
	const struct sockaddr_in6 *sin6 = (const void *)&name->u;
	char text[INET6_ADDRSTRLEN] = "?";
	unsigned int port = 0;

	if (name->err) {
		printf("#   %s: %s\n", what, strerror(name->err));
		return;
	}
	if (name->u.ss.ss_family == AF_INET) {
		inet_ntop(AF_INET, &sin->sin_addr, text, sizeof(text));
		port = ntohs(sin->sin_port);
	} else if (name->u.ss.ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &sin6->sin6_addr, text, sizeof(text));
		port = ntohs(sin6->sin6_port);
	}
	printf("#   %s: [%s]:%u, %u bytes\n", what, text, port,
	       (unsigned int)name->len);
}

/* Within the deadline, also where MPTCP sockets have no SO_RCVTIMEO: RHEL 8. */
static ssize_t server_receive(int fd, void *data, size_t len)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	if (poll(&pfd, 1, TIMEOUT_MS) != 1) {
		errno = ETIMEDOUT;
		return -1;
	}
	return recv(fd, data, len, 0);
}

/* Reads exactly the text, each part within the deadline. */
int server_read(int fd, const char *want)
{
	size_t len = strlen(want), got = 0;
	char have[64];

	while (got < len) {
		ssize_t part = server_receive(fd, have + got, len - got);

		if (part <= 0)
			return -1;
		got += part;
	}
	return memcmp(have, want, len) ? -1 : 0;
}

int server_read_end(int fd)
{
	char byte;

	return server_receive(fd, &byte, 1) == 0 ? 0 : -1;
}

/* Ends a connection with a reset, so that nothing lingers in the kernel. */
void socket_kill(int fd)
{
	const struct linger now = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}
