// SPDX-License-Identifier: GPL-2.0
/*
 * Many threads ask for the peer of a socket that somebody holds
 *
 * The holder sends from a page that is not there: tcp_sendmsg() takes the
 * socket's lock, faults while it copies, and userfaultfd keeps it waiting for as
 * long as we like. On kernels whose getname() takes that lock every thread that
 * asks goes to sleep in it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cases.h"
#include "connection.h"
#include "ktap.h"
#include "net.h"
#include "server.h"

#define THREADS		64
#define PAGE		4096
#define DEADLINE_MS	20000

/* A page whose first reader sleeps until page_fill(). */
struct lazy_page {
	int uffd;
	char *addr;
};

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

static int page_open(struct lazy_page *page)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range.len	= PAGE,
		.mode		= UFFDIO_REGISTER_MODE_MISSING,
	};

	page->uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (page->uffd < 0 || ioctl(page->uffd, UFFDIO_API, &api))
		return -1;
	page->addr = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page->addr == MAP_FAILED)
		return -1;
	reg.range.start = (uintptr_t)page->addr;
	return ioctl(page->uffd, UFFDIO_REGISTER, &reg);
}

/* Returns once a thread sleeps on the page. */
static int page_wait(struct lazy_page *page)
{
	struct uffd_msg msg;

	return read(page->uffd, &msg, sizeof(msg)) == sizeof(msg) ? 0 : -1;
}

static int page_fill(struct lazy_page *page)
{
	struct uffdio_zeropage zero = {
		.range	= { .start = (uintptr_t)page->addr, .len = PAGE },
	};

	return ioctl(page->uffd, UFFDIO_ZEROPAGE, &zero);
}

static void page_close(struct lazy_page *page)
{
	munmap(page->addr, PAGE);
	close(page->uffd);
}

struct holder {
	pthread_t thread;
	int fd;
	struct lazy_page page;
};

static void *holder_main(void *arg)
{
	struct holder *holder = arg;

	send(holder->fd, holder->page.addr, 16, MSG_NOSIGNAL);
	return NULL;
}

static int holder_start(struct holder *holder, int fd)
{
	holder->fd = fd;
	if (page_open(&holder->page) ||
	    pthread_create(&holder->thread, NULL, holder_main, holder))
		return -1;
	return page_wait(&holder->page);
}

static void holder_end(struct holder *holder)
{
	page_fill(&holder->page);
	pthread_join(holder->thread, NULL);
	page_close(&holder->page);
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

static void *unload_main(void *arg)
{
	int *err = arg;

	*err = syscall(SYS_delete_module, "toa", O_NONBLOCK) ? errno : 0;
	return NULL;
}

/* "Unloading" in /proc/modules, or gone: delete_module() is under way. */
static bool module_is_going(void)
{
	FILE *file = fopen("/proc/modules", "r");
	char line[512];
	bool going = true;

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, "toa ", 4))
			going = strstr(line, "Unloading");
	if (file)
		fclose(file);
	return going;
}

static int unload_start(pthread_t *thread, int *err)
{
	int waited;

	if (pthread_create(thread, NULL, unload_main, err))
		return -1;
	for (waited = 0; waited < DEADLINE_MS; waited += 5) {
		if (module_is_going())
			return 0;
		pause_briefly();
	}
	return -1;
}

/*
 * With unload: rmmod begins while the threads sleep, and the lock is let go only
 * after it has begun. Every thread has the client all the same.
 */
static bool contend(int fd, bool unload, const char *name)
{
	static struct asker askers[THREADS];
	struct holder holder;
	pthread_t unloader;
	int asleep, err = 0;
	bool ok;

	if (holder_start(&holder, fd)) {
		printf("#   userfaultfd: %s\n", strerror(errno));
		return false;
	}
	asleep = askers_start(askers, fd);
	printf("#   %s: %d of %d threads sleep in getpeername()\n", name,
	       asleep, THREADS);
	ok = asleep >= 0 && (!unload || !unload_start(&unloader, &err));
	holder_end(&holder);
	ok &= askers_end(askers, &net_client_v4);
	if (unload) {
		pthread_join(unloader, NULL);
		if (err)
			printf("#   rmmod: %s\n", strerror(err));
	}
	return ok && !err;
}

void contend_run(struct tun *tun, bool unload)
{
	const char *name = unload ?
		"rmmod while 64 threads ask a locked socket" :
		"64 threads ask a locked socket";
	struct flow flow;
	int fd = connection_open(tun, &flow, OPT_V4, NULL);

	ktap_result(fd >= 0 && contend(fd, unload, name), name);
	if (fd >= 0)
		socket_kill(fd);
}
