/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An address and a port from the command line, for sockets of either family
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Returns its length; ends the program when the text is no address. */
static inline socklen_t address_parse(union address *a, const char *text,
				      const char *port)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons(atoi(port));
		return sizeof(a->v4);
	}
	if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) != 1)
		errx(2, "%s: not an address", text);
	a->v6.sin6_family = AF_INET6;
	a->v6.sin6_port = htons(atoi(port));
	return sizeof(a->v6);
}

#endif /* ADDRESS_H */
