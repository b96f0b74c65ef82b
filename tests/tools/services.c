// SPDX-License-Identifier: GPL-2.0
/*
 * Services in the kernel: they decide by the address that packets come from, and
 * an option must neither change what they see nor reach their sockets' fields
 *
 * Each test connects to a service as a balancer that names a client. The guest's
 * scripts have set the services up; one that is not there is skipped.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cases.h"
#include "flow.h"
#include "ktap.h"
#include "net.h"

#define NFS_PORT	2049
#define NFS_CHANNEL	"/proc/net/rpc/auth.unix.ip/channel"
#define NFS_FLUSH	"/proc/net/rpc/auth.unix.ip/flush"
/* The scripts make it when nfsd has its threads. */
#define NFS_THERE	"/run/toa-nfsd"
#define NVMET_PORT	4420
#define NVMET_DIR	"/sys/kernel/config/nvmet/ports/1/subsystems/toa"
#define RDS_PORT	16385
#define RDS_DIR		"/sys/module/rds_tcp"
#define DEADLINE_MS	5000

static int service_connect(struct tun *tun, struct flow *flow, uint16_t port)
{
	net_flow(tun, flow, AF_INET, port);
	if (flow_syn(flow, NULL, NULL))
		return -1;
	return flow_send(flow, TH_ACK, OPT_V4, NULL);
}

/* The client was not stored: the socket is somebody else's. */
static bool foreign_moved(long before)
{
	long moved = net_counter("child_foreign") - before;

	if (moved == 1)
		return true;
	printf("#   child_foreign moved by %ld\n", moved);
	return false;
}

/*
 * An NFSv4 COMPOUND without operations, by a user of AUTH_UNIX: RFC 5531, RFC
 * 7530. nfsd looks the caller's address up before anything else.
 */
static const uint32_t nfs_call[] = {
	0x80000000 | 72,	/* the only fragment of 72 bytes */
	0x746f6121, 0, 2,	/* xid, CALL, RPC version */
	100003, 4, 1,		/* NFS, version 4, COMPOUND */
	1, 20, 0, 0, 0, 0, 0,	/* AUTH_UNIX: stamp, no name, uid, gid, no gids */
	0, 0,			/* no verifier */
	0, 0, 0,		/* no tag, minor version 0, no operations */
};

static int nfs_send(struct flow *flow)
{
	uint32_t call[ARRAY_SIZE(nfs_call)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nfs_call); i++)
		call[i] = htonl(nfs_call[i]);
	return flow_send_bytes(flow, TH_ACK | TH_PSH, NULL, call, sizeof(call));
}

/* nfsd remembers answers; as exportfs does, make it ask anew. */
static void nfs_forget(void)
{
	int fd = open(NFS_FLUSH, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "1\n", 2) != 2)
		printf("#   cannot flush nfsd's answers: %s\n", strerror(errno));
	close(fd);
}

/* What mountd does: nfsd asks who an address is. Writes the address. */
static int nfs_asked(int channel, char *address)
{
	struct pollfd pfd = { .fd = channel, .events = POLLIN };
	char line[128] = "";

	if (poll(&pfd, 1, DEADLINE_MS) != 1 ||
	    read(channel, line, sizeof(line) - 1) <= 0)
		return -1;
	return sscanf(line, "nfsd %63s", address) == 1 ? 0 : -1;
}

/* The export is the client's alone: any other address belongs to nobody. */
static int nfs_answer(int channel, const char *address)
{
	char line[128];
	int len = snprintf(line, sizeof(line), "nfsd %s 2147483647%s\n",
			   address, strcmp(address, "203.0.113.7") ?
				    "" : " trusted");

	return write(channel, line, len) == len ? 0 : -1;
}

/* MSG_DENIED, RFC 5531 section 9. */
static bool nfs_is_denied(struct flow *flow)
{
	uint32_t reply[4];

	if (flow_wait_bytes(flow, reply, sizeof(reply)))
		return false;
	return ntohl(reply[2]) == 1 && ntohl(reply[3]) == 1;
}

static bool nfsd_test(struct tun *tun)
{
	long before = net_counter("child_foreign");
	int channel = open(NFS_CHANNEL, O_RDWR | O_CLOEXEC);
	char address[64] = "nothing";
	struct flow flow;
	bool denied;

	nfs_forget();
	if (service_connect(tun, &flow, NFS_PORT) || nfs_send(&flow) ||
	    nfs_asked(channel, address))
		printf("#   nfsd did not ask: %s\n", strerror(errno));
	denied = !nfs_answer(channel, address) && nfs_is_denied(&flow);
	flow_send(&flow, TH_RST | TH_ACK, NULL, NULL);
	close(channel);
	printf("#   nfsd saw %s and %s\n", address,
	       denied ? "denied it" : "did not deny it");
	return !strcmp(address, "192.0.2.2") && denied && foreign_moved(before);
}

/* NVMe/TCP: an ICReq of 128 bytes is answered with an ICResp of as many. */
static bool nvmet_test(struct tun *tun)
{
	uint8_t request[128] = { 0, 0, 128, 0, 128 };
	long before = net_counter("child_foreign");
	uint8_t response[128] = { 0xff };
	struct flow flow;
	bool ok;

	ok = !service_connect(tun, &flow, NVMET_PORT) &&
	     !flow_send_bytes(&flow, TH_ACK | TH_PSH, NULL, request,
			      sizeof(request)) &&
	     !flow_wait_bytes(&flow, response, sizeof(response));
	flow_send(&flow, TH_RST | TH_ACK, NULL, NULL);
	if (!ok || response[0] != 1) {
		printf("#   no ICResp\n");
		return false;
	}
	return foreign_moved(before);
}

/* RDS speaks only when it has something to say: it shall survive. */
static bool rds_test(struct tun *tun)
{
	long before = net_counter("child_foreign");
	struct flow flow;
	bool ok;

	ok = !service_connect(tun, &flow, RDS_PORT) &&
	     !flow_send(&flow, TH_ACK | TH_PSH, NULL, "not an RDS header");
	flow_send(&flow, TH_RST | TH_ACK, NULL, NULL);
	return ok && foreign_moved(before);
}

struct service_test {
	const char *name;
	const char *there;
	bool (*run)(struct tun *tun);
};

static const struct service_test tests[] = {
	{ "nfsd decides by the balancer's address", NFS_THERE, nfsd_test },
	{ "nvmet-tcp is not touched", NVMET_DIR, nvmet_test },
	{ "rds-tcp is not touched", RDS_DIR, rds_test },
};

void services_run(struct tun *tun, bool loaded)
{
	struct stat unused;
	size_t i;

	(void)loaded;
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		if (!ktap_wanted(tests[i].name))
			continue;
		if (stat(tests[i].there, &unused))
			ktap_skip(tests[i].name, "the service is not there");
		else
			ktap_result(tests[i].run(tun), tests[i].name);
	}
}
