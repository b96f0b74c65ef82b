// SPDX-License-Identifier: GPL-2.0
/*
 * A thread that holds a socket's lock for as long as we like
 *
 * It sends from a page that is not there: tcp_sendmsg() takes the socket's lock,
 * faults while it copies, and userfaultfd keeps it waiting until the page is
 * filled. On kernels whose getname() takes that lock whoever asks for the peer
 * goes to sleep in it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "holder.h"

#define PAGE	4096

/* userfaultfd came with 4.3, and a configuration may lack it. */
bool holder_possible(void)
{
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return errno != ENOSYS;
	close(fd);
	return true;
}

static int page_register(struct holder *holder)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range.start	= (uintptr_t)holder->page,
		.range.len	= PAGE,
		.mode		= UFFDIO_REGISTER_MODE_MISSING,
	};

	return ioctl(holder->uffd, UFFDIO_API, &api) ||
	       ioctl(holder->uffd, UFFDIO_REGISTER, &reg) ? -1 : 0;
}

/* -1, and nothing is left open: this kernel has none. */
static int page_open(struct holder *holder)
{
	/* A userfaultfd that blocks cannot be polled. */
	holder->uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (holder->uffd < 0)
		return -1;
	holder->page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (holder->page == MAP_FAILED)
		goto close_uffd;
	if (!page_register(holder))
		return 0;
	munmap(holder->page, PAGE);
close_uffd:
	close(holder->uffd);
	return -1;
}

static void page_close(struct holder *holder)
{
	munmap(holder->page, PAGE);
	close(holder->uffd);
}

static void *holder_main(void *arg)
{
	struct holder *holder = arg;

	send(holder->fd, holder->page, 16, MSG_NOSIGNAL);
	eventfd_write(holder->sent, 1);
	return NULL;
}

static int holder_wait(struct holder *holder)
{
	struct pollfd pfds[] = {
		{ .fd = holder->uffd, .events = POLLIN },
		{ .fd = holder->sent, .events = POLLIN },
	};
	struct uffd_msg msg;

	while (poll(pfds, 2, -1) < 0)
		if (errno != EINTR)
			return -1;
	if (!(pfds[0].revents & POLLIN))
		return -1;
	return read(holder->uffd, &msg, sizeof(msg)) == sizeof(msg) ? 0 : -1;
}

/*
 * Returns once the thread sleeps on the page, with the socket's lock; -1 when it
 * does not, because the connection is closed, and then nothing is left to end.
 */
int holder_start(struct holder *holder, int fd)
{
	holder->fd = fd;
	holder->sent = eventfd(0, EFD_CLOEXEC);
	if (holder->sent < 0)
		return -1;
	if (page_open(holder))
		goto close_sent;
	if (pthread_create(&holder->thread, NULL, holder_main, holder))
		goto close_page;
	if (!holder_wait(holder))
		return 0;
	holder_end(holder);
	return -1;

close_page:
	page_close(holder);
close_sent:
	close(holder->sent);
	return -1;
}

void holder_end(struct holder *holder)
{
	struct uffdio_zeropage zero = {
		.range	= { .start = (uintptr_t)holder->page, .len = PAGE },
	};

	ioctl(holder->uffd, UFFDIO_ZEROPAGE, &zero);
	pthread_join(holder->thread, NULL);
	page_close(holder);
	close(holder->sent);
}
