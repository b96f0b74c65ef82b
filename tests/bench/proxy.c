// SPDX-License-Identifier: GPL-2.0
/*
 * PROXY version 2, as a small server would read it
 */
#include <netinet/in.h>
#include <string.h>

#include "net.h"
#include "proxy.h"

#define PROXY_COMMAND	0x21	/* version 2, PROXY */
#define PROXY_TCP4	0x11
#define PROXY_TCP6	0x21
#define PROXY_LEN4	12
#define PROXY_LEN6	36

static const uint8_t signature[12] = "\r\n\r\n\0\r\nQUIT\n";

static const struct address *client_of(int family)
{
	return family == AF_INET ? &net_client_v4 : &net_client_v6;
}

static void put16(uint8_t *p, uint16_t value)
{
	p[0] = value >> 8;
	p[1] = value;
}

/* The balancer's part; returns the length. */
size_t proxy_build(int family, uint8_t *header)
{
	size_t size = family == AF_INET ? 4 : 16, len = 2 * size + 4;
	uint8_t *p = header + PROXY_FIXED;

	memset(header, 0, PROXY_MAX);
	memcpy(header, signature, sizeof(signature));
	header[12] = PROXY_COMMAND;
	header[13] = family == AF_INET ? PROXY_TCP4 : PROXY_TCP6;
	put16(header + 14, len);
	memcpy(p, client_of(family)->bytes, size);
	put16(p + 2 * size, client_of(family)->port);
	return PROXY_FIXED + len;
}

static int proxy_address(const uint8_t *header, struct sockaddr_storage *client)
{
	struct sockaddr_in *sin = (void *)client;
	struct sockaddr_in6 *sin6 = (void *)client;
	const uint8_t *p = header + PROXY_FIXED;
	unsigned int len = header[14] << 8 | header[15];

	if (header[13] == PROXY_TCP4 && len >= PROXY_LEN4) {
		sin->sin_family = AF_INET;
		memcpy(&sin->sin_addr, p, 4);
		memcpy(&sin->sin_port, p + 8, 2);
		return 0;
	}
	if (header[13] == PROXY_TCP6 && len >= PROXY_LEN6) {
		sin6->sin6_family = AF_INET6;
		memcpy(&sin6->sin6_addr, p, 16);
		memcpy(&sin6->sin6_port, p + 32, 2);
		return 0;
	}
	return -1;
}

/* The fixed part says how long the rest is, so two reads, and data stays unread. */
int proxy_read(int fd, struct sockaddr_storage *client)
{
	uint8_t header[PROXY_MAX];
	size_t len;

	if (recv(fd, header, PROXY_FIXED, MSG_WAITALL) != PROXY_FIXED ||
	    memcmp(header, signature, sizeof(signature)) ||
	    header[12] != PROXY_COMMAND)
		return -1;
	len = header[14] << 8 | header[15];
	if (len > PROXY_MAX - PROXY_FIXED ||
	    recv(fd, header + PROXY_FIXED, len, MSG_WAITALL) != (ssize_t)len)
		return -1;
	return proxy_address(header, client);
}

bool proxy_is_client(const struct sockaddr_storage *client)
{
	const struct sockaddr_in *sin = (const void *)client;
	const struct sockaddr_in6 *sin6 = (const void *)client;
	const struct address *want = client_of(client->ss_family);

	if (client->ss_family == AF_INET)
		return !memcmp(&sin->sin_addr, want->bytes, 4) &&
		       ntohs(sin->sin_port) == want->port;
	return !memcmp(&sin6->sin6_addr, want->bytes, 16) &&
	       ntohs(sin6->sin6_port) == want->port;
}
