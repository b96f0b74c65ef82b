// SPDX-License-Identifier: GPL-2.0
/*
 * Many connections open at one time
 *
 * What one more takes of the memory, what the last ones cost to make and to ask,
 * and, when the module is loaded for it, how long it takes to unload it while they
 * are all there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "clock.h"
#include "ebpf.h"
#include "life.h"
#include "module.h"
#include "net.h"
#include "rows.h"
#include "server.h"

/* Ports of one of the balancer's addresses that are used; net.c has a few more. */
#define PER_ADDRESS	39000

static int files_allow(unsigned int count)
{
	const struct rlimit limit = { count + 100, count + 100 };
	char text[16];

	snprintf(text, sizeof(text), "%u", count + 100);
	if (count > 1000000)
		net_sysctl("fs/nr_open", text);
	net_sysctl("fs/file-max", text);
	return setrlimit(RLIMIT_NOFILE, &limit);
}

#define SHRINK	"for c in /sys/kernel/slab/*/shrink; do echo 1 >$c; done 2>/dev/null"
#define DROP	"echo 3 >/proc/sys/vm/drop_caches"

/* In bytes, when the kernel's caches have given back what they do not need. */
static double memory_free(void)
{
	char line[128];
	double kilobytes = 0;
	FILE *file;

	if (system(SHRINK ";" DROP))
		return 0;
	file = fopen("/proc/meminfo", "r");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemFree: %lf", &kilobytes) == 1)
			break;
	if (file)
		fclose(file);
	return kilobytes * 1024;
}

static unsigned int open_all(struct life *life, int *fds, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		rows_count(i + REPEATS >= count);
		life->place = i / PER_ADDRESS;
		if (life_open(life))
			break;
		fds[i] = life->fd;
	}
	return i;
}

static void ask_some(const int *fds, unsigned int count)
{
	struct sockaddr_storage ss;
	unsigned int i;

	for (i = 0; i < REPEATS; i++) {
		int fd = fds[i * 2654435761u % count];
		socklen_t len = sizeof(ss);
		uint64_t from = clock_now();

		getpeername(fd, (struct sockaddr *)&ss, &len);
		row_add(ROW_PEER, clock_since(from));
	}
}

static void print_memory(const struct order *order, double bytes)
{
	row_print(order->variant, family_name(order->family), "client",
		  "memory", bytes / order->count);
}

/* With all of them open. */
static int unload(const struct order *order, const char *variant)
{
	uint64_t from = clock_now();
	int err = module_unload();

	if (!err)
		row_print(variant, family_name(order->family), "client",
			  "rmmod ms", clock_since(from) / 1e6);
	errno = err;
	return err;
}

static bool many_measure(const struct order *order, struct life *life,
			 int *fds)
{
	char variant[64];
	unsigned int made, i;
	double before;
	bool ok;

	/* Their number is part of the name of the column. */
	snprintf(variant, sizeof(variant), "%s %u", order->variant,
		 order->count);
	before = memory_free();
	rows_reset();
	made = open_all(life, fds, order->count);
	ok = made == order->count;
	if (ok) {
		print_memory(order, before - memory_free());
		/* What the first connections cost is no median. */
		if (made < REPEATS)
			rows_reset();
		ask_some(fds, made);
		rows_print(variant, family_name(order->family), "client");
	} else {
		printf("#   connection %u: %s\n", made, strerror(errno));
	}
	if (order->parameters && unload(order, variant))
		ok = false;
	for (i = 0; i < made; i++)
		socket_kill(fds[i]);
	return ok;
}

static int many_begin(const struct order *order, struct life *life,
		      struct tun *tun)
{
	if (files_allow(order->count) || net_open(tun))
		return -1;
	life->tun = tun;
	life->family = order->family;
	if (life_listen(life) || life_warm(life))
		return -1;
	if (order->parameters) {
		errno = module_load(order->parameters);
		if (errno)
			return -1;
	}
	if (order->bpf && ebpf_start())
		return -1;
	life->on_ack = family_option(order->family);
	if (order->shows)
		life->shown = order->family == AF_INET ? &net_client_v4 :
							 &net_client_v6;
	return 0;
}

int many_run(const struct order *order)
{
	struct life life = {};
	struct tun tun;
	char what[64];
	int *fds;
	bool ok;

	fds = calloc(order->count + REPEATS, sizeof(*fds));
	snprintf(what, sizeof(what), "%u connections at a time", order->count);
	/* Written once: its pages are not the connections'. */
	if (fds)
		memset(fds, 0xff, (order->count + REPEATS) * sizeof(*fds));
	ok = fds && !many_begin(order, &life, &tun) &&
	     many_measure(order, &life, fds);
	say_result(order, what, ok);
	if (order->bpf)
		ebpf_stop();
	free(fds);
	return 0;
}
