// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/net/toa_conns: exactly the connections that are open and have a client
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cases.h"
#include "connection.h"
#include "flow.h"
#include "ktap.h"
#include "net.h"
#include "server.h"
#include "text.h"

#define CONNS_FILE	"/proc/net/toa_conns"
#define HEADER		"local peer client uid inode\n"
#define FIRST_PORT	8100
#define LINE_MAX_LEN	256
#define MANY		300
#define SOME_UID	1234

#define SHOWN_V4	"203.0.113.7:12345"
#define SHOWN_V6	"[2001:db8:c::7]:12345"

/**
 * struct sample - one connection
 * @name: what it shows
 * @listener: what is connected to
 * @family: of the packets
 * @options: of the ACK
 * @client: as the file shows it; NULL: not at all
 */
struct sample {
	const char *name;
	enum listener listener;
	int family;
	const char *options;
	const char *client;
};

static const struct sample samples[] = {
	{ "conns: IPv4", LISTEN_V4, AF_INET, OPT_V4, SHOWN_V4 },
	{ "conns: an IPv6 client over IPv4", LISTEN_V4, AF_INET, OPT_V6,
	  SHOWN_V6 },
	{ "conns: IPv6", LISTEN_V6, AF_INET6, OPT_V6, SHOWN_V6 },
	{ "conns: an IPv4 client over IPv6", LISTEN_V6, AF_INET6, OPT_V4,
	  SHOWN_V4 },
	{ "conns: dual-stack over IPv4", LISTEN_DUAL, AF_INET, OPT_V4,
	  SHOWN_V4 },
	{ "conns: no option", LISTEN_V4, AF_INET, NULL, NULL },
	{ "conns: no option, IPv6", LISTEN_V6, AF_INET6, NULL, NULL },
};

static bool text_has(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	if (at && (at == text || at[-1] == '\n') && text_count(text, line) == 1)
		return true;
	printf("#   wanted once: %s#   have:\n", line);
	text_print(text);
	return false;
}

/* The file is the header and this many lines. */
static bool text_is_long(const char *text, int lines)
{
	if (!strncmp(text, HEADER, strlen(HEADER)) &&
	    text_count(text, "\n") == lines + 1)
		return true;
	printf("#   wanted the header and %d lines, have:\n", lines);
	text_print(text);
	return false;
}

static void line_format(char *line, const struct flow *flow, const char *client,
			unsigned int uid, unsigned long inode)
{
	char local[64], peer[64];

	text_address(local, sizeof(local), &flow->remote);
	text_address(peer, sizeof(peer), &flow->local);
	snprintf(line, LINE_MAX_LEN, "%s %s %s %u %lu\n", local, peer, client,
		 uid, inode);
}

static unsigned long inode_of(int fd)
{
	struct stat st = { 0 };

	fstat(fd, &st);
	return st.st_ino;
}

/* The file is the header and, if there is one, this line. */
static bool file_is(const char *line)
{
	char *text = text_read(CONNS_FILE, TEXT_MAX);
	bool ok = text_is_long(text, line ? 1 : 0) &&
		  (!line || text_has(text, line));

	free(text);
	return ok;
}

/* The first network namespace does not see what another has. */
static bool elsewhere_is_empty(void)
{
	struct stat here, there;
	char *text;
	bool ok;

	if (stat("/proc/self/ns/net", &here) || stat("/proc/1/ns/net", &there) ||
	    here.st_ino == there.st_ino)
		return true;
	text = text_read("/proc/1/net/toa_conns", TEXT_MAX);
	ok = text_is_long(text, 0);
	free(text);
	return ok;
}

/* Before and after accept(), which another user calls, and after the end. */
static bool sample_test(struct tun *tun, const struct sample *sample)
{
	int listener = listener_open(sample->listener, 0, FIRST_PORT);
	char line[LINE_MAX_LEN];
	struct flow flow;
	bool ok;
	int fd;

	net_flow(tun, &flow, sample->family, FIRST_PORT);
	ok = !flow_syn(&flow, NULL, NULL) &&
	     !flow_send(&flow, TH_ACK, sample->options, NULL);
	line_format(line, &flow, sample->client, 0, 0);
	ok = ok && file_is(sample->client ? line : NULL);

	ok = !seteuid(SOME_UID) && ok;
	fd = listener_accept(listener, true, NULL);
	ok = !seteuid(0) && ok;
	line_format(line, &flow, sample->client, SOME_UID, inode_of(fd));
	ok = ok && file_is(sample->client ? line : NULL) &&
	     elsewhere_is_empty();

	close(listener);
	socket_kill(fd);
	return ok && file_is(NULL);
}

