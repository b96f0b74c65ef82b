// SPDX-License-Identifier: GPL-2.0
/*
 * The small net in which all tests play
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"

#define PORT_FIRST	20000
#define PORT_LAST	60000

const struct address net_server_v4 = { AF_INET, { 192, 0, 2, 1 }, 0 };
const struct address net_balancer_v4 = { AF_INET, { 192, 0, 2, 2 }, 0 };
const struct address net_client_v4 = { AF_INET, { 203, 0, 113, 7 }, 12345 };

const struct address net_server_v6 = {
	AF_INET6, { 0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 1 }, 0
};

const struct address net_balancer_v6 = {
	AF_INET6, { 0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 2 }, 0
};

const struct address net_client_v6 = {
	AF_INET6, { 0x20, 0x01, 0x0d, 0xb8, 0, 0x0c, [15] = 7 }, 12345
};

int net_open(struct tun *tun)
{
	return tun_open(tun, "toa0", &net_server_v4, &net_server_v6);
}

/*
 * A port that no earlier connection used, not even one of an earlier process:
 * a reused pair of ports meets a challenge ACK instead of a SYN-ACK.
 */
static uint16_t fresh_port(void)
{
	static unsigned int next;

	if (!next)
		next = PORT_FIRST + getpid() * 331u % (PORT_LAST - PORT_FIRST);
	if (++next > PORT_LAST)
		next = PORT_FIRST;
	return next;
}

void net_flow(struct tun *tun, struct flow *flow, int family,
	      uint16_t server_port)
{
	flow->tun = tun;
	flow->local = family == AF_INET ? net_balancer_v4 : net_balancer_v6;
	flow->remote = family == AF_INET ? net_server_v4 : net_server_v6;
	flow->local.port = fresh_port();
	flow->remote.port = server_port;
	flow->seq = 0x1000 * flow->local.port;
	flow->ack = 0;
}

int net_sysctl(const char *path, const char *value)
{
	char full[128];
	ssize_t len = strlen(value);
	int fd, err;

	snprintf(full, sizeof(full), "/proc/sys/%s", path);
	fd = open(full, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	err = write(fd, value, len) == len ? 0 : -1;
	close(fd);
	return err;
}

/* One of /proc/net/toa_counters; -1 when there is none of that name. */
long net_counter(const char *name)
{
	FILE *file = fopen("/proc/net/toa_counters", "r");
	long value, found = -1;
	char have[64];

	if (!file)
		return -1;
	while (found < 0 && fscanf(file, "%63s %ld", have, &value) == 2)
		if (!strcmp(have, name))
			found = value;
	fclose(file);
	return found;
}
