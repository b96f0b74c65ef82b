// SPDX-License-Identifier: GPL-2.0
/*
 * What else lives on the sockets that have a client: it must work as without the
 * module, and the client must stay
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/kcm.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpf.h"
#include "cases.h"
#include "connection.h"
#include "ktap.h"
#include "module.h"
#include "neighbours.h"
#include "net.h"
#include "server.h"

#ifndef AF_SMC
#define AF_SMC		43
#endif
#define SMCPROTO_SMC	0
#define SMCPROTO_SMC6	1

#define WORD_IN		"ping"
#define WORD_OUT	"pong"

/* A connection whose option names a client; the accepted socket or -1. */
int neighbour_open(struct neighbour *n)
{
	return connection_open(n->tun, &n->flow, OPT_V4, NULL);
}

int neighbour_accept(struct neighbour *n, int listener)
{
	return connection_accept(n->tun, &n->flow, listener, OPT_V4, NULL);
}

bool neighbour_shows(const struct neighbour *n, int fd)
{
	return expect_shown(fd, n->client ?: &n->flow.local);
}

int neighbour_send(struct neighbour *n, const void *data, size_t len)
{
	const struct segment seg = {
		.src	= n->flow.local,
		.dst	= n->flow.remote,
		.seq	= n->flow.seq,
		.ack	= n->flow.ack,
		.flags	= TH_ACK | TH_PSH,
		.data	= data,
		.data_len = len,
	};

	n->flow.seq += len;
	return tun_send(n->tun, &seg);
}

bool neighbour_failed(const char *what)
{
	printf("#   %s: %s\n", what, strerror(errno));
	return false;
}

/* A word each way. */
bool neighbour_talks(struct neighbour *n, int fd)
{
	if (neighbour_send(n, WORD_IN, strlen(WORD_IN)) ||
	    server_read(fd, WORD_IN))
		return neighbour_failed("receiving");
	if (send(fd, WORD_OUT, strlen(WORD_OUT), MSG_NOSIGNAL) < 0 ||
	    flow_wait_data(&n->flow, WORD_OUT))
		return neighbour_failed("sending");
	return true;
}

/* The refusal is the right one, and changes nothing. */
bool neighbour_refused(struct neighbour *n, int fd, int have, int want)
{
	if (have != want) {
		printf("#   %s instead of %s\n", strerror(have),
		       strerror(want));
		return false;
	}
	return neighbour_shows(n, fd) && neighbour_talks(n, fd) &&
	       neighbour_shows(n, fd);
}

/* A listener that shares its port; SO_REUSEPORT must be set before bind(). */
int reuseport_open(uint16_t port)
{
	const struct sockaddr_in sin = { .sin_family = AF_INET,
					 .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd >= 0 &&
	    (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) ||
	     bind(fd, (const struct sockaddr *)&sin, sizeof(sin)) ||
	     listen(fd, 8))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* KCM cuts a stream into messages by a program: here, one a segment. */
static int kcm_program_load(void)
{
	const struct bpf_insn insns[] = {
		BPF_LDX_MEM(BPF_W, BPF_REG_0, BPF_REG_1,
			    offsetof(struct __sk_buff, len)),
		BPF_LEAVE(),
	};
	const struct bpf_program program = {
		.type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = insns, .count = ARRAY_SIZE(insns),
	};

	return bpf_load(&program);
}

static bool kcm_works(struct neighbour *n, int kcm, int fd)
{
	struct kcm_attach attach = { .fd = fd, .bpf_fd = kcm_program_load() };
	int err;

	if (attach.bpf_fd < 0)
		return neighbour_failed("loading the program");
	err = ioctl(kcm, SIOCKCMATTACH, &attach) ? errno : 0;
	close(attach.bpf_fd);
	if (n->tagged)
		return neighbour_refused(n, fd, err, EALREADY);
	errno = err;
	if (err)
		return neighbour_failed("attaching");
	return neighbour_shows(n, fd) && neighbour_talks(n, kcm) &&
	       neighbour_shows(n, fd);
}

static bool kcm_test(struct neighbour *n)
{
	int kcm = socket(AF_KCM, SOCK_DGRAM, KCMPROTO_CONNECTED);
	bool ok;
	int fd;

	if (kcm < 0) {
		if (errno == EAFNOSUPPORT)
			n->skip = "no KCM in this kernel (socket: EAFNOSUPPORT)";
		return neighbour_failed("socket");
	}
	fd = neighbour_open(n);
	ok = fd >= 0 && kcm_works(n, kcm, fd);
	close(kcm);
	if (fd >= 0)
		socket_kill(fd);
	return ok;
}

static int smc_listener_open(struct neighbour *n)
{
	const struct sockaddr_in sin = { .sin_family = AF_INET,
					 .sin_port = htons(SERVER_PORT) };
	int fd = socket(AF_SMC, SOCK_STREAM | SOCK_CLOEXEC, SMCPROTO_SMC);
	int on = 1;

	if (fd < 0) {
		if (errno == EAFNOSUPPORT)
			n->skip = "no SMC in this kernel (socket: EAFNOSUPPORT)";
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&sin, sizeof(sin)) ||
	    listen(fd, 8)) {
		close(fd);
		return -1;
	}
	return fd;
}

/*
 * Without an SMC peer it is plain TCP, on the socket inside the SMC socket. That
 * one is the kernel's, as sunrpc's are, so it shows the balancer.
 */
static bool smc_test(struct neighbour *n)
{
	int listener = smc_listener_open(n);
	bool ok;
	int fd;

	if (listener < 0)
		return neighbour_failed("listening");
	fd = neighbour_accept(n, listener);
	if (fd < 0) {
		ok = neighbour_failed("accept");
	} else {
		ok = neighbour_talks(n, fd) && expect_shown(fd, &n->flow.local);
		socket_kill(fd);
	}
	close(listener);
	return ok;
}

