/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What else lives on the sockets that have a client
 */
#ifndef NEIGHBOURS_H
#define NEIGHBOURS_H

#include <stdbool.h>
#include <stddef.h>

#include "flow.h"
#include "tun.h"

/**
 * struct neighbour - one test
 * @tun: the wire
 * @client: who shall be shown; NULL without the module
 * @tagged: the module has put the client into sk_user_data, so that others who
 *	want it must be refused
 * @flow: the connection
 * @skip: why this kernel cannot run it; set by a test that returns false
 */
struct neighbour {
	struct tun *tun;
	const struct address *client;
	bool tagged;
	struct flow flow;
	const char *skip;
};

int neighbour_open(struct neighbour *n);
int neighbour_accept(struct neighbour *n, int listener);
bool neighbour_shows(const struct neighbour *n, int fd);
bool neighbour_talks(struct neighbour *n, int fd);
int neighbour_send(struct neighbour *n, const void *data, size_t len);
bool neighbour_refused(struct neighbour *n, int fd, int have, int want);
bool neighbour_failed(const char *what);
int reuseport_open(uint16_t port);

bool ktls12_test(struct neighbour *n);
bool ktls13_test(struct neighbour *n);
bool ktls_disconnect_test(struct neighbour *n);

bool sockmap_takes(int fd);
bool sockmap_test(struct neighbour *n);
bool sockhash_test(struct neighbour *n);
bool sockmap_echo_test(struct neighbour *n);
bool sockhash_echo_test(struct neighbour *n);
bool sockmap_disconnect_test(struct neighbour *n);

bool sock_ops_test(struct neighbour *n);
bool reuseport_array_test(struct neighbour *n);
bool getpeername4_test(struct neighbour *n);
bool getpeername6_test(struct neighbour *n);

#endif /* NEIGHBOURS_H */