/* A reset connection is none, whatever its socket still knows. */
static bool reset_test(struct tun *tun)
{
	struct flow flow;
	int fd = connection_open(tun, &flow, OPT_V4, NULL);
	char byte;
	bool ok;

	flow_send(&flow, TH_RST | TH_ACK, NULL, NULL);
	ok = read(fd, &byte, 1) < 0 && errno == ECONNRESET && file_is(NULL);
	close(fd);
	return ok;
}

/* The connections of one test, open at the same time. */
struct crowd {
	int fds[MANY];
	char lines[MANY][LINE_MAX_LEN];
};

/* Every third has no client. */
static bool crowd_open(struct tun *tun, struct crowd *crowd)
{
	int listener = listener_open(LISTEN_V4, 0, SERVER_PORT);
	const char *options;
	struct flow flow;
	bool ok = true;
	int i;

	for (i = 0; i < MANY; i++) {
		options = i % 3 == 0 ? OPT_V4 : i % 3 == 1 ? OPT_V6 : NULL;
		crowd->fds[i] = connection_accept(tun, &flow, listener, options,
						  NULL);
		ok = ok && crowd->fds[i] >= 0;
		line_format(crowd->lines[i], &flow,
			    i % 3 ? SHOWN_V6 : SHOWN_V4, 0,
			    inode_of(crowd->fds[i]));
	}
	close(listener);
	return ok;
}

static void crowd_close(struct crowd *crowd, int first)
{
	int i;

	for (i = first; i < MANY; i++)
		socket_kill(crowd->fds[i]);
}

/* What the file has, read in pieces: the first so many of the crowd. */
static bool crowd_is_shown(const struct crowd *crowd, int open, size_t piece)
{
	char *text = text_read(CONNS_FILE, piece);
	bool ok = text_is_long(text, open / 3 * 2);
	int i;

	for (i = 0; ok && i < open; i++)
		if (i % 3 != 2)
			ok = text_has(text, crowd->lines[i]);
	free(text);
	return ok;
}

static bool crowd_test(struct tun *tun)
{
	struct crowd *crowd = malloc(sizeof(*crowd));
	bool ok = crowd_open(tun, crowd) &&
		  crowd_is_shown(crowd, MANY, TEXT_MAX) &&
		  crowd_is_shown(crowd, MANY, 100);

	crowd_close(crowd, MANY / 2);
	ok = ok && crowd_is_shown(crowd, MANY / 2, 1000);
	crowd_close(crowd, 0);
	ok = ok && file_is(NULL);
	free(crowd);
	return ok;
}

/* Connections go while a reader is between two read()s: it goes on, and ends. */
static bool going_test(struct tun *tun)
{
	struct crowd *crowd = malloc(sizeof(*crowd));
	bool ok = crowd_open(tun, crowd);
	int fd = open(CONNS_FILE, O_RDONLY | O_CLOEXEC);
	char piece[1000];
	ssize_t got;

	ok = ok && read(fd, piece, sizeof(piece)) > 0;
	crowd_close(crowd, 0);
	do {
		got = read(fd, piece, sizeof(piece));
	} while (got > 0);
	close(fd);
	free(crowd);
	return ok && !got && file_is(NULL);
}

static const struct {
	const char *name;
	bool (*run)(struct tun *tun);
} tests[] = {
	{ "conns: after a reset", reset_test },
	{ "conns: 300 of them, in large and small pieces", crowd_test },
	{ "conns: they go while the file is read", going_test },
};

void conns_run(struct tun *tun, bool unused)
{
	size_t i;

	(void)unused;
	for (i = 0; i < ARRAY_SIZE(samples); i++)
		if (ktap_wanted(samples[i].name) &&
		    !ktap_lacking(samples[i].name,
				  listener_lacks(samples[i].listener)))
			ktap_result(sample_test(tun, &samples[i]),
				    samples[i].name);
	for (i = 0; i < ARRAY_SIZE(tests); i++)
		if (ktap_wanted(tests[i].name))
			ktap_result(tests[i].run(tun), tests[i].name);
}
