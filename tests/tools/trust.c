// SPDX-License-Identifier: GPL-2.0
/*
 * Who may speak for a client: the parameters that can be changed while the
 * module is loaded
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cases.h"
#include "connection.h"
#include "flow.h"
#include "ktap.h"
#include "module.h"
#include "net.h"
#include "server.h"

enum shown { BALANCER, CLIENT_V4, CLIENT_V6, CLIENT_V4_OWN_PORT };

/**
 * struct rule - one connection under some parameters
 * @name: what it shows
 * @parameter: which parameter is set
 * @value: to what
 * @listener: what is connected to
 * @family: of the packets
 * @ack: options of the ACK
 * @shown: who shall be shown
 * @counter: what the module must count; NULL: one that named a client
 */
struct rule {
	const char *name;
	const char *parameter;
	const char *value;
	enum listener listener;
	int family;
	const char *ack;
	enum shown shown;
	const char *counter;
};

#define UNTRUSTED	"option_untrusted"
#define OTHER_PORT	"option_other_port"
#define NO_CLIENT	"syn_recv_sock_no_toa"

#define V4_BODY		"3039 cb007107"
#define V6_BODY		"3039 20010db8000c0000 0000000000000007"

static const struct rule rules[] = {
	{ "trust: any", "trust", "", LISTEN_V4, AF_INET, OPT_V4, .shown = CLIENT_V4 },
	{ "trust: the balancer", "trust", "192.0.2.2", LISTEN_V4, AF_INET,
	  OPT_V4, .shown = CLIENT_V4 },
	{ "trust: its network", "trust", "198.51.100.0/24, 192.0.2.0/24",
	  LISTEN_V4, AF_INET, OPT_V4, .shown = CLIENT_V4 },
	{ "trust: another network", "trust", "198.51.100.0/24", LISTEN_V4,
	  AF_INET, OPT_V4, .shown = BALANCER,
	  .counter = UNTRUSTED },
	{ "trust: all but the balancer", "trust",
	  "0.0.0.0/1,128.0.0.0/2,192.0.2.0/31,192.0.2.3", LISTEN_V4, AF_INET,
	  OPT_V4, .shown = BALANCER,
	  .counter = UNTRUSTED },
	{ "trust: IPv6 networks only, IPv4", "trust", "::/0", LISTEN_V4,
	  AF_INET, OPT_V4, .shown = BALANCER,
	  .counter = UNTRUSTED },
	{ "trust: dual-stack over IPv4", "trust", "192.0.2.2", LISTEN_DUAL,
	  AF_INET, OPT_V4, .shown = CLIENT_V4 },
	{ "trust: another network, dual-stack over IPv4", "trust", "::/0",
	  LISTEN_DUAL, AF_INET, OPT_V4, .shown = BALANCER,
	  .counter = UNTRUSTED },
	{ "trust: IPv6", "trust", "2001:db8:1::/48", LISTEN_V6, AF_INET6,
	  OPT_V6, .shown = CLIENT_V6 },
	{ "trust: another network, IPv6", "trust", "2001:db8:2::/48 0.0.0.0/0",
	  LISTEN_V6, AF_INET6, OPT_V6, .shown = BALANCER,
	  .counter = UNTRUSTED },
	{ "trust: it does not matter who is named", "trust", "203.0.113.0/24",
	  LISTEN_V4, AF_INET, OPT_V4, .shown = BALANCER,
	  .counter = UNTRUSTED },
	{ "trust: nothing named, nothing refused", "trust", "198.51.100.0/24",
	  LISTEN_V4, AF_INET, NULL, .shown = BALANCER,
	  .counter = NO_CLIENT },

	{ "ports: this one", "ports", "80,8001", LISTEN_V4, AF_INET, OPT_V4,
	  .shown = CLIENT_V4 },
	{ "ports: a range", "ports", "1-79 8000-8001", LISTEN_V6, AF_INET6,
	  OPT_V6, .shown = CLIENT_V6 },
	{ "ports: others", "ports", "1-8000,8002-65535", LISTEN_V4, AF_INET,
	  OPT_V4, .shown = BALANCER,
	  .counter = OTHER_PORT },

	{ "kinds: 254 alone, kind 253", "kinds", "254", LISTEN_V4, AF_INET,
	  "fd08" V4_BODY, .shown = BALANCER,
	  .counter = NO_CLIENT },
	{ "kinds: 253 alone, kind 254", "kinds", "253", LISTEN_V4, AF_INET,
	  OPT_V4, .shown = BALANCER,
	  .counter = NO_CLIENT },
	{ "kinds: 254/16", "kinds", "254", LISTEN_V4, AF_INET,
	  "fe10" V4_BODY "0000 0050 0a000001", .shown = CLIENT_V4 },
	{ "kinds: 254/8, not 254/16", "kinds", "254/8", LISTEN_V4, AF_INET,
	  "fe10" V4_BODY "0000 0050 0a000001", .shown = BALANCER,
	  .counter = NO_CLIENT },
	{ "kinds: 253/8", "kinds", "253", LISTEN_V4, AF_INET,
	  "fd08" V4_BODY, .shown = CLIENT_V4 },
	{ "kinds: 253/20", "kinds", "254 253/20", LISTEN_V6, AF_INET6,
	  "fd14" V6_BODY, .shown = CLIENT_V6 },
	{ "kinds: 252/20", "kinds", "252", LISTEN_V4, AF_INET,
	  "fc14" V4_BODY "4fa82c00 0a000001 0050 0000", .shown = CLIENT_V4 },
	{ "kinds: 249/40", "kinds", "249", LISTEN_V6, AF_INET6,
	  "f928" V6_BODY "4fa82c 00 20010db8000a0000 0000000000000001",
	  .shown = CLIENT_V6 },
	{ "kinds: 200/8", "kinds", "200", LISTEN_V4, AF_INET,
	  "c808" V4_BODY, .shown = CLIENT_V4 },
	{ "kinds: 28/7, the flow's own port", "kinds", "28", LISTEN_V4,
	  AF_INET, "1c07 01 cb007107", .shown = CLIENT_V4_OWN_PORT },
	{ "kinds: 28 of another version", "kinds", "28", LISTEN_V4, AF_INET,
	  "1c07 02 cb007107", .shown = BALANCER,
	  .counter = NO_CLIENT },
	{ "kinds: the first one decides", "kinds", "254,253", LISTEN_V4,
	  AF_INET, OPT_V4 "fd08 1a0a c6336442", .shown = CLIENT_V4 },
	{ "a second option is counted", "kinds", "254", LISTEN_V4, AF_INET,
	  OPT_V4 OPT_V4_OTHER, .shown = CLIENT_V4,
	  .counter = "option_duplicate" },

	{ "enable=0", "enable", "0", LISTEN_V4, AF_INET, OPT_V4, .shown = BALANCER,
	  .counter = NO_CLIENT },
	{ "enable=1", "enable", "1", LISTEN_V4, AF_INET, OPT_V4, .shown = CLIENT_V4 },
};

