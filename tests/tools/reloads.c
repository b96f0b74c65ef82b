// SPDX-License-Identifier: GPL-2.0
/*
 * Connections that outlive the module: when it has gone they show the balancer,
 * and when it has come back they do not show what they showed before
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
#include "module.h"
#include "neighbours.h"
#include "net.h"
#include "server.h"

/* Says why not. */
static bool done(const char *what, int err)
{
	if (err)
		printf("#   %s: %s\n", what, strerror(err));
	return !err;
}

static bool loaded(const char *parameters)
{
	return done("insmod", module_load(parameters));
}

static bool unloaded(void)
{
	return done("rmmod", module_unload());
}

static bool gone_and_back(const char *parameters)
{
	return unloaded() && loaded(parameters);
}

/* Nothing of the module's is in the socket: a sockmap wants the same place. */
static bool open_test(struct tun *tun, const char *parameters)
{
	struct flow flow;
	int fd = connection_open(tun, &flow, OPT_V4, NULL);
	bool ok = fd >= 0 && expect_shown(fd, &net_client_v4) && unloaded() &&
		  expect_shown(fd, &flow.local) && sockmap_takes(fd) &&
		  loaded(parameters) && expect_shown(fd, &flow.local);

	socket_kill(fd);
	return ok;
}

static bool queued_test(struct tun *tun, const char *parameters)
{
	int listener = listener_open(LISTEN_V4, 0, SERVER_PORT);
	struct flow flow;
	bool ok;
	int fd;

	net_flow(tun, &flow, AF_INET, SERVER_PORT);
	ok = !flow_syn(&flow, NULL, NULL) &&
	     !flow_send(&flow, TH_ACK, OPT_V4, NULL) &&
	     gone_and_back(parameters);
	fd = listener_accept(listener, true, NULL);
	ok = ok && fd >= 0 && expect_shown(fd, &flow.local);
	socket_kill(fd);
	close(listener);
	return ok;
}

/* A closed socket names its peer to SO_PEERNAME alone. */
static bool closed_shows(int fd, const struct address *addr)
{
	struct names names;

	names_ask(fd, &names);
	return expect_error("getpeername", &names.peer, ENOTCONN) &&
	       expect_name("SO_PEERNAME", &names.so_peer, addr);
}

/*
 * A closed socket is in none of the kernel's tables. It shows its client as long
 * as it is closed, and nothing of it on its next connection.
 */
static bool closed_test(struct tun *tun, const char *parameters, int fd,
			const struct flow *flow)
{
	struct address balancer = balancer_address(BALANCER_PORT);

	return closed_shows(fd, &net_client_v4) && unloaded() &&
	       closed_shows(fd, &flow->local) && loaded(parameters) &&
	       closed_shows(fd, &flow->local) && !disconnect(fd) &&
	       !connection_out(tun, fd, BALANCER_PORT) &&
	       expect_shown(fd, &balancer);
}

static bool reset_test(struct tun *tun, const char *parameters)
{
	struct flow flow;
	int fd = connection_open(tun, &flow, OPT_V4, NULL);
	bool ok = fd >= 0 && expect_shown(fd, &net_client_v4) &&
		  !flow_send(&flow, TH_RST | TH_ACK, NULL, NULL) &&
		  closed_test(tun, parameters, fd, &flow);

	socket_kill(fd);
	return ok;
}

/* Both sides have closed, the server first; its program still holds the socket. */
static bool time_wait_test(struct tun *tun, const char *parameters)
{
	struct flow flow;
	int fd = connection_open(tun, &flow, OPT_V4, NULL);
	bool ok = fd >= 0 && expect_shown(fd, &net_client_v4) &&
		  !shutdown(fd, SHUT_WR) && !flow_wait_flag(&flow, TH_FIN) &&
		  !flow_send(&flow, TH_ACK | TH_FIN, NULL, NULL) &&
		  closed_test(tun, parameters, fd, &flow);

	socket_kill(fd);
	return ok;
}

struct reload_test {
	const char *name;
	bool (*run)(struct tun *tun, const char *parameters);
};

static const struct reload_test tests[] = {
	{ "open", open_test },
	{ "in the accept queue", queued_test },
	{ "reset", reset_test },
	{ "in TIME_WAIT", time_wait_test },
};

static const char *const parameters[] = {
	"hook=ftrace", "hook=ftrace sk_user_data=0", "hook=kretprobe",
};

static void reload_test(struct tun *tun, const struct reload_test *test,
			const char *with)
{
	const char *lacking;
	char name[128];
	bool ok;

	snprintf(name, sizeof(name), "%s while the module goes and comes, %s",
		 test->name, with);
	if (!ktap_wanted(name))
		return;
	lacking = module_lacks(with);
	if (lacking) {
		ktap_skip(name, lacking);
		return;
	}
	ok = loaded(with) && test->run(tun, with);
	/* A test that failed may have left it unloaded. */
	module_unload();
	ktap_result(ok, name);
}

void reloads_run(struct tun *tun, bool unused)
{
	size_t i, j;

	(void)unused;
	for (j = 0; j < ARRAY_SIZE(parameters); j++)
		for (i = 0; i < ARRAY_SIZE(tests); i++)
			reload_test(tun, &tests[i], parameters[j]);
}
