/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A thread that holds a socket's lock for as long as we like
 */
#ifndef HOLDER_H
#define HOLDER_H

#include <pthread.h>
#include <stdbool.h>

/**
 * struct holder - the thread, and how we hear of it; one at a time
 * @thread: asks for a congestion control that nobody has
 * @fd: the socket
 * @asked: FIFO: the kernel has asked for its module
 * @back: eventfd: the thread has come back
 */
struct holder {
	pthread_t thread;
	int fd;
	int asked;
	int back;
};

bool holder_possible(void);
int holder_start(struct holder *holder, int fd);
void holder_end(struct holder *holder);

#endif /* HOLDER_H */