/* What a parameter is when nobody has set it. */
static void parameter_reset(const char *name)
{
	if (!strcmp(name, "enable"))
		module_set(name, "1");
	else
		module_set(name, strcmp(name, "kinds") ? "" : "254");
}

static bool done(const char *what, int err)
{
	if (err)
		printf("#   %s: %s\n", what, strerror(err));
	return !err;
}

static struct address address_of(enum shown shown, const struct flow *flow)
{
	struct address addr = net_client_v4;

	if (shown == BALANCER)
		return flow->local;
	if (shown == CLIENT_V6)
		return net_client_v6;
	if (shown == CLIENT_V4_OWN_PORT)
		addr.port = flow->local.port;
	return addr;
}

/* A connection: its socket, or -1. */
static int rule_connect(struct tun *tun, const struct rule *rule,
			struct flow *flow)
{
	int listener = listener_open(rule->listener, 0, SERVER_PORT);
	int fd = -1;

	net_flow(tun, flow, rule->family, SERVER_PORT);
	if (!flow_syn(flow, NULL, NULL) &&
	    !flow_send(flow, TH_ACK, rule->ack, NULL))
		fd = listener_accept(listener, true, NULL);
	close(listener);
	return fd;
}

static bool rule_shows(struct tun *tun, const struct rule *rule)
{
	struct address addr;
	struct names names;
	struct name want;
	struct flow flow;
	int fd = rule_connect(tun, rule, &flow);

	if (fd < 0)
		return done("connecting", errno);
	addr = address_of(rule->shown, &flow);
	name_expect(&want, listener_family(rule->listener), &addr);
	names_ask(fd, &names);
	socket_kill(fd);
	return expect_equal("getpeername", &names.peer, &want);
}

