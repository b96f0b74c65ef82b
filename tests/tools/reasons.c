// SPDX-License-Identifier: GPL-2.0
/*
 * What the module says of what it does: the counters, and the tracepoints in
 * tracefs. One connection for each thing that can happen.
 */
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
#include "module.h"
#include "net.h"
#include "server.h"
#include "text.h"

/* 3.7. */

/* Before 4.1 it was only in debugfs. */
#define TRACING		"/sys/kernel/tracing/"
#define TRACING_DEBUGFS	"/sys/kernel/debug/tracing/"

#define CLIENT_V4	"203.0.113.7:12345"
#define CLIENT_V6	"[2001:db8:c::7]:12345"
#define NO_CLIENT	"0.0.0.0:0"

/**
 * struct reason - one connection, and what is said of it
 * @counter: goes up by one, and is the reason of a refusal; NULL: not refused
 * @parameter: is set to @value before; NULL: none
 * @value: to what
 * @family: of the packets
 * @listener: what is connected to
 * @syn: options of the SYN
 * @ack: options of the ACK
 * @client: as the tracepoint shows it
 * @kind: the option's kind, of a connection that is accepted with a client
 * @fast: the SYN completes the handshake (Fast Open)
 */
struct reason {
	const char *counter;
	const char *parameter;
	const char *value;
	int family;
	enum listener listener;
	const char *syn;
	const char *ack;
	const char *client;
	int kind;
	bool fast;
};

static const struct reason reasons[] = {
	{ .family = AF_INET, .listener = LISTEN_V4, .ack = OPT_V4,
	  .client = CLIENT_V4, .kind = 254 },
	{ .family = AF_INET6, .listener = LISTEN_V6, .ack = OPT_V6,
	  .client = CLIENT_V6, .kind = 254 },
	{ .family = AF_INET, .listener = LISTEN_DUAL, .ack = OPT_V4,
	  .client = CLIENT_V4, .kind = 254 },
	{ .parameter = "kinds", .value = "200",
	  .family = AF_INET, .listener = LISTEN_V4,
	  .ack = "c808 3039 cb007107", .client = CLIENT_V4, .kind = 200 },
	{ .parameter = "syn", .value = "1",
	  .family = AF_INET, .listener = LISTEN_V4, .syn = OPT_V4,
	  .client = CLIENT_V4, .kind = 254 },

	{ "option_malformed", .family = AF_INET, .listener = LISTEN_V4,
	  .ack = "fe08 3039", .client = NO_CLIENT },
	{ "option_unusable", .family = AF_INET, .listener = LISTEN_V4,
	  .ack = "fe08 3039 7f000001", .client = NO_CLIENT },
	{ "option_unusable", .family = AF_INET6, .listener = LISTEN_V6,
	  .ack = "fe14 0000 20010db8000c0000 0000000000000007",
	  .client = NO_CLIENT },
	{ "option_untrusted", "trust", "198.51.100.0/24", AF_INET, LISTEN_V4,
	  .ack = OPT_V4, .client = CLIENT_V4 },
	{ "option_untrusted", "trust", "198.51.100.0/24", AF_INET6, LISTEN_V6,
	  .ack = OPT_V6, .client = CLIENT_V6 },
	{ "option_other_port", "ports", "80", AF_INET, LISTEN_DUAL,
	  .ack = OPT_V4, .client = CLIENT_V4 },
	{ "option_other_kind", .family = AF_INET, .listener = LISTEN_V4,
	  .ack = "c808 3039 cb007107", .client = NO_CLIENT },
	{ "option_other_kind", "kinds", "254/20", AF_INET, LISTEN_V4,
	  .ack = OPT_V4, .client = NO_CLIENT },
	{ "option_disabled", "enable", "0", AF_INET, LISTEN_V4,
	  .ack = OPT_V4, .client = CLIENT_V4 },
	{ "option_on_syn", .family = AF_INET, .listener = LISTEN_V4,
	  .syn = OPT_V4, .client = NO_CLIENT, .fast = true },
};

/* A file of tracefs; the next call writes over its path. */
static const char *tracing(const char *file)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s%s",
		 access(TRACING "trace", F_OK) ? TRACING_DEBUGFS : TRACING,
		 file);
	return path;
}

static bool traceable(void)
{
	return !access(tracing("events/toa/toa_refused/enable"), W_OK);
}

static bool events_set(const char *file, const char *value)
{
	char event[64];

	snprintf(event, sizeof(event), "events/toa/%s", file);
	return !text_write(tracing(event), value, strlen(value));
}

static void trace_clear(void)
{
	text_write(tracing("trace"), "\n", 1);
}

/* So many events of this name, and one or none that says exactly this. */
static bool trace_says(const char *event, int count, const char *line)
{
	char *text = text_read(tracing("trace"), TEXT_MAX);
	char name[64];
	bool ok;

	snprintf(name, sizeof(name), ": toa_%s: ", event);
	ok = text_count(text, name) == count &&
	     text_count(text, line) == (count ? 1 : 0);
	if (!ok) {
		printf("#   wanted %s %d times: %s#   have:\n", event, count, line);
		text_print(text);
	}
	free(text);
	return ok;
}

/* The part that all three have. */
static void ends_format(char *text, size_t size, const struct reason *reason,
			const struct flow *flow)
{
	char local[64], peer[64];

	text_address(local, sizeof(local), &flow->remote);
	text_address(peer, sizeof(peer), &flow->local);
	snprintf(text, size, "client=%s local=%s peer=%s", reason->client,
		 local, peer);
}

