// SPDX-License-Identifier: GPL-2.0
/*
 * The wire between the kernel under test and this program
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tun.h"

#define PREFIX_V4	24
#define PREFIX_V6	64

/* linux/ipv6.h has it, and clashes with netinet/in.h. */
struct in6_ifreq {
	struct in6_addr addr;
	uint32_t prefixlen;
	int ifindex;
};

static int interface_up(int fd, struct ifreq *ifr)
{
	if (ioctl(fd, SIOCGIFFLAGS, ifr))
		return -1;
	ifr->ifr_flags |= IFF_UP | IFF_RUNNING;
	return ioctl(fd, SIOCSIFFLAGS, ifr);
}

static int interface_set_v4(struct ifreq *ifr, const struct address *addr)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)&ifr->ifr_addr;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int err;

	if (fd < 0)
		return -1;
	memset(sin, 0, sizeof(*sin));
	sin->sin_family = AF_INET;
	memcpy(&sin->sin_addr, addr->bytes, 4);
	err = ioctl(fd, SIOCSIFADDR, ifr);
	sin->sin_addr.s_addr = htonl(~0u << (32 - PREFIX_V4));
	err = err ?: ioctl(fd, SIOCSIFNETMASK, ifr);
	err = err ?: interface_up(fd, ifr);
	close(fd);
	return err;
}

static int interface_set_v6(struct ifreq *ifr, const struct address *addr)
{
	struct in6_ifreq ifr6 = { .prefixlen = PREFIX_V6 };
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	int err;

	if (fd < 0)
		return -1;
	memcpy(&ifr6.addr, addr->bytes, 16);
	err = ioctl(fd, SIOCGIFINDEX, ifr);
	ifr6.ifindex = ifr->ifr_ifindex;
	err = err ?: ioctl(fd, SIOCSIFADDR, &ifr6);
	close(fd);
	return err;
}

static int tun_attach(struct tun *tun, struct ifreq *ifr, const char *name)
{
	memset(ifr, 0, sizeof(*ifr));
	ifr->ifr_flags = IFF_TUN | IFF_NO_PI;
	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", name);
	tun->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tun->fd < 0)
		return -1;
	if (!ioctl(tun->fd, TUNSETIFF, ifr))
		return 0;
	close(tun->fd);
	return -1;
}

/*
 * The device has the server's addresses; what is routed into it comes to us. A kernel
 * without IPv6 has none of that family.
 */
int tun_open(struct tun *tun, const char *name, const struct address *v4,
	     const struct address *v6)
{
	struct ifreq ifr;

	if (tun_attach(tun, &ifr, name))
		return -1;
	if (interface_set_v4(&ifr, v4) ||
	    (interface_set_v6(&ifr, v6) && errno != EAFNOSUPPORT)) {
		close(tun->fd);
		return -1;
	}
	return 0;
}

static int interface_set_up(struct ifreq *ifr)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int err;

	if (fd < 0)
		return -1;
	err = interface_up(fd, ifr);
	close(fd);
	return err;
}

/*
 * A device without addresses, for a second thread that only sends: two writes to
 * one device can go one after the other. What the kernel answers is routed into
 * the one that has the addresses.
 */
int tun_open_bare(struct tun *tun, const char *name)
{
	struct ifreq ifr;

	if (tun_attach(tun, &ifr, name))
		return -1;
	if (!interface_set_up(&ifr))
		return 0;
	close(tun->fd);
	return -1;
}

int tun_send(struct tun *tun, const struct segment *seg)
{
	uint8_t packet[WIRE_PACKET_MAX];
	size_t len = segment_build(seg, packet);

	return write(tun->fd, packet, len) == (ssize_t)len ? 0 : -1;
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The next TCP segment; other packets are passed over. -1 at the deadline. */
int tun_receive(struct tun *tun, struct segment *seg, int timeout_ms)
{
	long deadline = now_ms() + timeout_ms;
	struct pollfd pfd = { .fd = tun->fd, .events = POLLIN };

	for (;;) {
		ssize_t len = read(tun->fd, tun->packet, sizeof(tun->packet));
		long left = deadline - now_ms();

		if (len > 0 && !segment_parse(tun->packet, len, seg))
			return 0;
		if (len > 0)
			continue;
		if (left <= 0)
			break;
		poll(&pfd, 1, left);
	}
	errno = ETIMEDOUT;
	return -1;
}