static bool rule_test(struct tun *tun, const struct rule *rule)
{
	const char *counter = rule->counter ?: "syn_recv_sock_toa";
	long before = net_counter(counter);
	long moved;

	if (!done(rule->parameter, module_set(rule->parameter, rule->value)) ||
	    !rule_shows(tun, rule))
		return false;
	moved = net_counter(counter) - before;
	if (moved == 1)
		return true;
	printf("#   %s moved by %ld\n", counter, moved);
	return false;
}

static bool client_shown(struct tun *tun, const char *ack,
			 const struct address *client)
{
	struct flow flow;
	int fd = connection_open(tun, &flow, ack, NULL);
	bool ok = fd >= 0 && expect_shown(fd, client ?: &flow.local);

	socket_kill(fd);
	return ok;
}

/*
 * Texts that must be refused.
 */

static const struct {
	const char *parameter;
	const char *value;
} wrong[] = {
	{ "trust", "192.0.2.2/24" },
	{ "trust", "192.0.2.0/33" },
	{ "trust", "192.0.2" },
	{ "trust", "balancer.example" },
	{ "trust", "192.0.2.2,,192.0.2.3" },
	{ "trust", "192.0.2.0/24 2001:db8::1/32" },
	{ "trust", "::ffff:192.0.2.2" },
	{ "ports", "0" },
	{ "ports", "65536" },
	{ "ports", "90-80" },
	{ "ports", "http" },
	{ "kinds", "" },
	{ "kinds", "255" },
	{ "kinds", "254/9" },
	{ "enable", "perhaps" },
	{ "syn", "perhaps" },
};

/* The wrong value changes nothing: not what is read, and not who is shown. */
static bool wrong_refused(const char *parameter, const char *value)
{
	char before[128], after[128];
	int err;

	module_get(parameter, before, sizeof(before));
	err = module_set(parameter, value);
	module_get(parameter, after, sizeof(after));
	if (err == EINVAL && !strcmp(before, after))
		return true;
	printf("#   %s=%s: %s, and it is %s\n", parameter, value,
	       err ? strerror(err) : "accepted", after);
	return false;
}

static bool wrong_test(struct tun *tun)
{
	bool ok = !module_set("trust", "198.51.100.0/24") &&
		  !module_set("ports", "8001");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		ok &= wrong_refused(wrong[i].parameter, wrong[i].value);
	/* To write nothing is not to write an empty list. */
	return ok && !module_set_trust("", 0) &&
	       client_shown(tun, OPT_V4, NULL);
}

/*
 * Long lists.
 */

#define MANY		5000
#define ITEM_MAX	20

/* 10.x.y.0/24, none of which is a neighbour of another, and then the last one. */
static char *many_prefixes(const char *last)
{
	char *text = malloc((MANY + 1) * ITEM_MAX);
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < MANY; i++)
		len += sprintf(text + len, "10.%u.%u.0/24\n", i >> 7,
			       (i & 0x7f) << 1);
	snprintf(text + len, ITEM_MAX, "%s", last);
	return text;
}

static bool many_set(const char *last)
{
	char *text = many_prefixes(last);
	bool ok = done("5,001 prefixes", module_set_trust(text, strlen(text)));

	free(text);
	return ok;
}

static bool many_test(struct tun *tun)
{
	return many_set("192.0.2.2") &&
	       client_shown(tun, OPT_V4, &net_client_v4) &&
	       many_set("192.0.2.3") && client_shown(tun, OPT_V4, NULL);
}

/* A file of sysfs cannot take it: it must not take a part of it. */
static bool too_long_test(struct tun *tun)
{
	char *text = many_prefixes("192.0.2.2");
	bool ok = !module_set("trust", "192.0.2.3");
	int err = module_set("trust", text);

	free(text);
	if (err != E2BIG)
		ok = done("a long list was not refused, but", err ?: EIO);
	return ok && client_shown(tun, OPT_V4, NULL);
}

/*
 * A parameter changes while connections come.
 */

/**
 * struct changer - a thread that writes two values in turn
 * @thread: the thread
 * @values: the values
 * @stop: it shall end
 * @changes: how often it has written
 * @failures: how often that failed
 */
struct changer {
	pthread_t thread;
	const char *values[2];
	atomic_bool stop;
	atomic_int changes;
	atomic_int failures;
};

static void *changer_main(void *arg)
{
	struct changer *changer = arg;

	while (!changer->stop) {
		if (module_set("trust", changer->values[changer->changes % 2]))
			changer->failures++;
		changer->changes++;
	}
	return NULL;
}

#define CONNECTIONS	200	/* at least */
#define CONNECTIONS_MAX	20000
#define CHANGES		20	/* at least */

