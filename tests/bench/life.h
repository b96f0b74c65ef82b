/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The life of one connection, each step of it measured
 */
#ifndef LIFE_H
#define LIFE_H

#include <stdbool.h>
#include <sys/socket.h>

#include "flow.h"
#include "wire.h"

/**
 * struct life - what a connection is made of
 * @tun: the wire
 * @family: AF_INET or AF_INET6
 * @listener: listens on SERVER_PORT
 * @on_syn: options of the SYN, or NULL
 * @on_ack: options of the segment that completes the handshake, or NULL
 * @shown: who the peer must be, but for the balancer's port
 * @proxy: the client is in a PROXY header, not in an option
 * @place: which of the balancer's addresses is used, 0 or more
 * @flow: the balancer's end
 * @fd: the server's end
 */
struct life {
	struct tun *tun;
	int family;
	int listener;
	const char *on_syn;
	const char *on_ack;
	const struct address *shown;
	bool proxy;
	unsigned int place;
	struct flow flow;
	int fd;
};

int life_listen(struct life *life);
int life_open(struct life *life);
int life_warm(struct life *life);
int life_run(struct life *life);
bool life_shows(const struct life *life, const struct sockaddr_storage *ss);
int timed_send(struct flow *flow, uint8_t flags, const char *options,
	       const void *data, size_t len, uint64_t *cost);

#endif /* LIFE_H */
