// SPDX-License-Identifier: GPL-2.0
/*
 * The measuring program: rows of costs, and whether each could be measured
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "clock.h"
#include "net.h"

const char *family_name(int family)
{
	return family == AF_INET ? "IPv4" : "IPv6";
}

const char *family_option(int family)
{
	return family == AF_INET ? OPT_V4 : OPT_V6;
}

void say_result(const struct order *order, const char *what, bool ok)
{
	if (!ok)
		printf("#   errno: %s\n", strerror(errno));
	printf("%sok - %s, %s: %s\n", ok ? "" : "not ", order->variant,
	       family_name(order->family), what);
}

static const struct {
	const char *name;
	int (*run)(const struct order *order);
	const char *what;
} jobs[] = {
	{ "cost", cost_run, "each step of a connection's life" },
	{ "many", many_run, "COUNT connections at a time: memory, and what each costs then" },
	{ "load", load_run, "insmod and rmmod, COUNT times" },
	{ "flood", flood_run, "COUNT SYNs that are never completed" },
};

static int usage(void)
{
	size_t i;

	fputs("Usage: bench [-n] [-c] [-s] [-b] [-p] [-N COUNT] [-l PARAMETERS] JOB VARIANT 4|6\n"
	      "Prints rows (# cost, variant, family, client, row, value) and results.\n"
	      "  -n             nanoseconds; without it instructions (QEMU's -icount shift=0)\n"
	      "  -c             the client must be shown where an option names one\n"
	      "  -s             the option is on the SYN\n"
	      "  -b             with eBPF programs that read the option\n"
	      "  -p             with a PROXY header instead of an option\n"
	      "  -N COUNT       how many\n"
	      "  -l PARAMETERS  load the module before, and unload it at the end\n"
	      "JOB is\n", stderr);
	for (i = 0; i < ARRAY_SIZE(jobs); i++)
		fprintf(stderr, "  %-14s %s\n", jobs[i].name, jobs[i].what);
	return 2;
}

static int job_run(const char *name, const struct order *order)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(jobs); i++)
		if (!strcmp(name, jobs[i].name))
			return jobs[i].run(order) ? 1 : 0;
	return usage();
}

int main(int argc, char **argv)
{
	struct order order = { .count = 1000 };
	bool nanoseconds = false;
	int opt;

	while ((opt = getopt(argc, argv, "ncsbpN:l:")) != -1) {
		switch (opt) {
		case 'n':
			nanoseconds = true;
			break;
		case 'c':
			order.shows = true;
			break;
		case 's':
			order.on_syn = true;
			break;
		case 'b':
			order.bpf = true;
			break;
		case 'p':
			order.proxy = true;
			break;
		case 'N':
			order.count = atoi(optarg);
			break;
		case 'l':
			order.parameters = optarg;
			break;
		default:
			return usage();
		}
	}
	if (argc - optind != 3)
		return usage();
	order.variant = argv[optind + 1];
	order.family = *argv[optind + 2] == '6' ? AF_INET6 : AF_INET;
	clock_init(nanoseconds);
	return job_run(argv[optind], &order);
}
