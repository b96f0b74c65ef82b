// SPDX-License-Identifier: GPL-2.0
/*
 * Many threads ask for the peer of a socket that somebody holds
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cases.h"
#include "connection.h"
#include "holder.h"
#include "ktap.h"
#include "module.h"
#include "net.h"
#include "server.h"

#define THREADS		64
#define DEADLINE_MS	20000
#define UNLOAD_MS	5000

struct asker {
	pthread_t thread;
	int fd;
	atomic_int tid;
	atomic_bool done;
	struct name name;
};

static void pause_briefly(void)
{
	const struct timespec ts = { .tv_nsec = 5 * 1000 * 1000 };

	nanosleep(&ts, NULL);
}

static void *asker_main(void *arg)
{
	struct asker *asker = arg;

	name_reset(&asker->name);
	asker->tid = syscall(SYS_gettid);
	if (getpeername(asker->fd, (struct sockaddr *)&asker->name.u,
			&asker->name.len))
		asker->name.err = errno;
	asker->done = true;
	return NULL;
}

/* In the state "D": uninterruptible, as lock_sock() sleeps. */
static bool thread_sleeps(int tid)
{
	char path[64], line[256] = "";
	const char *state;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	state = strrchr(line, ')');
	return state && state[1] == ' ' && state[2] == 'D';
}

/* Until each thread has its answer or sleeps in the kernel. */
static int askers_settle(struct asker *askers)
{
	int waited, i, asleep = 0;

	for (i = 0; i < THREADS; i++) {
		for (waited = 0; waited < DEADLINE_MS; waited += 5) {
			if (askers[i].done ||
			    (askers[i].tid && thread_sleeps(askers[i].tid)))
				break;
			pause_briefly();
		}
		if (waited >= DEADLINE_MS)
			return -1;
	}
	for (i = 0; i < THREADS; i++)
		asleep += !askers[i].done;
	return asleep;
}

static int askers_start(struct asker *askers, int fd)
{
	int i;

	memset(askers, 0, THREADS * sizeof(*askers));
	for (i = 0; i < THREADS; i++) {
		askers[i].fd = fd;
		if (pthread_create(&askers[i].thread, NULL, asker_main,
				   &askers[i]))
			return -1;
	}
	return askers_settle(askers);
}

static bool askers_end(struct asker *askers, const struct address *addr)
{
	struct name want;
	int i, wrong = 0;

	name_expect(&want, AF_INET, addr);
	for (i = 0; i < THREADS; i++) {
		pthread_join(askers[i].thread, NULL);
		if (name_equal(&askers[i].name, &want))
			continue;
		if (!wrong++)
			name_print("getpeername", &askers[i].name);
	}
	if (wrong)
		printf("#   %d of %d wrong\n", wrong, THREADS);
	return !wrong;
}

/* rmmod in a thread of its own: it waits for those who sleep. */
struct unloader {
	pthread_t thread;
	atomic_bool done;
	int err;
};

static void *unloader_main(void *arg)
{
	struct unloader *unloader = arg;

	unloader->err = module_unload();
	unloader->done = true;
	return NULL;
}

/*
 * Until rmmod has ended, or has had the time that it takes when it does not
 * wait for anybody. Only then may the sleepers wake: woken earlier, they would
 * not notice that nobody waited for them.
 */
static int unloader_start(struct unloader *unloader)
{
	int waited;

	unloader->done = false;
	if (pthread_create(&unloader->thread, NULL, unloader_main, unloader))
		return -1;
	for (waited = 0; !unloader->done && waited < UNLOAD_MS; waited += 5)
		pause_briefly();
	return module_is_going() ? 0 : -1;
}

/*
 * With unload: rmmod comes while the threads sleep. Every one has the client all
 * the same.
 */
static bool contend(int fd, bool unload, const char *name)
{
	static struct asker askers[THREADS];
	struct holder holder;
	struct unloader unloader = { .err = 0 };
	int asleep;
	bool ok;

	if (holder_start(&holder, fd)) {
		printf("#   userfaultfd: %s\n", strerror(errno));
		return false;
	}
	asleep = askers_start(askers, fd);
	printf("#   %s: %d of %d threads sleep in getpeername()\n", name,
	       asleep, THREADS);
	ok = asleep >= 0 && (!unload || !unloader_start(&unloader));
	holder_end(&holder);
	ok &= askers_end(askers, &net_client_v4);
	if (unload) {
		pthread_join(unloader.thread, NULL);
		if (unloader.err)
			printf("#   rmmod: %s\n", strerror(unloader.err));
	}
	return ok && !unloader.err;
}

void contend_run(struct tun *tun, bool unload)
{
	const char *name = unload ?
		"rmmod while 64 threads ask a locked socket" :
		"64 threads ask a locked socket";
	struct flow flow;
	int fd;

	if (!holder_possible()) {
		ktap_skip(name, "no userfaultfd in this kernel");
		/* What follows expects the module gone. */
		ktap_result(!unload || !module_unload(), "rmmod");
		return;
	}
	fd = connection_open(tun, &flow, OPT_V4, NULL);
	ktap_result(fd >= 0 && contend(fd, unload, name), name);
	if (fd >= 0)
		socket_kill(fd);
}
