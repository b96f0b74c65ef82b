/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A thread that holds a socket's lock for as long as we like
 */
#ifndef HOLDER_H
#define HOLDER_H

#include <pthread.h>
#include <stdbool.h>

/**
 * struct holder - the thread, and the page that keeps it waiting
 * @thread: sends from the page
 * @fd: the socket
 * @uffd: userfaultfd of the page
 * @sent: eventfd: the thread has come back
 * @page: not there until holder_end()
 */
struct holder {
	pthread_t thread;
	int fd;
	int uffd;
	int sent;
	char *page;
};

bool holder_possible(void);
int holder_start(struct holder *holder, int fd);
void holder_end(struct holder *holder);

#endif /* HOLDER_H */
