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

static const char usage[] =
"Usage: toatest [-m PART] [-p PREFIX] GROUP\n"
"Prints one result a line. The status says only whether all of them ran.\n"
"  -m PART     only tests that have it in their name\n"
"  -p PREFIX   before each test's name\n"
"GROUP is\n"
"  handshakes  every kind of listener, handshake and option\n"
"  sockets     sockets that must not change, and every way to ask\n"
"  lives       sockets that are reset, disconnected, used again\n"
"  neighbours  what else lives on the same sockets: kTLS, BPF, KCM, SMC\n"
"  contend     64 threads ask a locked socket for its peer\n"
"  unload      the same, and rmmod toa while they sleep\n"
"  balancer    handshakes, sockets, lives and neighbours without the module\n";

static void balancer_run(struct tun *tun)
{
	handshakes_run(tun, false);
	sockets_run(tun, false);
	lives_run(tun, false);
	neighbours_run(tun, false);
}

static int group_run(struct tun *tun, const char *group)
{
	if (!strcmp(group, "handshakes"))
		handshakes_run(tun, true);
	else if (!strcmp(group, "sockets"))
		sockets_run(tun, true);
	else if (!strcmp(group, "lives"))
		lives_run(tun, true);
	else if (!strcmp(group, "neighbours"))
		neighbours_run(tun, true);
	else if (!strcmp(group, "contend"))
		contend_run(tun, false);
	else if (!strcmp(group, "unload"))
		contend_run(tun, true);
	else if (!strcmp(group, "balancer"))
		balancer_run(tun);
	else
		return -1;
	return 0;
}

int main(int argc, char **argv)
{
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
	if (opt != -1 || optind != argc - 1) {
		fputs(usage, stderr);
		return 2;
	}
	if (net_open(&tun)) {
		perror("toatest: cannot make the TUN device");
		return 2;
	}
	if (group_run(&tun, argv[optind])) {
		fprintf(stderr, "toatest: no group %s\n%s", argv[optind],
			usage);
		return 2;
	}
	return 0;
}
