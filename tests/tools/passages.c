// SPDX-License-Identifier: GPL-2.0
/*
 * A few connections that pass every function the module hooks, from the
 * handshake to connect(AF_UNSPEC): for looking on while somebody else sits there
 */
#include <errno.h>
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

#define WORD_IN		"ping"
#define WORD_OUT	"pong"

struct passage {
	const char *name;
	enum listener listener;
	int family;
	const char *options;
	const struct address *client;
};

static const struct passage passages[] = {
	{ "passing IPv4", LISTEN_V4, AF_INET, OPT_V4, &net_client_v4 },
	{ "passing IPv6", LISTEN_V6, AF_INET6, OPT_V6, &net_client_v6 },
	{ "passing IPv4 on a dual-stack listener", LISTEN_DUAL, AF_INET, OPT_V4,
	  &net_client_v4 },
	{ "passing IPv4 without an option", LISTEN_V4, AF_INET, NULL, NULL },
	{ "passing IPv6 without an option", LISTEN_V6, AF_INET6, NULL, NULL },
};

static int words_exchange(struct flow *flow, int fd)
{
	if (flow_send(flow, TH_ACK | TH_PSH, NULL, WORD_IN) ||
	    server_read(fd, WORD_IN))
		return -1;
	if (send(fd, WORD_OUT, strlen(WORD_OUT), MSG_NOSIGNAL) < 0)
		return -1;
	return flow_wait_data(flow, WORD_OUT);
}

static bool passage_is_right(const struct passage *passage, struct flow *flow,
			     int fd, const struct name *accepted)
{
	struct names names;
	struct name want;
	bool ok;

	name_expect(&want, listener_family(passage->listener),
		    passage->client ?: &flow->local);
	names_ask(fd, &names);
	ok = expect_equal("accept", accepted, &want);
	ok &= expect_equal("getpeername", &names.peer, &want);
	ok &= expect_equal("SO_PEERNAME", &names.so_peer, &want);
	if (words_exchange(flow, fd) || disconnect(fd)) {
		printf("#   the connection is not good: %s\n", strerror(errno));
		return false;
	}
	names_ask(fd, &names);
	return ok & expect_error("disconnected", &names.so_peer, ENOTCONN);
}

static bool passage_run(struct tun *tun, const struct passage *passage)
{
	int listener = listener_open(passage->listener, 0, SERVER_PORT);
	struct name name;
	struct flow flow;
	int fd = -1;
	bool ok;

	net_flow(tun, &flow, passage->family, SERVER_PORT);
	if (!flow_syn(&flow, NULL, NULL) &&
	    !flow_send(&flow, TH_ACK, passage->options, NULL))
		fd = listener_accept(listener, true, &name);
	close(listener);
	if (fd < 0) {
		printf("#   connecting: %s\n", strerror(errno));
		return false;
	}
	ok = passage_is_right(passage, &flow, fd, &name);
	socket_kill(fd);
	return ok;
}

void passages_run(struct tun *tun, bool unused)
{
	size_t i;

	(void)unused;
	for (i = 0; i < ARRAY_SIZE(passages); i++)
		if (ktap_wanted(passages[i].name) &&
		    !ktap_lacking(passages[i].name,
				  listener_lacks(passages[i].listener)))
			ktap_result(passage_run(tun, &passages[i]),
				    passages[i].name);
}
