// SPDX-License-Identifier: GPL-2.0
/*
 * The traffic tool: makes connections and looks at what they show
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cases.h"
#include "ktap.h"
#include "net.h"

static void lone_run(struct tun *tun, bool loaded)
{
	handshakes_run(tun, loaded);
	sockets_run(tun, loaded);
	lives_run(tun, loaded);
	mptcp_run(tun, loaded);
	neighbours_run(tun, loaded);
}

/**
 * struct group - tests that are asked for together
 * @name: on the command line
 * @run: runs them and prints their results
 * @flag: for @run
 * @what: for the usage
 */
struct group {
	const char *name;
	void (*run)(struct tun *tun, bool flag);
	bool flag;
	const char *what;
};

static const struct group groups[] = {
	{ "handshakes", handshakes_run, true,
	  "every kind of listener, handshake and option" },
	{ "sockets", sockets_run, true,
	  "sockets that must not change, and every way to ask" },
	{ "lives", lives_run, true,
	  "sockets that are reset, disconnected, used again" },
	{ "mptcp", mptcp_run, true,
	  "MPTCP connections that outlive their first subflow" },
	{ "neighbours", neighbours_run, true,
	  "what else lives on the same sockets: kTLS, BPF, KCM, SMC" },
	{ "balancer", lone_run, false,
	  "these five without the module" },
	{ "passages", passages_run, true,
	  "a few connections through every hooked function" },
	{ "contend", contend_run, false,
	  "64 threads ask a locked socket for its peer" },
	{ "unload", contend_run, true,
	  "the same, and rmmod toa while they sleep" },
	{ "race", race_run, true,
	  "two CPUs complete one handshake" },
	{ "capacity", capacity_run, true,
	  "more connections than max_clients=100" },
	{ "trust", trust_run, true,
	  "who may speak: trust, ports, kinds, enable" },
	{ "early", early_run, true,
	  "clients named before the handshake completes: SYNs, ACKs that are dropped" },
	{ "hostile", hostile_run, true,
	  "SEGMENTS hostile segments (200000) while good connections go on" },
	{ "reloads", reloads_run, true,
	  "connections that outlive the module" },
	{ "storm", storm_run, true,
	  "insmod and rmmod under load, ROUNDS times (10)" },
	{ "services", services_run, true,
	  "services in the kernel, as far as they are set up" },
	{ "conns", conns_run, true,
	  "/proc/net/toa_conns: the connections that have a client" },
	{ "reasons", reasons_run, true,
	  "what the counters and the tracepoints say" },
};

static void usage(void)
{
	size_t i;

	fputs("Usage: toatest [-m PART] [-p PREFIX] GROUP\n"
	      "Prints one result a line. The status says only whether all of them ran.\n"
	      "  -m PART     only tests that have it in their name\n"
	      "  -p PREFIX   before each test's name\n"
	      "GROUP is\n", stderr);
	for (i = 0; i < ARRAY_SIZE(groups); i++)
		fprintf(stderr, "  %-11s %s\n", groups[i].name, groups[i].what);
}

static const struct group *group_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(groups); i++)
		if (!strcmp(groups[i].name, name))
			return &groups[i];
	return NULL;
}

int main(int argc, char **argv)
{
	const struct group *group = NULL;
	struct tun tun;
	int opt;

	while ((opt = getopt(argc, argv, "m:p:")) != -1) {
		if (opt == 'm')
			ktap_only(optarg);
		else if (opt == 'p')
			ktap_prefix(optarg);
		else
			break;
	}
	if (opt == -1 && optind == argc - 1)
		group = group_find(argv[optind]);
	if (!group) {
		usage();
		return 2;
	}
	if (net_open(&tun)) {
		perror("toatest: cannot make the TUN device");
		return 2;
	}
	group->run(&tun, group->flag);
	return 0;
}
