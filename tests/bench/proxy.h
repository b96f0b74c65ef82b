/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The other way to name a client: a PROXY header of version 2 before the data
 */
#ifndef PROXY_H
#define PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define PROXY_FIXED	16
#define PROXY_MAX	(PROXY_FIXED + 36)

size_t proxy_build(int family, uint8_t *header);
int proxy_read(int fd, struct sockaddr_storage *client);
bool proxy_is_client(const struct sockaddr_storage *client);

#endif /* PROXY_H */
