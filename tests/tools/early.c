// SPDX-License-Identifier: GPL-2.0
/*
 * Clients that are named before the handshake completes: by a SYN (syn=1), or by a bare
 * ACK that a listener with TCP_DEFER_ACCEPT drops
 */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cases.h"
#include "connection.h"
#include "flow.h"
#include "ktap.h"
#include "module.h"
#include "net.h"
#include "server.h"

#define COOKIES	"net/ipv4/tcp_syncookies"

#define WORD	"ping"

static bool accepted_shows(int listener, const struct address *addr)
{
	int fd = listener_accept(listener, true, NULL);
	bool ok = fd >= 0 && expect_shown(fd, addr);

	socket_kill(fd);
	return ok;
}

static int plain_listener(void)
{
	return listener_open(LISTEN_V4, 0, SERVER_PORT);
}

static int deferring_listener(void)
{
	return listener_open(LISTEN_V4, LISTEN_DEFER, SERVER_PORT);
}

/*
 * A SYN that is sent again with another option is still the same attempt. With
 * cookies: else the kernel knows it by itself, and we are not asked.
 */
static bool syn_again_test(struct tun *tun, int listener)
{
	struct flow flow;
	uint32_t isn;
	bool ok;

	net_sysctl(COOKIES, "2");
	net_flow(tun, &flow, AF_INET, SERVER_PORT);
	isn = flow.seq;
	ok = !flow_syn(&flow, OPT_V4, NULL);
	flow.seq = isn;
	ok = ok && !flow_syn(&flow, OPT_V4_OTHER, NULL) &&
	     !flow_send(&flow, TH_ACK, NULL, NULL) &&
	     accepted_shows(listener, &net_client_v4);
	net_sysctl(COOKIES, "1");
	return ok;
}

/* The same addresses and ports, but an attempt of its own. */
static bool syn_other_test(struct tun *tun, int listener)
{
	struct flow flow;
	bool ok;

	net_flow(tun, &flow, AF_INET, SERVER_PORT);
	ok = !flow_syn(&flow, OPT_V4, NULL) &&
	     !flow_send(&flow, TH_RST, NULL, NULL);
	flow.seq += 1000000;
	ok = ok && !flow_syn(&flow, NULL, NULL) &&
	     !flow_send(&flow, TH_ACK, NULL, NULL) &&
	     accepted_shows(listener, &flow.local);
	return ok;
}

static bool syn_untrusted_test(struct tun *tun, int listener)
{
	struct flow flow;
	bool ok;

	net_flow(tun, &flow, AF_INET, SERVER_PORT);
	ok = !module_set("trust", "198.51.100.0/24") &&
	     !flow_syn(&flow, OPT_V4, NULL) && !module_set("trust", "") &&
	     !flow_send(&flow, TH_ACK, NULL, NULL) &&
	     accepted_shows(listener, &flow.local);
	return ok;
}

#define FLOOD	100000

/* SYNs from many ports, each naming a client, none of which goes on. */
static int flood(struct tun *tun)
{
	struct flow flow;
	unsigned int i;

	for (i = 0; i < FLOOD; i++) {
		net_flow(tun, &flow, AF_INET, SERVER_PORT);
		flow.seq = i * 64001;
		flow.local.bytes[3] = 3 + i % 200;
		if (flow_send(&flow, TH_SYN, OPT_V4_OTHER, NULL))
			return -1;
	}
	return 0;
}

/* More SYNs than the memory holds; what is open goes on, and new ones come. */
static bool syn_flood_test(struct tun *tun, int listener)
{
	long used = net_counter("syn_used"), lost = net_counter("syn_lost");
	struct flow flow, later;
	int fd = connection_accept(tun, &flow, listener, OPT_V4, NULL);
	bool ok = fd >= 0 && !flood(tun);

	lost = net_counter("syn_lost") - lost;
	printf("#   %d SYNs, %ld forgotten for newer ones\n", FLOOD, lost);
	ok = ok && lost > 0 && expect_shown(fd, &net_client_v4) &&
	     !flow_send(&flow, TH_ACK | TH_PSH, NULL, WORD) &&
	     !server_read(fd, WORD);
	net_flow(tun, &later, AF_INET, SERVER_PORT);
	ok = ok && !flow_syn(&later, OPT_V4, NULL) &&
	     !flow_send(&later, TH_ACK, NULL, NULL) &&
	     accepted_shows(listener, &net_client_v4) &&
	     net_counter("syn_used") == used + 1;
	socket_kill(fd);
	return ok;
}

#define WAITING		128
#define COMPLETED	6000