/* Whom connections showed meanwhile. */
struct seen {
	int clients;
	int balancers;
	int strangers;
};

static void seen_count(struct seen *seen, int fd, const struct flow *flow)
{
	struct name client, balancer;
	struct names names;

	names_ask(fd, &names);
	name_expect(&client, AF_INET, &net_client_v4);
	name_expect(&balancer, AF_INET, &flow->local);
	if (name_equal(&names.peer, &client))
		seen->clients++;
	else if (name_equal(&names.peer, &balancer))
		seen->balancers++;
	else
		seen->strangers++;
}

/* Until there were enough of everything that is wanted. */
static bool seen_enough(const struct seen *seen, int changes, bool both)
{
	int connections = seen->clients + seen->balancers;

	if (seen->strangers || connections == CONNECTIONS_MAX)
		return true;
	return connections >= CONNECTIONS && changes >= CHANGES &&
	       (!both || (seen->clients && seen->balancers));
}

static bool changing_watch(struct tun *tun, const char *one, const char *other,
			   bool both, struct seen *seen)
{
	int listener = listener_open(LISTEN_V4, 0, SERVER_PORT);
	struct changer changer = { .values = { one, other } };

	pthread_create(&changer.thread, NULL, changer_main, &changer);
	while (!seen_enough(seen, changer.changes, both)) {
		struct flow flow;
		int fd = connection_accept(tun, &flow, listener, OPT_V4, NULL);

		seen_count(seen, fd, &flow);
		socket_kill(fd);
	}
	changer.stop = true;
	pthread_join(changer.thread, NULL);
	close(listener);
	printf("#   %d changes; client %d, balancer %d, stranger %d\n",
	       changer.changes, seen->clients, seen->balancers,
	       seen->strangers);
	return !changer.failures && !seen->strangers &&
	       changer.changes >= CHANGES;
}

/* Both lists have the balancer, so there is no moment without it. */
static bool swap_test(struct tun *tun)
{
	struct seen seen = {};

	return changing_watch(tun, "192.0.2.2", "192.0.2.0/24", false, &seen) &&
	       !seen.balancers;
}

static bool toggle_test(struct tun *tun)
{
	struct seen seen = {};

	return changing_watch(tun, "192.0.2.2", "198.51.100.0/24", true,
			      &seen) &&
	       seen.clients && seen.balancers;
}

/* Off and on again: what is known is not lost, what was not read stays unknown. */
static bool enable_test(struct tun *tun)
{
	struct flow before, between;
	int first = connection_open(tun, &before, OPT_V4, NULL);
	bool ok = first >= 0 && expect_shown(first, &net_client_v4) &&
		  !module_set("enable", "0") &&
		  expect_shown(first, &before.local);
	int second = connection_open(tun, &between, OPT_V4, NULL);

	ok = ok && second >= 0 && expect_shown(second, &between.local) &&
	     !module_set("enable", "1") &&
	     expect_shown(first, &net_client_v4) &&
	     expect_shown(second, &between.local);
	socket_kill(first);
	socket_kill(second);
	return ok;
}

/**
 * struct trust_test - a test with code of its own
 * @name: what it shows
 * @run: does it
 */
struct trust_test {
	const char *name;
	bool (*run)(struct tun *tun);
};

static const struct trust_test tests[] = {
	{ "wrong texts are refused and change nothing", .run = wrong_test },
	{ "5,001 prefixes", .run = many_test },
	{ "a list too long for its file is refused whole", .run = too_long_test },
	{ "trust is replaced while connections come", .run = swap_test },
	{ "trust is taken away and given back while connections come",
	  .run = toggle_test },
	{ "enable is switched off and on", .run = enable_test },
};

static void test_run(struct tun *tun, const struct trust_test *test)
{
	bool ok;

	if (!ktap_wanted(test->name))
		return;
	ok = test->run(tun);
	parameter_reset("trust");
	parameter_reset("ports");
	parameter_reset("enable");
	ktap_result(ok, test->name);
}

void trust_run(struct tun *tun, bool unused)
{
	size_t i;

	(void)unused;
	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		if (!ktap_wanted(rules[i].name) ||
		    ktap_lacking(rules[i].name,
				 listener_lacks(rules[i].listener)))
			continue;
		ktap_result(rule_test(tun, &rules[i]), rules[i].name);
		parameter_reset(rules[i].parameter);
	}
	for (i = 0; i < ARRAY_SIZE(tests); i++)
		test_run(tun, &tests[i]);
}