/*
 * The listener's filter cuts a segment to one byte of data. The header, with the
 * option in it, is not the filter's.
 */
static bool filter_test(struct neighbour *n)
{
	struct sock_filter insns[] = { BPF_STMT(BPF_RET | BPF_K, 1) };
	const struct sock_fprog filter = { 1, insns };
	int listener = listener_open(LISTEN_V4, 0, SERVER_PORT);
	int unused = 0;
	bool ok;
	int fd;

	if (setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
		       sizeof(filter)))
		return neighbour_failed("SO_ATTACH_FILTER");
	fd = neighbour_accept(n, listener);
	close(listener);
	if (fd < 0) {
		/* On 2.6.32 no handshake completes. */
		if (!kernel_has("sk_filter_trim_cap"))
			n->skip = "this kernel's filters cut headers off, too (kallsyms)";
		return neighbour_failed("accept");
	}
	ok = neighbour_shows(n, fd) &&
	     !setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused,
			 sizeof(unused)) &&
	     neighbour_talks(n, fd);
	socket_kill(fd);
	return ok;
}

static bool chosen_shows(struct neighbour *n, const int *listeners, int chosen)
{
	struct sock_filter insns[] = { BPF_STMT(BPF_RET | BPF_K, chosen) };
	const struct sock_fprog filter = { 1, insns };
	bool ok;
	int fd;

	/* 4.5. */
	if (setsockopt(listeners[0], SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF,
		       &filter, sizeof(filter))) {
		if (errno == ENOPROTOOPT)
			n->skip = "no such filter in this kernel (ENOPROTOOPT)";
		return neighbour_failed("SO_ATTACH_REUSEPORT_CBPF");
	}
	fd = neighbour_accept(n, listeners[chosen]);
	if (fd < 0)
		return neighbour_failed("accept");
	ok = neighbour_talks(n, fd) && neighbour_shows(n, fd);
	socket_kill(fd);
	return ok;
}

static bool reuseport_filter_test(struct neighbour *n)
{
	const int listeners[2] = { reuseport_open(SERVER_PORT),
				   reuseport_open(SERVER_PORT) };
	bool ok = chosen_shows(n, listeners, 0) &&
		  chosen_shows(n, listeners, 1);

	close(listeners[0]);
	close(listeners[1]);
	return ok;
}

/* The saved SYN is the balancer's, whoever is shown. */
static bool saved_syn_is_balancers(const struct neighbour *n, int fd)
{
	uint8_t packet[WIRE_PACKET_MAX];
	socklen_t len = sizeof(packet);
	struct segment seg;

	if (getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, packet, &len))
		return neighbour_failed("TCP_SAVED_SYN");
	if (segment_parse(packet, len, &seg) || seg.flags != TH_SYN)
		return neighbour_failed("the saved packet");
	return seg.src.port == n->flow.local.port &&
	       !memcmp(seg.src.bytes, n->flow.local.bytes, 4);
}

static bool saved_syn_test(struct neighbour *n)
{
	int listener = listener_open(LISTEN_V4, 0, SERVER_PORT);
	int on = 1;
	bool ok;
	int fd;

	/* 4.3. */
	if (setsockopt(listener, IPPROTO_TCP, TCP_SAVE_SYN, &on, sizeof(on)) &&
	    errno == ENOPROTOOPT)
		n->skip = "no TCP_SAVE_SYN in this kernel (ENOPROTOOPT)";
	fd = neighbour_accept(n, listener);
	close(listener);
	if (fd < 0)
		return neighbour_failed("accept");
	ok = neighbour_shows(n, fd) && saved_syn_is_balancers(n, fd) &&
	     neighbour_shows(n, fd);
	socket_kill(fd);
	return ok;
}

struct neighbour_test {
	const char *name;
	bool (*run)(struct neighbour *n);
};

static const struct neighbour_test tests[] = {
	{ "kTLS 1.2", ktls12_test },
	{ "kTLS 1.3", ktls13_test },
	{ "kTLS, connect(AF_UNSPEC)", ktls_disconnect_test },
	{ "sockmap", sockmap_test },
	{ "sockhash", sockhash_test },
	{ "sockmap, a program sends everything back", sockmap_echo_test },
	{ "sockhash, a program sends everything back", sockhash_echo_test },
	{ "sockmap, connect(AF_UNSPEC), connect()", sockmap_disconnect_test },
	{ "KCM", kcm_test },
	{ "SMC listener, plain TCP client: the balancer", smc_test },
	{ "sock_ops program and socket storage", sock_ops_test },
	{ "listeners in a reuseport array", reuseport_array_test },
	{ "getpeername4 program", getpeername4_test },
	{ "getpeername6 program", getpeername6_test },
	{ "SO_ATTACH_FILTER", filter_test },
	{ "SO_ATTACH_REUSEPORT_CBPF", reuseport_filter_test },
	{ "TCP_SAVED_SYN", saved_syn_test },
};

static void neighbour_run(const struct neighbour_test *test, struct tun *tun,
			  const struct address *client)
{
	struct neighbour n = { .tun = tun, .client = client,
			       .tagged = client && module_tags() };
	bool ok = test->run(&n);

	if (!ok && n.skip)
		ktap_skip(test->name, n.skip);
	else
		ktap_result(ok, test->name);
}

void neighbours_run(struct tun *tun, bool loaded)
{
	const struct address *client = loaded ? &net_client_v4 : NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tests); i++)
		if (ktap_wanted(tests[i].name))
			neighbour_run(&tests[i], tun, client);
}