static bool syn_begin(struct tun *tun, struct flow *flow)
{
	net_flow(tun, flow, AF_INET, SERVER_PORT);
	return !flow_syn(flow, OPT_V4, NULL);
}

static bool syn_complete(struct flow *flow, int listener)
{
	return !flow_send(flow, TH_ACK, NULL, NULL) &&
	       accepted_shows(listener, &net_client_v4);
}

/*
 * A listener whose queue is half full forgets those that wait after some seconds.
 * Before 4.4 the first listen() says how long the queue is for good.
 */
static int roomy_listener(void)
{
	if (net_sysctl("net/core/somaxconn", "1024"))
		return -1;
	/* Older kernels have it in the first namespace only. */
	net_sysctl("net/ipv4/tcp_max_syn_backlog", "1024");
	return listener_open(LISTEN_V4, LISTEN_ROOMY, SERVER_PORT);
}

/*
 * The memory has 16384 places in sets of four: so many connections fill sets, and
 * would push out some of those that wait.
 */
static bool syn_wait_test(struct tun *tun, int listener)
{
	static struct flow waiting[WAITING];
	struct flow flow;
	bool ok = true;
	int waiting_now = 0, completed = 0, late = 0;

	while (ok && waiting_now < WAITING)
		ok = syn_begin(tun, &waiting[waiting_now]) && ++waiting_now;
	while (ok && completed < COMPLETED)
		ok = syn_begin(tun, &flow) && syn_complete(&flow, listener) &&
		     ++completed;
	while (ok && late < WAITING)
		ok = syn_complete(&waiting[late], listener) && ++late;
	if (!ok)
		printf("#   %d wait, %d completed, %d of those that waited\n",
		       waiting_now, completed, late);
	return ok;
}

/* Data completes the handshake; until then a bare ACK is dropped. */
static bool deferred_shows(struct flow *flow, int listener,
			   const struct address *addr)
{
	return !flow_send(flow, TH_ACK | TH_PSH, NULL, WORD) &&
	       accepted_shows(listener, addr);
}

static bool ack_counted_test(struct tun *tun, int listener)
{
	long kept = net_counter("ack_kept"), used = net_counter("ack_used");
	struct flow flow;
	bool ok;

	net_flow(tun, &flow, AF_INET, SERVER_PORT);
	ok = !flow_syn(&flow, NULL, NULL) &&
	     !flow_send(&flow, TH_ACK, OPT_V4, NULL) &&
	     net_counter("ack_kept") == kept + 1 &&
	     deferred_shows(&flow, listener, &net_client_v4) &&
	     net_counter("ack_used") == used + 1;
	return ok;
}

static bool ack_again_test(struct tun *tun, int listener)
{
	struct flow flow;
	bool ok;

	net_flow(tun, &flow, AF_INET, SERVER_PORT);
	ok = !flow_syn(&flow, NULL, NULL) &&
	     !flow_send(&flow, TH_ACK, OPT_V4_OTHER, NULL) &&
	     !flow_send(&flow, TH_ACK, OPT_V4, NULL) &&
	     deferred_shows(&flow, listener, &net_client_v4);
	return ok;
}

/* By somebody who has not seen the SYN-ACK. */
static bool ack_forged_test(struct tun *tun, int listener)
{
	long kept = net_counter("ack_kept");
	struct flow flow, forged;
	bool ok;

	net_flow(tun, &flow, AF_INET, SERVER_PORT);
	ok = !flow_syn(&flow, NULL, NULL);
	forged = flow;
	forged.ack += 1;
	ok = ok && !flow_send(&forged, TH_ACK, OPT_V4_OTHER, NULL) &&
	     deferred_shows(&flow, listener, &flow.local) &&
	     net_counter("ack_kept") == kept;
	return ok;
}

static bool ack_other_test(struct tun *tun, int listener)
{
	struct flow flow;
	bool ok;

	net_flow(tun, &flow, AF_INET, SERVER_PORT);
	ok = !flow_syn(&flow, NULL, NULL) &&
	     !flow_send(&flow, TH_ACK, OPT_V4, NULL) &&
	     !flow_send(&flow, TH_RST | TH_ACK, NULL, NULL);
	flow.seq += 1000000;
	ok = ok && !flow_syn(&flow, NULL, NULL) &&
	     !flow_send(&flow, TH_ACK, NULL, NULL) &&
	     deferred_shows(&flow, listener, &flow.local);
	return ok;
}

