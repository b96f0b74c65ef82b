// SPDX-License-Identifier: GPL-2.0
/*
 * uring once|many ADDRESS PORT - accepts with io_uring
 *
 * With "once" each accept asks for the address; with "many" one request accepts all
 * (multishot), which can give none, and getpeername() is asked. Answers each line with
 * "ADDRESS PORT" and closes.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <liburing.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../lib/address.h"

static int listen_on(const char *text, const char *port)
{
	union address a;
	socklen_t len = address_parse(&a, text, port);
	int fd, on = 1;

	fd = socket(a.any.sa_family, SOCK_STREAM, 0);
	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &a.any, len) || listen(fd, 128))
		err(1, "%s %s", text, port);
	return fd;
}

static void answer(int fd, const union address *peer)
{
	char text[INET6_ADDRSTRLEN], line[256];
	const void *addr = peer->any.sa_family == AF_INET ?
			   (const void *)&peer->v4.sin_addr :
			   (const void *)&peer->v6.sin6_addr;

	if (read(fd, line, sizeof(line)) <= 0)
		return;
	inet_ntop(peer->any.sa_family, addr, text, sizeof(text));
	dprintf(fd, "%s %d\n", text, ntohs(peer->v4.sin_port));
}

static void ask_for_more(struct io_uring *ring, int listener, bool many,
			 union address *peer, socklen_t *len)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	*len = sizeof(*peer);
	if (many)
		io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, 0);
	else
		io_uring_prep_accept(sqe, listener, &peer->any, len, 0);
	io_uring_submit(ring);
}

/* Returns the new socket, with its peer. */
static int accept_one(struct io_uring *ring, bool many, union address *peer, bool *more)
{
	struct io_uring_cqe *cqe;
	socklen_t len = sizeof(*peer);
	int error = io_uring_wait_cqe(ring, &cqe);
	int fd;

	if (error)
		errx(1, "io_uring_wait_cqe: %s", strerror(-error));
	fd = cqe->res;
	*more = cqe->flags & IORING_CQE_F_MORE;
	io_uring_cqe_seen(ring, cqe);
	if (fd < 0)
		errx(1, "accept: %s", strerror(-fd));
	if (many && getpeername(fd, &peer->any, &len))
		err(1, "getpeername");
	return fd;
}

int main(int argc, char **argv)
{
	struct io_uring ring;
	union address peer;
	bool many, more = false;
	socklen_t len;
	int listener, fd, error;

	if (argc != 4)
		errx(2, "usage: uring once|many ADDRESS PORT");
	many = !strcmp(argv[1], "many");
	listener = listen_on(argv[2], argv[3]);
	error = io_uring_queue_init(8, &ring, 0);
	if (error)
		errx(1, "io_uring_queue_init: %s", strerror(-error));
	for (;;) {
		if (!more)
			ask_for_more(&ring, listener, many, &peer, &len);
		fd = accept_one(&ring, many, &peer, &more);
		answer(fd, &peer);
		close(fd);
	}
}