static bool reason_is_traced(const struct reason *reason,
			     const struct flow *flow)
{
	struct stat st = { 0 };
	char ends[192], line[320];
	bool ok;

	stat("/proc/self/ns/net", &st);
	ends_format(ends, sizeof(ends), reason, flow);
	snprintf(line, sizeof(line), "toa_accepted: %s kind=%d on=%s netns=%lu\n",
		 ends, reason->kind, reason->syn ? "syn" : "ack", st.st_ino);
	ok = trace_says("accepted", reason->kind ? 1 : 0, line);
	snprintf(line, sizeof(line), "toa_answered: %s netns=%lu\n", ends,
		 st.st_ino);
	ok &= trace_says("answered", reason->kind ? 1 : 0, line);
	snprintf(line, sizeof(line), "toa_refused: reason=%s %s netns=%lu\n",
		 reason->counter, ends, st.st_ino);
	return ok & trace_says("refused", reason->kind ? 0 : 1, line);
}

/* A connection whose peer is asked for once. */
static bool reason_connect(struct tun *tun, const struct reason *reason,
			   struct flow *flow)
{
	int listener = listener_open(reason->listener,
				     reason->fast ? LISTEN_FASTOPEN : 0,
				     SERVER_PORT);
	struct name name;
	int fd = -1;

	/* 0x203: clients, servers, and no cookie needed. */
	net_sysctl("net/ipv4/tcp_fastopen", reason->fast ? "0x203" : "1");
	net_flow(tun, flow, reason->family, SERVER_PORT);
	if (!flow_syn(flow, reason->syn, reason->fast ? "ping" : NULL) &&
	    !flow_send(flow, TH_ACK, reason->ack, NULL))
		fd = listener_accept(listener, true, &name);
	close(listener);
	socket_kill(fd);
	return fd >= 0;
}

static bool reason_test(struct tun *tun, const struct reason *reason)
{
	const char *counter = reason->counter ?: "syn_recv_sock_toa";
	long before = net_counter(counter);
	char old[128] = "";
	struct flow flow;
	bool ok = true;

	if (reason->parameter) {
		module_get(reason->parameter, old, sizeof(old));
		ok = !module_set(reason->parameter, reason->value);
	}
	trace_clear();
	ok = ok && reason_connect(tun, reason, &flow);
	if (reason->parameter)
		module_set(reason->parameter, old);
	if (net_counter(counter) != before + 1) {
		printf("#   %s moved by %ld\n", counter,
		       net_counter(counter) - before);
		ok = false;
	}
	return ok && (!traceable() || reason_is_traced(reason, &flow));
}

static void reason_name(char *name, size_t size, const struct reason *reason)
{
	snprintf(name, size, "said: %s%s%s%s%s, %s",
		 reason->counter ?: "accepted and answered",
		 reason->parameter ? " with " : "", reason->parameter ?: "",
		 reason->parameter ? "=" : "", reason->value ?: "",
		 reason->family == AF_INET ?
		 reason->listener == LISTEN_DUAL ? "dual-stack" : "IPv4" :
		 "IPv6");
}

/* A connection has a client, which nobody is told. */
static bool untold_test(struct tun *tun)
{
	long before = net_counter("getname_toa_disabled");
	struct names names;
	struct flow flow;
	int fd = connection_open(tun, &flow, OPT_V4, NULL);
	bool ok = fd >= 0 && !module_set("enable", "0");

	names_ask(fd, &names);
	module_set("enable", "1");
	socket_kill(fd);
	/* getpeername() and SO_PEERNAME */
	return ok && expect_name("getpeername", &names.peer, &flow.local) &&
	       net_counter("getname_toa_disabled") == before + 2;
}

/* Switched off, they say nothing. */
static bool silence_test(struct tun *tun)
{
	struct flow flow;

	trace_clear();
	return events_set("enable", "0") &&
	       reason_connect(tun, &reasons[0], &flow) &&
	       trace_says("accepted", 0, "toa_") &&
	       trace_says("answered", 0, "toa_");
}

/* By one field, as tools do it. */
static bool filter_test(struct tun *tun)
{
	struct flow flow;
	bool ok;

	trace_clear();
	ok = events_set("filter", "port == 8002") &&
	     events_set("enable", "1") &&
	     reason_connect(tun, &reasons[0], &flow) &&
	     trace_says("accepted", 0, "toa_") &&
	     events_set("filter", "port == 8001") &&
	     reason_connect(tun, &reasons[0], &flow) &&
	     trace_says("accepted", 1, "toa_accepted");
	events_set("enable", "0");
	events_set("filter", "0");
	return ok;
}

#define UNTOLD	"said: getname_toa_disabled"

static const struct {
	const char *name;
	bool (*run)(struct tun *tun);
} tests[] = {
	{ "tracepoints, switched off", silence_test },
	{ "tracepoints with a filter", filter_test },
};

static const char *reason_lacks(const struct reason *reason)
{
	const char *lacks = listener_lacks(reason->listener);

	return lacks || !reason->fast ? lacks : fastopen_lacks();
}

void reasons_run(struct tun *tun, bool unused)
{
	char name[128];
	size_t i;

	(void)unused;
	events_set("enable", "1");
	for (i = 0; i < ARRAY_SIZE(reasons); i++) {
		reason_name(name, sizeof(name), &reasons[i]);
		if (ktap_wanted(name) &&
		    !ktap_lacking(name, reason_lacks(&reasons[i])))
			ktap_result(reason_test(tun, &reasons[i]), name);
	}
	if (ktap_wanted(UNTOLD))
		ktap_result(untold_test(tun), UNTOLD);
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		if (!ktap_wanted(tests[i].name))
			continue;
		if (traceable())
			ktap_result(tests[i].run(tun), tests[i].name);
		else
			ktap_skip(tests[i].name,
				  "no tracepoints of modules in this kernel (events/toa)");
	}
	events_set("enable", "0");
}