static bool ack_untrusted_test(struct tun *tun, int listener)
{
	struct flow flow;
	bool ok;

	net_flow(tun, &flow, AF_INET, SERVER_PORT);
	ok = !module_set("trust", "198.51.100.0/24") &&
	     !flow_syn(&flow, NULL, NULL) &&
	     !flow_send(&flow, TH_ACK, OPT_V4, NULL) &&
	     !module_set("trust", "") &&
	     deferred_shows(&flow, listener, &flow.local);
	return ok;
}

/* It is believed when the handshake completes, or not at all. */
static bool ack_distrusted_test(struct tun *tun, int listener)
{
	struct flow flow;
	bool ok;

	net_flow(tun, &flow, AF_INET, SERVER_PORT);
	ok = !flow_syn(&flow, NULL, NULL) &&
	     !flow_send(&flow, TH_ACK, OPT_V4, NULL) &&
	     !module_set("trust", "198.51.100.0/24") &&
	     deferred_shows(&flow, listener, &flow.local);
	module_set("trust", "");
	return ok;
}

/* What SYNs have named is not asked for any more, whoever asks for ACKs. */
static bool syn_off_test(struct tun *tun, int listener)
{
	struct flow flow;
	bool ok;

	net_flow(tun, &flow, AF_INET, SERVER_PORT);
	ok = !flow_syn(&flow, OPT_V4, NULL) && !module_set("syn", "0") &&
	     !flow_send(&flow, TH_ACK, NULL, NULL) &&
	     deferred_shows(&flow, listener, &flow.local);
	return ok;
}

/* An ACK proves more than a SYN: a flood of those takes each other's places. */
static bool ack_flood_test(struct tun *tun, int listener)
{
	long lost = net_counter("ack_lost");
	struct flow flow;
	bool ok;

	net_flow(tun, &flow, AF_INET, SERVER_PORT);
	ok = !flow_syn(&flow, NULL, NULL) &&
	     !flow_send(&flow, TH_ACK, OPT_V4, NULL) && !flood(tun) &&
	     deferred_shows(&flow, listener, &net_client_v4) &&
	     net_counter("ack_lost") == lost;
	return ok;
}

/**
 * struct early_test - one test
 * @name: what it shows
 * @open: opens the listener
 * @run: does it
 * @syn: with syn=1
 */
struct early_test {
	const char *name;
	int (*open)(void);
	bool (*run)(struct tun *tun, int listener);
	bool syn;
};

static const struct early_test tests[] = {
	{ "a SYN is sent again with another option",
	  .open = plain_listener, .run = syn_again_test,
	  .syn = true },
	{ "a SYN of another attempt from the same port",
	  .open = plain_listener, .run = syn_other_test,
	  .syn = true },
	{ "a SYN from a source that is not trusted",
	  .open = plain_listener, .run = syn_untrusted_test,
	  .syn = true },
	{ "100,000 SYNs",
	  .open = plain_listener, .run = syn_flood_test,
	  .syn = true },
	{ "SYNs that wait while others complete",
	  .open = roomy_listener, .run = syn_wait_test,
	  .syn = true },
	{ "a SYN that is asked no more",
	  .open = deferring_listener, .run = syn_off_test,
	  .syn = true },
	{ "a dropped ACK is remembered and counted",
	  .open = deferring_listener, .run = ack_counted_test },
	{ "a dropped ACK is sent again with another option",
	  .open = deferring_listener, .run = ack_again_test },
	{ "an ACK with a wrong number is not remembered",
	  .open = deferring_listener, .run = ack_forged_test },
	{ "a dropped ACK of another attempt from the same port",
	  .open = deferring_listener, .run = ack_other_test },
	{ "a dropped ACK from a source that is not trusted",
	  .open = deferring_listener, .run = ack_untrusted_test },
	{ "a dropped ACK from a source that is trusted no more",
	  .open = deferring_listener, .run = ack_distrusted_test },
	{ "a dropped ACK and 100,000 SYNs",
	  .open = deferring_listener, .run = ack_flood_test,
	  .syn = true },
};

static void test_run(struct tun *tun, const struct early_test *test)
{
	int listener;
	bool ok;

	if (!ktap_wanted(test->name))
		return;
	listener = test->open();
	ok = listener >= 0 && !module_set("syn", test->syn ? "1" : "0") &&
	     test->run(tun, listener);
	module_set("trust", "");
	module_set("syn", "0");
	if (listener >= 0)
		close(listener);
	ktap_result(ok, test->name);
}

void early_run(struct tun *tun, bool unused)
{
	size_t i;

	(void)unused;
	for (i = 0; i < ARRAY_SIZE(tests); i++)
		test_run(tun, &tests[i]);
}
