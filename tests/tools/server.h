/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The program behind the balancer, and what it is told of its peer
 */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "wire.h"

enum listener {
	LISTEN_V4,
	LISTEN_V6,
	LISTEN_DUAL,
	LISTEN_MPTCP_V4,
	LISTEN_MPTCP_DUAL,
};

#define LISTEN_DEFER	0x1
#define LISTEN_FASTOPEN	0x2
#define LISTEN_SHORT	0x4	/* a queue of two */
#define LISTEN_ROOMY	0x8	/* one of 1024, where sysctls let it */

/**
 * struct name - one answer of the kernel's
 * @err: errno of the call, or 0
 * @len: the length that it gave
 * @u: the name, in a buffer that was filled with NAME_FILL before
 */
struct name {
	int err;
	socklen_t len;
	union {
		struct sockaddr_storage ss;
		uint8_t bytes[sizeof(struct sockaddr_storage)];
	} u;
};

#define NAME_FILL	0xa5

/**
 * struct names - everything that a socket says of its two ends
 * @accept: what accept() or accept4() gave; len is 0 where it was not asked
 * @peer: getpeername()
 * @so_peer: getsockopt(SO_PEERNAME)
 * @local: getsockname()
 */
struct names {
	struct name accept;
	struct name peer;
	struct name so_peer;
	struct name local;
};

int listener_family(enum listener kind);
bool socket_is_mptcp(int fd);
const char *listener_lacks(enum listener kind);
const char *fastopen_lacks(void);
const char *defer_lacks(enum listener kind);
int listener_open(enum listener kind, unsigned int flags, uint16_t port);
int listener_accept(int fd, bool four, struct name *name);

void name_reset(struct name *name);
void names_ask(int fd, struct names *names);
void name_expect(struct name *name, int family, const struct address *addr);
bool name_equal(const struct name *have, const struct name *want);
void name_print(const char *what, const struct name *name);

int server_read(int fd, const char *want);
int server_read_end(int fd);
void socket_kill(int fd);

#endif /* SERVER_H */
