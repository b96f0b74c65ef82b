// SPDX-License-Identifier: GPL-2.0
/*
 * MPTCP connections and their first subflow, which may end before them
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cases.h"
#include "connection.h"
#include "flow.h"
#include "ktap.h"
#include "net.h"
#include "server.h"
#include "subflow.h"

/*
 * 5.15 and RHEL 8 keep a connection without a subflow for a minute after it was closed
 * (TCP_TIMEWAIT_LEN), with its client.
 */
#define FORGOTTEN_SECONDS 70

/* Its socket, or -1. */
static int mptcp_accept(struct tun *tun, struct flow *flow, const char *options,
			struct name *name)
{
	int listener = listener_open(LISTEN_MPTCP_V4, 0, SERVER_PORT);
	int fd;

	net_flow(tun, flow, AF_INET, SERVER_PORT);
	if (flow_syn(flow, MPTCP_SYN, NULL) ||
	    flow_send(flow, TH_ACK, options, NULL)) {
		close(listener);
		return -1;
	}
	fd = listener_accept(listener, true, name);
	close(listener);
	if (fd < 0 || socket_is_mptcp(fd))
		return fd;
	close(fd);
	return -1;
}

static bool expect_so_peer(int fd, const struct address *addr)
{
	struct names names;

	names_ask(fd, &names);
	return expect_name("SO_PEERNAME", &names.so_peer, addr);
}

/* Whom accept() has shown is shown to the end. */
static bool subflow_gone_test(struct tun *tun, const struct address *client)
{
	struct name name;
	struct flow flow;
	int fd = mptcp_accept(tun, &flow, MPTCP_ACK OPT_V4, &name);
	bool ok;

	if (fd < 0)
		return false;
	ok = expect_name("accept", &name, client ?: &flow.local) &&
	     subflow_end(&flow) &&
	     expect_so_peer(fd, client ?: &flow.local);
	socket_kill(fd);
	return ok;
}

/*
 * The balancer uses a port again while the program still holds the connection that had
 * it before, and that had no client: it must not get the new one's.
 */
static bool ports_again_test(struct tun *tun, const struct address *client)
{
	struct flow flow, again;
	int fd = mptcp_accept(tun, &flow, MPTCP_ACK, NULL);
	int listener, other;
	bool ok;

	if (fd < 0)
		return false;
	ok = subflow_end(&flow);
	listener = listener_open(LISTEN_V4, 0, SERVER_PORT);
	again = flow;
	again.seq += 1000000;
	ok = ok && !flow_syn(&again, NULL, NULL) &&
	     !flow_send(&again, TH_ACK, OPT_V4, NULL);
	other = listener_accept(listener, true, NULL);
	ok = ok && other >= 0 && expect_shown(other, client ?: &again.local) &&
	     expect_so_peer(fd, &flow.local);
	close(listener);
	socket_kill(other);
	socket_kill(fd);
	return ok;
}

/*
 * A socket that had a client connects elsewhere. Not every kernel lets an MPTCP socket
 * do so.
 */
static bool disconnected_test(struct tun *tun, const struct address *client)
{
	struct address balancer = balancer_address(BALANCER_PORT);
	struct name name;
	struct flow flow;
	int fd = mptcp_accept(tun, &flow, MPTCP_ACK OPT_V4, &name);
	bool ok;

	if (fd < 0)
		return false;
	ok = expect_name("accept", &name, client ?: &flow.local);
	if (ok && disconnect(fd))
		printf("#   MPTCP sockets of this kernel cannot disconnect\n");
	else if (ok)
		ok = expect_so_peer(fd, &flow.local);
	if (ok && connection_out(tun, fd, BALANCER_PORT))
		printf("#   MPTCP sockets of this kernel cannot connect again\n");
	else if (ok)
		ok = expect_shown(fd, &balancer);
	/* Where it could not disconnect, its port would stay taken. */
	subflow_end_connection(&flow);
	socket_kill(fd);
	return ok;
}

/* Asked for the first time when its subflow is gone, it has nobody to show. */
static bool asked_late_test(struct tun *tun, const struct address *client)
{
	struct flow flow;
	int fd = mptcp_accept(tun, &flow, MPTCP_ACK OPT_V4, NULL);
	bool ok;

	(void)client;
	if (fd < 0)
		return false;
	ok = subflow_end(&flow) && expect_so_peer(fd, &flow.local);
	socket_kill(fd);
	return ok;
}

/* No more than so many clients are left, within the deadline. */
static bool expect_clients(long most, int seconds)
{
	long clients = net_counter("store_clients");
	int tries;

	for (tries = 0; clients > most && tries < seconds * 10; tries++) {
		usleep(100000);
		clients = net_counter("store_clients");
	}
	if (clients > most)
		printf("#   %ld clients are left\n", clients);
	return clients <= most;
}

/* Nothing is left when a connection has gone. */
static bool forgotten_test(struct tun *tun, const struct address *client)
{
	long before = net_counter("store_clients");
	struct name name;
	struct flow flow;
	int fd = mptcp_accept(tun, &flow, MPTCP_ACK OPT_V4, &name);
	bool ok;

	if (fd < 0)
		return false;
	ok = !client || net_counter("store_clients") > before;
	socket_kill(fd);
	if (flow_wait_flag(&flow, TH_RST)) {
		/* Linux 6.18 resets nothing: the peer does. */
		puts("#   no RST");
		subflow_end_connection(&flow);
	}
	return ok && (!client || expect_clients(before, 5));
}

/* Those before it, too, which had no subflow any more by which a peer could end them. */
static bool all_forgotten_test(struct tun *tun, const struct address *client)
{
	(void)tun;
	(void)client;
	return expect_clients(0, FORGOTTEN_SECONDS);
}

/**
 * struct mptcp_test - a test with code of its own
 * @name: what it shows
 * @run: does it
 * @kept: the client must be with the MPTCP socket, and not only with its subflow
 * @store: it looks at nothing but the module's store
 */
struct mptcp_test {
	const char *name;
	bool (*run)(struct tun *tun, const struct address *client);
	bool kept;
	bool store;
};

static const struct mptcp_test tests[] = {
	{ "MPTCP, the subflow ends", .run = subflow_gone_test, .kept = true },
	{ "MPTCP, the subflow ends, its ports again", .run = ports_again_test },
	{ "MPTCP, the subflow ends, asked for the first time",
	  .run = asked_late_test },
	{ "MPTCP, connect(AF_UNSPEC), connect() elsewhere",
	  .run = disconnected_test },
	{ "MPTCP, forgotten when it is closed", .run = forgotten_test,
	  .kept = true },
	{ "MPTCP, all are forgotten in the end", .run = all_forgotten_test,
	  .store = true },
};

/* Where a socket's lock sleeps the module does not try it; see README, Limits. */
static const char *test_lacks(const struct mptcp_test *test, bool loaded)
{
	struct utsname name;

	if (loaded && test->kept && !uname(&name) &&
	    strstr(name.version, "PREEMPT_RT"))
		return "PREEMPT_RT: the client stays with the subflow";
	return listener_lacks(LISTEN_MPTCP_V4);
}

void mptcp_run(struct tun *tun, bool loaded)
{
	const struct address *client = loaded ? &net_client_v4 : NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tests); i++)
		if (ktap_wanted(tests[i].name) && (loaded || !tests[i].store) &&
		    !ktap_lacking(tests[i].name, test_lacks(&tests[i], loaded)))
			ktap_result(tests[i].run(tun, client), tests[i].name);
}
