// SPDX-License-Identifier: GPL-2.0
/*
 * A thread that holds a socket's lock for as long as we like
 *
 * It asks for a congestion control that the kernel has not: setsockopt() takes the
 * socket's lock and waits, with it, for modprobe, which is our own script (loader)
 * and waits in turn. On kernels whose getname() takes that lock whoever asks for
 * the peer goes to sleep in it. Nothing of the socket changes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "holder.h"
#include "text.h"

#define MODPROBE	"/proc/sys/kernel/modprobe"
#define LOADER		"/toa/bin/loader"
#define ALGORITHM	"toa_holder"
/* loader knows these two. */
#define ASKED		"/run/toa-asked"
#define END		"/run/toa-end"

/* A kernel without modules asks for none. */
bool holder_possible(void)
{
	return !access(MODPROBE, W_OK);
}

static void *holder_main(void *arg)
{
	struct holder *holder = arg;

	setsockopt(holder->fd, IPPROTO_TCP, TCP_CONGESTION, ALGORITHM,
		   strlen(ALGORITHM));
	eventfd_write(holder->back, 1);
	return NULL;
}

static int fifos_make(void)
{
	if (mkfifo(ASKED, 0600) && errno != EEXIST)
		return -1;
	if (mkfifo(END, 0600) && errno != EEXIST)
		return -1;
	return text_write(MODPROBE, LOADER, strlen(LOADER)) ? -1 : 0;
}

/* The loader waits, or the thread is back already: true and false. */
static bool holder_waits(struct holder *holder)
{
	struct pollfd pfds[] = {
		{ .fd = holder->asked, .events = POLLIN },
		{ .fd = holder->back, .events = POLLIN },
	};

	while (poll(pfds, 2, -1) < 0)
		if (errno != EINTR)
			return false;
	return pfds[0].revents & POLLIN;
}

static void holder_close(struct holder *holder)
{
	pthread_join(holder->thread, NULL);
	close(holder->asked);
	close(holder->back);
}

/*
 * Returns once the thread has the socket's lock and waits; -1 when it does not,
 * and then nothing is left to end.
 */
int holder_start(struct holder *holder, int fd)
{
	if (fifos_make())
		return -1;
	holder->fd = fd;
	holder->back = eventfd(0, EFD_CLOEXEC);
	holder->asked = open(ASKED, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (holder->back < 0 || holder->asked < 0 ||
	    pthread_create(&holder->thread, NULL, holder_main, holder))
		return -1;
	if (holder_waits(holder))
		return 0;
	holder_close(holder);
	return -1;
}

void holder_end(struct holder *holder)
{
	/* The loader reads until we close; open() waits until it does read. */
	close(open(END, O_WRONLY | O_CLOEXEC));
	holder_close(holder);
}
