// SPDX-License-Identifier: GPL-2.0
/*
 * kTLS on a socket that has a client
 *
 * Both directions have one key. What the server sends comes back to it from the
 * balancer's end as it was on the wire, so the kernel encrypts and decrypts and
 * this program knows nothing of cryptography.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/tls.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connection.h"
#include "neighbours.h"
#include "net.h"
#include "server.h"

/* Of the kernel's own errors; no header for programs has it. */
#ifndef ENOTSUPP
#define ENOTSUPP	524
#endif

#ifndef SOL_TLS
#define SOL_TLS	282
#endif

#define RECORD_DATA	23	/* RFC 8446 5.1: application_data */
#define RECORD_HEADER	5

static int tls_start(struct neighbour *n, int fd, uint16_t version)
{
	const struct tls12_crypto_info_aes_gcm_128 info = {
		.info	= { version, TLS_CIPHER_AES_GCM_128 },
		.iv	= { 1, 2, 3, 4, 5, 6, 7, 8 },
		.key	= { 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1 },
		.salt	= { 9, 9, 9, 9 },
	};

	if (setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls"))) {
		if (errno == ENOENT || errno == ENOPROTOOPT)
			n->skip = "no kTLS in this kernel (TCP_ULP)";
		return -1;
	}
	if (setsockopt(fd, SOL_TLS, TLS_TX, &info, sizeof(info))) {
		if (errno == ENOTSUPP)
			n->skip = "no such TLS in this kernel (TLS_TX: ENOTSUPP)";
		return -1;
	}
	if (setsockopt(fd, SOL_TLS, TLS_RX, &info, sizeof(info))) {
		if (errno == ENOPROTOOPT)
			n->skip = "no TLS that receives in this kernel (TLS_RX: ENOPROTOOPT)";
		return -1;
	}
	return 0;
}

static int text_send(int fd, const char *text)
{
	ssize_t len = strlen(text);

	return send(fd, text, len, MSG_NOSIGNAL) == len ? 0 : -1;
}

static int text_sendfile(int fd, const char *text)
{
	ssize_t len = strlen(text);
	int file = memfd_create("text", MFD_CLOEXEC);
	off_t from = 0;
	int err = -1;

	if (file >= 0 && write(file, text, len) == len)
		err = sendfile(fd, file, &from, len) == len ? 0 : -1;
	close(file);
	return err;
}

static int text_splice_in(int fd, const char *text)
{
	ssize_t len = strlen(text);
	int pipe_fds[2], err = -1;

	if (pipe2(pipe_fds, O_CLOEXEC))
		return -1;
	if (write(pipe_fds[1], text, len) == len &&
	    splice(pipe_fds[0], NULL, fd, NULL, len, 0) == len)
		err = 0;
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	return err;
}

static int text_splice_out(int fd, const char *text)
{
	ssize_t len = strlen(text);
	int pipe_fds[2], err = -1;
	char have[64];

	if (pipe2(pipe_fds, O_CLOEXEC))
		return -1;
	if (splice(fd, NULL, pipe_fds[1], NULL, sizeof(have), 0) == len &&
	    read(pipe_fds[0], have, sizeof(have)) == len)
		err = memcmp(have, text, len) ? -1 : 0;
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	return err;
}

struct way {
	const char *name;
	int (*put)(int fd, const char *text);
	int (*take)(int fd, const char *text);
};

static const struct way ways[] = {
	{ "send() and recv()", text_send, server_read },
	{ "splice() out of the socket", text_send, text_splice_out },
	{ "splice() into the socket", text_splice_in, server_read },
	{ "sendfile()", text_sendfile, server_read },
};

/* One whole record of the server's, of which nobody else can read the text. */
static int record_receive(struct flow *flow, struct segment *seg,
			  const char *text)
{
	uint32_t next = flow->ack;

	do {
		if (flow_receive(flow, seg, FLOW_TIMEOUT_MS))
			return -1;
	} while (!seg->data_len || seg->seq != next);
	if (seg->data_len < RECORD_HEADER || seg->data[0] != RECORD_DATA ||
	    memmem(seg->data, seg->data_len, text, strlen(text))) {
		printf("#   %zu bytes that are no record\n", seg->data_len);
		return -1;
	}
	return 0;
}

static bool is_readable(int fd, int timeout_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, timeout_ms) == 1 && pfd.revents == POLLIN;
}

static bool way_works(struct neighbour *n, int fd, const struct way *way)
{
	static const char text[] = "a text that only the server can read";
	struct segment seg;

	if (way->put(fd, text))
		return neighbour_failed("sending");
	if (record_receive(&n->flow, &seg, text))
		return neighbour_failed("the record");
	if (is_readable(fd, 0))
		return neighbour_failed("poll() before the record");
	if (neighbour_send(n, seg.data, seg.data_len))
		return neighbour_failed("returning the record");
	if (!is_readable(fd, FLOW_TIMEOUT_MS))
		return neighbour_failed("poll() after the record");
	if (way->take(fd, text))
		return neighbour_failed("receiving");
	return neighbour_shows(n, fd);
}

static bool ways_work(struct neighbour *n, int fd, uint16_t version)
{
	size_t i;

	if (!neighbour_shows(n, fd))
		return false;
	if (tls_start(n, fd, version))
		return neighbour_failed("starting TLS");
	if (!neighbour_shows(n, fd))
		return false;
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		if (way_works(n, fd, &ways[i]))
			continue;
		printf("#   %s\n", ways[i].name);
		return false;
	}
	return true;
}

static bool ktls_test(struct neighbour *n, uint16_t version)
{
	int fd = neighbour_open(n);
	bool ok;

	if (fd < 0)
		return neighbour_failed("accept");
	ok = ways_work(n, fd, version);
	socket_kill(fd);
	return ok;
}

bool ktls12_test(struct neighbour *n)
{
	return ktls_test(n, TLS_1_2_VERSION);
}

bool ktls13_test(struct neighbour *n)
{
	return ktls_test(n, TLS_1_3_VERSION);
}

/* Newer kernels refuse it: then nothing may have changed. */
bool ktls_disconnect_test(struct neighbour *n)
{
	int fd = neighbour_open(n);
	struct names names;
	bool ok;

	if (fd < 0)
		return neighbour_failed("accept");
	if (tls_start(n, fd, TLS_1_2_VERSION)) {
		ok = neighbour_failed("starting TLS");
	} else if (disconnect(fd)) {
		ok = errno == EOPNOTSUPP && neighbour_shows(n, fd);
	} else {
		names_ask(fd, &names);
		ok = expect_error("disconnected", &names.so_peer, ENOTCONN);
	}
	socket_kill(fd);
	return ok;
}
