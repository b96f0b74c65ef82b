/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whole connections, and whole socket lives, for tests that are not about how
 * one is opened
 */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <netinet/in.h>
#include <stdbool.h>

#include "flow.h"
#include "server.h"
#include "tun.h"

/* What connections of these tests listen on, and what connect() goes to. */
#define SERVER_PORT	8001
#define BALANCER_PORT	9000

int connection_open(struct tun *tun, struct flow *flow, const char *options,
		    struct name *name);
int connection_accept(struct tun *tun, struct flow *flow, int listener,
		      const char *options, struct name *name);
int connection_accept_port(struct tun *tun, struct flow *flow, int listener,
			   uint16_t port, const char *options,
			   struct name *name);
int connection_out(struct tun *tun, int fd, uint16_t port);
int disconnect(int fd);

struct sockaddr_in balancer_sockaddr(uint16_t port);
struct address balancer_address(uint16_t port);

bool expect_equal(const char *what, const struct name *have,
		  const struct name *want);
bool expect_name(const char *what, const struct name *have,
		 const struct address *addr);
bool expect_shown(int fd, const struct address *addr);
bool expect_error(const char *what, const struct name *have, int err);

#endif /* CONNECTION_H */
