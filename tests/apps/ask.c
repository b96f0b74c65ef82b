// SPDX-License-Identifier: GPL-2.0
/*
 * ask [-m] [-t SECONDS] ADDRESS PORT [TEXT] - a client of one connection
 *
 * Sends TEXT and a line feed (\n and \r in TEXT mean what they mean in C), and prints
 * its own port, "mptcp" where the connection is one, and what was answered until the
 * server closed or was silent for so long. With -m the socket is an MPTCP socket.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "../lib/address.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif
#ifndef TCP_IS_MPTCP
#define TCP_IS_MPTCP	43
#endif

static void print_self(int fd)
{
	union address self;
	socklen_t len = sizeof(self);
	int mptcp = 0;

	if (getsockname(fd, &self.any, &len))
		err(1, "getsockname");
	len = sizeof(mptcp);
	/* A kernel without MPTCP knows no such question. */
	getsockopt(fd, IPPROTO_TCP, TCP_IS_MPTCP, &mptcp, &len);
	/* The port is at the same place in both families. */
	printf("%d%s\n", ntohs(self.v4.sin_port), mptcp ? " mptcp" : "");
}

static void send_text(int fd, const char *text)
{
	char line[4096];
	size_t n = 0;

	for (; *text && n < sizeof(line) - 2; text++) {
		char c = *text;

		if (c == '\\' && text[1]) {
			text++;
			c = *text == 'n' ? '\n' : *text == 'r' ? '\r' : *text;
		}
		line[n++] = c;
	}
	line[n++] = '\n';
	if (write(fd, line, n) != (ssize_t)n)
		err(1, "sending");
}

static void print_answer(int fd, int seconds)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	char buffer[4096];
	ssize_t n;

	while (poll(&poll_fd, 1, seconds * 1000) == 1) {
		n = read(fd, buffer, sizeof(buffer));
		if (n < 0)
			err(1, "reading");
		if (!n)
			return;
		fwrite(buffer, 1, n, stdout);
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	union address to;
	socklen_t len;
	bool mptcp = false;
	int option, fd, seconds = 60;

	while ((option = getopt(argc, argv, "mt:")) != -1) {
		if (option == 'm')
			mptcp = true;
		else if (option == 't')
			seconds = atoi(optarg);
		else
			exit(2);
	}
	if (argc - optind < 2 || argc - optind > 3)
		errx(2, "usage: ask [-m] [-t SECONDS] ADDRESS PORT [TEXT]");

	len = address_parse(&to, argv[optind], argv[optind + 1]);
	fd = socket(to.any.sa_family, SOCK_STREAM, mptcp ? IPPROTO_MPTCP : 0);
	if (fd < 0)
		err(1, "socket");
	if (connect(fd, &to.any, len))
		err(1, "connect");
	print_self(fd);
	if (argv[optind + 2])
		send_text(fd, argv[optind + 2]);
	print_answer(fd, seconds);
	return 0;
}
