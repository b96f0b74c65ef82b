// SPDX-License-Identifier: GPL-2.0
/*
 * Which client does a connection show, for what was on the wire?
 *
 * Every row opens two connections, one taken with accept() and one with
 * accept4(), sends a word each way and closes. A row without a client must look
 * exactly as it does without the module.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cases.h"
#include "flow.h"
#include "ktap.h"
#include "module.h"
#include "net.h"
#include "server.h"
#include "subflow.h"

#define SERVER_PORT	8000
#define WORD_IN		"ping"
#define WORD_OUT	"pong"

#define COOKIES		"net/ipv4/tcp_syncookies"
#define FASTOPEN	"net/ipv4/tcp_fastopen"

enum shown { BALANCER, CLIENT_V4, CLIENT_V6 };

/* How the connection is opened, where it is not the common way. */
enum manner { PLAIN, SYNCOOKIES, DEFER, FAST, DATA_ONLY, FIN_ONLY };

/*
 * How a row's connections are counted. IMPOSSIBLE is MALFORMED where it reaches
 * us: newer kernels look for MD5 and AO options before anything else and drop a
 * segment in which they meet an impossible length (drop reason TCP_AUTH_HDR,
 * seen on 7.3); the data segment, which has no options, then completes.
 */
enum counted { TOA, NO_TOA, MALFORMED, IMPOSSIBLE, UNUSABLE };

/* By how much the module's counters move in a row. */
struct counters {
	long toa, no_toa, malformed, unusable;
};

static const struct counters expected[] = {
	[TOA]		= { .toa = 2 },
	[NO_TOA]	= { .no_toa = 2 },
	[MALFORMED]	= { .no_toa = 2, .malformed = 2 },
	[IMPOSSIBLE]	= { .no_toa = 2, .malformed = 2 },
	[UNUSABLE]	= { .no_toa = 2, .unusable = 2 },
};

/**
 * struct handshake - one row
 * @name: what it shows
 * @listener: what is connected to
 * @family: of the packets
 * @manner: how
 * @syn: options of the SYN, as hex
 * @ack: of the bare third ACK
 * @data: of the first data segment
 * @shown: who shall be shown
 * @port: the client's, where it is not that of OPT_V4 and OPT_V6
 * @counted: as what
 * @ask_syn: with syn=1, SYNs are asked
 * @mptcp: what is accepted must be an MPTCP socket
 */
struct handshake {
	const char *name;
	enum listener listener;
	int family;
	enum manner manner;
	const char *syn;
	const char *ack;
	const char *data;
	enum shown shown;
	uint16_t port;
	enum counted counted;
	bool ask_syn;
	bool mptcp;
};

#define NOPS_8	"0101010101010101"
#define TIMESTAMPS "0101080a 00000001 00000000"
static const struct handshake rows[] = {
	/* Listeners. */
	{ "IPv4 listener, IPv4 client", LISTEN_V4, AF_INET, PLAIN,
	  .ack = OPT_V4, .shown = CLIENT_V4, .counted = TOA },
	{ "IPv4 listener, no option", LISTEN_V4, AF_INET, PLAIN,
	  .shown = BALANCER, .counted = NO_TOA },
	{ "IPv4 listener, IPv6 client keeps the balancer", LISTEN_V4, AF_INET,
	  PLAIN, .ack = OPT_V6, .shown = BALANCER, .counted = TOA },
	{ "IPv6 listener, IPv6 client", LISTEN_V6, AF_INET6, PLAIN,
	  .ack = OPT_V6, .shown = CLIENT_V6, .counted = TOA },
	{ "IPv6 listener, IPv4 client", LISTEN_V6, AF_INET6, PLAIN,
	  .ack = OPT_V4, .shown = CLIENT_V4, .counted = TOA },
	{ "IPv6 listener, no option", LISTEN_V6, AF_INET6, PLAIN,
	  .shown = BALANCER, .counted = NO_TOA },
	{ "dual-stack listener over IPv4, IPv4 client", LISTEN_DUAL, AF_INET,
	  PLAIN, .ack = OPT_V4, .shown = CLIENT_V4, .counted = TOA },
	{ "dual-stack listener over IPv4, IPv6 client", LISTEN_DUAL, AF_INET,
	  PLAIN, .ack = OPT_V6, .shown = CLIENT_V6, .counted = TOA },
	{ "dual-stack listener over IPv6, IPv6 client", LISTEN_DUAL, AF_INET6,
	  PLAIN, .ack = OPT_V6, .shown = CLIENT_V6, .counted = TOA },
	{ "dual-stack listener over IPv4, no option", LISTEN_DUAL, AF_INET,
	  PLAIN, .shown = BALANCER, .counted = NO_TOA },
	{ "MPTCP listener, plain TCP over IPv4", LISTEN_MPTCP_V4, AF_INET,
	  PLAIN, .ack = OPT_V4, .shown = CLIENT_V4, .counted = TOA },
	{ "MPTCP dual-stack listener, plain TCP over IPv4", LISTEN_MPTCP_DUAL,
	  AF_INET, PLAIN, .ack = OPT_V4, .shown = CLIENT_V4, .counted = TOA },
	{ "MPTCP dual-stack listener, plain TCP over IPv6", LISTEN_MPTCP_DUAL,
	  AF_INET6, PLAIN, .ack = OPT_V6, .shown = CLIENT_V6, .counted = TOA },
	{ "MPTCP listener, no option", LISTEN_MPTCP_V4, AF_INET, PLAIN,
	  .shown = BALANCER, .counted = NO_TOA },

	/*
	 * Clients that speak MPTCP, with their data as well: some kernels make it a plain
	 * connection when a mapping is missing there, 5.15 and RHEL 8 reset it.
	 */
	{ "MPTCP client, IPv4", LISTEN_MPTCP_V4, AF_INET, PLAIN,
	  .syn = MPTCP_SYN, .ack = MPTCP_ACK OPT_V4, .shown = CLIENT_V4,
	  .counted = TOA, .data = MPTCP_DATA, .mptcp = true },
	{ "MPTCP client, the option first", LISTEN_MPTCP_V4, AF_INET, PLAIN,
	  .syn = MPTCP_SYN, .ack = OPT_V4 MPTCP_ACK, .shown = CLIENT_V4,
	  .counted = TOA, .data = MPTCP_DATA, .mptcp = true },
	{ "MPTCP client, timestamps fill the header", LISTEN_MPTCP_V4, AF_INET,
	  PLAIN, .syn = TIMESTAMPS MPTCP_SYN,
	  .ack = TIMESTAMPS MPTCP_ACK OPT_V4,
	  .data = TIMESTAMPS MPTCP_DATA, .shown = CLIENT_V4,
	  .counted = TOA, .mptcp = true },
	{ "MPTCP client, dual-stack over IPv4", LISTEN_MPTCP_DUAL, AF_INET,
	  PLAIN, .syn = MPTCP_SYN, .ack = MPTCP_ACK OPT_V4,
	  .data = MPTCP_DATA, .shown = CLIENT_V4, .counted = TOA,
	  .mptcp = true },
	{ "MPTCP client, dual-stack over IPv6", LISTEN_MPTCP_DUAL, AF_INET6,
	  PLAIN, .syn = MPTCP_SYN, .ack = MPTCP_ACK OPT_V6,
	  .data = MPTCP_DATA, .shown = CLIENT_V6, .counted = TOA,
	  .mptcp = true },
	{ "MPTCP client, an IPv6 client on an IPv4 listener", LISTEN_MPTCP_V4,
	  AF_INET, PLAIN, .syn = MPTCP_SYN, .ack = MPTCP_ACK OPT_V6,
	  .data = MPTCP_DATA, .shown = BALANCER, .counted = TOA,
	  .mptcp = true },
	{ "MPTCP client, no option", LISTEN_MPTCP_V4, AF_INET, PLAIN,
	  .syn = MPTCP_SYN, .ack = MPTCP_ACK, .data = MPTCP_DATA,
	  .shown = BALANCER, .counted = NO_TOA, .mptcp = true },
	{ "MPTCP client, falls back to TCP", LISTEN_MPTCP_V4, AF_INET, PLAIN,
	  .syn = MPTCP_SYN, .ack = OPT_V4, .shown = CLIENT_V4,
	  .counted = TOA },

	/* SYN cookies. */
	{ "SYN cookies, IPv4", LISTEN_V4, AF_INET, SYNCOOKIES,
	  .ack = OPT_V4, .shown = CLIENT_V4, .counted = TOA },
	{ "SYN cookies, IPv6", LISTEN_V6, AF_INET6, SYNCOOKIES,
	  .ack = OPT_V6, .shown = CLIENT_V6, .counted = TOA },
	{ "SYN cookies, dual-stack over IPv4", LISTEN_DUAL, AF_INET, SYNCOOKIES,
	  .ack = OPT_V4, .shown = CLIENT_V4, .counted = TOA },
	{ "SYN cookies, MPTCP listener", LISTEN_MPTCP_V4, AF_INET, SYNCOOKIES,
	  .ack = OPT_V4, .shown = CLIENT_V4, .counted = TOA },
	{ "SYN cookies, no option", LISTEN_V4, AF_INET, SYNCOOKIES,
	  .shown = BALANCER, .counted = NO_TOA },

	/* The segment that completes the handshake is not the bare ACK. */
	{ "TCP_DEFER_ACCEPT, option on ACK and data", LISTEN_V4, AF_INET, DEFER,
	  .ack = OPT_V4, .data = OPT_V4, .shown = CLIENT_V4, .counted = TOA },
	{ "TCP_DEFER_ACCEPT, option on data", LISTEN_V6, AF_INET6, DEFER,
	  .data = OPT_V6, .shown = CLIENT_V6, .counted = TOA },
	{ "TCP_DEFER_ACCEPT, option on the dropped ACK only", LISTEN_V4,
	  AF_INET, DEFER, .ack = OPT_V4, .shown = CLIENT_V4, .counted = TOA },
	{ "TCP_DEFER_ACCEPT, option on the dropped ACK only, IPv6", LISTEN_V6,
	  AF_INET6, DEFER, .ack = OPT_V6, .shown = CLIENT_V6, .counted = TOA },
	{ "TCP_DEFER_ACCEPT, option on the dropped ACK only, dual-stack",
	  LISTEN_DUAL, AF_INET, DEFER, .ack = OPT_V4, .shown = CLIENT_V4,
	  .counted = TOA },
	{ "TCP_DEFER_ACCEPT, option on the dropped ACK only, MPTCP listener",
	  LISTEN_MPTCP_V4, AF_INET, DEFER, .ack = OPT_V4, .shown = CLIENT_V4,
	  .counted = TOA },
	{ "TCP_DEFER_ACCEPT, dropped ACK and data differ: the data's",
	  LISTEN_V4, AF_INET, DEFER, .ack = OPT_V4_OTHER, .data = OPT_V4,
	  .shown = CLIENT_V4, .counted = TOA },
	{ "TCP_DEFER_ACCEPT, the dropped ACK's is not usable: none", LISTEN_V4,
	  AF_INET, DEFER, .ack = "fe08 3039 7f000001", .shown = BALANCER,
	  .counted = UNUSABLE },
	{ "TCP_DEFER_ACCEPT, the data's is not usable: none", LISTEN_V4,
	  AF_INET, DEFER, .ack = OPT_V4, .data = "fe08 3039 7f000001",
	  .shown = BALANCER, .counted = UNUSABLE },
	{ "TCP_DEFER_ACCEPT, no option", LISTEN_V4, AF_INET, DEFER,
	  .shown = BALANCER, .counted = NO_TOA },
	{ "Fast Open, option on SYN", LISTEN_V4, AF_INET, FAST,
	  .syn = OPT_V4, .shown = BALANCER, .counted = NO_TOA },
	{ "Fast Open, option on SYN, IPv6", LISTEN_V6, AF_INET6, FAST,
	  .syn = OPT_V6, .shown = BALANCER, .counted = NO_TOA },
	{ "Fast Open, no option on SYN", LISTEN_V4, AF_INET, FAST,
	  .ack = OPT_V4, .shown = BALANCER, .counted = NO_TOA },
	{ "bare ACK lost, data completes", LISTEN_V4, AF_INET, DATA_ONLY,
	  .data = OPT_V4, .shown = CLIENT_V4, .counted = TOA },
	{ "FIN completes", LISTEN_V4, AF_INET, FIN_ONLY,
	  .ack = OPT_V4, .shown = CLIENT_V4, .counted = TOA },
	{ "option on SYN only", LISTEN_V4, AF_INET, PLAIN,
	  .syn = OPT_V4, .shown = BALANCER, .counted = NO_TOA },
	{ "option on a later data segment only", LISTEN_V4, AF_INET, PLAIN,
	  .data = OPT_V4, .shown = BALANCER, .counted = NO_TOA },
	{ "a later option changes nothing", LISTEN_V4, AF_INET, PLAIN,
	  .ack = OPT_V4, .data = OPT_V4_OTHER, .shown = CLIENT_V4,
	  .counted = TOA },
	{ "SYN and ACK differ: the ACK's", LISTEN_V4, AF_INET, PLAIN,
	  .syn = OPT_V4_OTHER, .ack = OPT_V4, .shown = CLIENT_V4,
	  .counted = TOA },

	/* Where in the option space. */
	{ "timestamps first", LISTEN_V4, AF_INET, PLAIN,
	  .ack = TIMESTAMPS OPT_V4, .shown = CLIENT_V4, .counted = TOA },
	{ "timestamps after", LISTEN_V4, AF_INET, PLAIN,
	  .ack = OPT_V4 TIMESTAMPS, .shown = CLIENT_V4, .counted = TOA },
	{ "unaligned by one", LISTEN_V4, AF_INET, PLAIN,
	  .ack = "01" OPT_V4, .shown = CLIENT_V4, .counted = TOA },
	{ "unaligned by three, IPv6", LISTEN_V6, AF_INET6, PLAIN,
	  .ack = "010101" OPT_V6, .shown = CLIENT_V6, .counted = TOA },
	{ "last eight bytes of a full header", LISTEN_V4, AF_INET, PLAIN,
	  .ack = NOPS_8 NOPS_8 NOPS_8 NOPS_8 OPT_V4,
	  .shown = CLIENT_V4, .counted = TOA },
	{ "an unknown option before", LISTEN_V4, AF_INET, PLAIN,
	  .ack = "fd06 01020304 0101" OPT_V4, .shown = CLIENT_V4,
	  .counted = TOA },
	{ "another experiment of kind 254 before", LISTEN_V4, AF_INET, PLAIN,
	  .ack = "fe06 f9890102 0101" OPT_V4, .shown = CLIENT_V4,
	  .counted = TOA },
	{ "client port 63881 (Fast Open's number) on an ACK", LISTEN_V4,
	  AF_INET, PLAIN, .ack = "fe08 f989 cb007107", .shown = CLIENT_V4,
	  .port = 63881, .counted = TOA },

	/* Bad input. */
	{ "two options: the first", LISTEN_V4, AF_INET, PLAIN,
	  .ack = OPT_V4 OPT_V4_OTHER, .shown = CLIENT_V4, .counted = TOA },
	{ "EOL before the option", LISTEN_V4, AF_INET, PLAIN,
	  .ack = "00" OPT_V4, .shown = BALANCER, .counted = NO_TOA },
	{ "EOL after the option", LISTEN_V4, AF_INET, PLAIN,
	  .ack = OPT_V4 "00fe08ff", .shown = CLIENT_V4, .counted = TOA },
	{ "length 0", LISTEN_V4, AF_INET, PLAIN,
	  .ack = "fe00 3039 cb007107", .shown = BALANCER,
	  .counted = IMPOSSIBLE },
	{ "length 1", LISTEN_V4, AF_INET, PLAIN,
	  .ack = "fe01 3039 cb007107", .shown = BALANCER,
	  .counted = IMPOSSIBLE },
	{ "length 255", LISTEN_V4, AF_INET, PLAIN,
	  .ack = "feff 3039 cb007107", .shown = BALANCER,
	  .counted = IMPOSSIBLE },
	{ "length one past the header", LISTEN_V4, AF_INET, PLAIN,
	  .ack = "01fe08 3039 cb0071", .shown = BALANCER,
	  .counted = IMPOSSIBLE },
	{ "length 20, eight bytes there", LISTEN_V4, AF_INET, PLAIN,
	  .ack = "fe14 3039 cb007107", .shown = BALANCER,
	  .counted = IMPOSSIBLE },
	{ "kind in the last byte, no length", LISTEN_V4, AF_INET, PLAIN,
	  .ack = "010101fe", .shown = BALANCER, .counted = MALFORMED },
	{ "truncated after the port", LISTEN_V4, AF_INET, PLAIN,
	  .ack = "fe08 3039", .shown = BALANCER, .counted = MALFORMED },
	{ "length 7", LISTEN_V4, AF_INET, PLAIN,
	  .ack = "fe07 3039 cb0071 01", .shown = BALANCER, .counted = NO_TOA },
	{ "length 9", LISTEN_V4, AF_INET, PLAIN,
	  .ack = "fe09 3039 cb007107 01", .shown = BALANCER,
	  .counted = NO_TOA },
	{ "length 40", LISTEN_V4, AF_INET, PLAIN,
	  .ack = "fe28 3039 cb007107" NOPS_8 NOPS_8 NOPS_8 NOPS_8,
	  .shown = BALANCER, .counted = NO_TOA },
	{ "an impossible length before the option", LISTEN_V4, AF_INET, PLAIN,
	  .ack = "0300" OPT_V4, .shown = BALANCER, .counted = IMPOSSIBLE },

	/* Clients that cannot be. */
	{ "port 0", LISTEN_V4, AF_INET, PLAIN,
	  .ack = "fe08 0000 cb007107", .shown = BALANCER, .counted = UNUSABLE },
	{ "0.0.0.0", LISTEN_V4, AF_INET, PLAIN,
	  .ack = "fe08 3039 00000000", .shown = BALANCER, .counted = UNUSABLE },
	{ "127.0.0.1", LISTEN_V4, AF_INET, PLAIN,
	  .ack = "fe08 3039 7f000001", .shown = BALANCER, .counted = UNUSABLE },
	{ "224.0.0.1", LISTEN_V4, AF_INET, PLAIN,
	  .ack = "fe08 3039 e0000001", .shown = BALANCER, .counted = UNUSABLE },
	{ "255.255.255.255", LISTEN_V4, AF_INET, PLAIN,
	  .ack = "fe08 3039 ffffffff", .shown = BALANCER, .counted = UNUSABLE },
	{ "::1", LISTEN_V6, AF_INET6, PLAIN,
	  .ack = "fe14 3039 0000000000000000 0000000000000001",
	  .shown = BALANCER, .counted = UNUSABLE },
	{ "::", LISTEN_V6, AF_INET6, PLAIN,
	  .ack = "fe14 3039 0000000000000000 0000000000000000",
	  .shown = BALANCER, .counted = UNUSABLE },
	{ "fe80::1", LISTEN_V6, AF_INET6, PLAIN,
	  .ack = "fe14 3039 fe80000000000000 0000000000000001",
	  .shown = BALANCER, .counted = UNUSABLE },
	{ "ff02::1", LISTEN_V6, AF_INET6, PLAIN,
	  .ack = "fe14 3039 ff02000000000000 0000000000000001",
	  .shown = BALANCER, .counted = UNUSABLE },
	{ "::ffff:127.0.0.1", LISTEN_V6, AF_INET6, PLAIN,
	  .ack = "fe14 3039 0000000000000000 0000ffff7f000001",
	  .shown = BALANCER, .counted = UNUSABLE },
	{ "::ffff:203.0.113.7 is an IPv4 client", LISTEN_V4, AF_INET, PLAIN,
	  .ack = "fe14 3039 0000000000000000 0000ffffcb007107",
	  .shown = CLIENT_V4, .counted = TOA },
	{ "unusable first, usable second: none", LISTEN_V4, AF_INET, PLAIN,
	  .ack = "fe08 3039 7f000001" OPT_V4, .shown = BALANCER,
	  .counted = UNUSABLE },

	/* The SYN's option, where it is asked. */
	{ "syn=1, IPv4", LISTEN_V4, AF_INET, PLAIN,
	  .syn = OPT_V4, .shown = CLIENT_V4, .counted = TOA, .ask_syn = true },
	{ "syn=1, IPv6", LISTEN_V6, AF_INET6, PLAIN,
	  .syn = OPT_V6, .shown = CLIENT_V6, .counted = TOA, .ask_syn = true },
	{ "syn=1, dual-stack over IPv4", LISTEN_DUAL, AF_INET, PLAIN,
	  .syn = OPT_V4, .shown = CLIENT_V4, .counted = TOA, .ask_syn = true },
	{ "syn=1, MPTCP listener", LISTEN_MPTCP_V4, AF_INET, PLAIN,
	  .syn = OPT_V4, .shown = CLIENT_V4, .counted = TOA, .ask_syn = true },
	{ "syn=1, SYN cookies, IPv4", LISTEN_V4, AF_INET, SYNCOOKIES,
	  .syn = OPT_V4, .shown = CLIENT_V4, .counted = TOA, .ask_syn = true },
	{ "syn=1, SYN cookies, IPv6", LISTEN_V6, AF_INET6, SYNCOOKIES,
	  .syn = OPT_V6, .shown = CLIENT_V6, .counted = TOA, .ask_syn = true },
	{ "syn=1, TCP_DEFER_ACCEPT", LISTEN_V4, AF_INET, DEFER,
	  .syn = OPT_V4, .shown = CLIENT_V4, .counted = TOA, .ask_syn = true },
	{ "syn=1, TCP_DEFER_ACCEPT, SYN and dropped ACK differ: the ACK's",
	  LISTEN_V4, AF_INET, DEFER, .syn = OPT_V4_OTHER, .ack = OPT_V4,
	  .shown = CLIENT_V4, .counted = TOA, .ask_syn = true },
	{ "syn=1, bare ACK lost, data completes", LISTEN_V4, AF_INET, DATA_ONLY,
	  .syn = OPT_V4, .shown = CLIENT_V4, .counted = TOA, .ask_syn = true },
	{ "syn=1, FIN completes", LISTEN_V4, AF_INET, FIN_ONLY,
	  .syn = OPT_V4, .shown = CLIENT_V4, .counted = TOA, .ask_syn = true },
	{ "syn=1, SYN and ACK differ: the ACK's", LISTEN_V4, AF_INET, PLAIN,
	  .syn = OPT_V4_OTHER, .ack = OPT_V4, .shown = CLIENT_V4,
	  .counted = TOA, .ask_syn = true },
	{ "syn=1, the ACK's is not usable: none", LISTEN_V4, AF_INET, PLAIN,
	  .syn = OPT_V4, .ack = "fe08 3039 7f000001", .shown = BALANCER,
	  .counted = UNUSABLE, .ask_syn = true },
	{ "syn=1, the SYN's is not usable: none", LISTEN_V4, AF_INET, PLAIN,
	  .syn = "fe08 3039 7f000001", .shown = BALANCER, .counted = UNUSABLE,
	  .ask_syn = true },
	{ "syn=1, no option", LISTEN_V4, AF_INET, PLAIN,
	  .shown = BALANCER, .counted = NO_TOA, .ask_syn = true },
	{ "syn=1, a 4-byte cookie of kind 254 is no client", LISTEN_V4, AF_INET,
	  PLAIN, .syn = "fe08 f989 cb007107", .shown = BALANCER,
	  .counted = NO_TOA, .ask_syn = true },
	{ "syn=1, an SMC offer as long as a client is none", LISTEN_V4, AF_INET,
	  PLAIN, .syn = "fe08 e2d4 c3d90107", .shown = BALANCER,
	  .counted = NO_TOA, .ask_syn = true },
	{ "syn=1, Fast Open", LISTEN_V4, AF_INET, FAST,
	  .syn = OPT_V4, .shown = CLIENT_V4, .counted = TOA, .ask_syn = true },
	{ "syn=1, Fast Open, IPv6", LISTEN_V6, AF_INET6, FAST,
	  .syn = OPT_V6, .shown = CLIENT_V6, .counted = TOA, .ask_syn = true },
	{ "syn=1, Fast Open, a 4-byte cookie of kind 254 is no client",
	  LISTEN_V4, AF_INET, FAST, .syn = "fe08 f989 cb007107",
	  .shown = BALANCER, .counted = NO_TOA, .ask_syn = true },
	{ "syn=1, Fast Open, an SMC offer as long as a client is none",
	  LISTEN_V4, AF_INET, FAST, .syn = "fe08 e2d4 c3d90107",
	  .shown = BALANCER, .counted = NO_TOA, .ask_syn = true },
};

static struct address address_shown(const struct handshake *row,
				    const struct flow *flow, bool loaded)
{
	struct address client;

	if (!loaded || row->shown == BALANCER)
		return flow->local;
	client = row->shown == CLIENT_V4 ? net_client_v4 : net_client_v6;
	if (row->port)
		client.port = row->port;
	return client;
}

static int open_fast(struct flow *flow, const struct handshake *row)
{
	if (flow_syn(flow, row->syn, WORD_IN))
		return -1;
	return flow_send(flow, TH_ACK, row->ack, NULL);
}

/* Up to the point where the server can accept and has been sent its word. */
static int flow_connect(struct flow *flow, const struct handshake *row)
{
	if (row->manner == FAST)
		return open_fast(flow, row);
	if (flow_syn(flow, row->syn, NULL))
		return -1;
	if (row->manner == FIN_ONLY)
		return flow_send(flow, TH_ACK | TH_PSH | TH_FIN, row->ack,
				 WORD_IN);
	if (row->manner != DATA_ONLY &&
	    flow_send(flow, TH_ACK, row->ack, NULL))
		return -1;
	return flow_send(flow, TH_ACK | TH_PSH, row->data, WORD_IN);
}

/* The balancer has nothing more to say. */
static int flow_send_end(struct flow *flow, const struct handshake *row)
{
	if (row->mptcp)
		return subflow_send_fin(flow);
	if (row->manner == FIN_ONLY)
		return 0;
	return flow_send(flow, TH_ACK | TH_FIN, NULL, NULL);
}

/* The connection itself must be as good as any. */
static int flow_use(struct flow *flow, const struct handshake *row, int fd)
{
	if (server_read(fd, WORD_IN))
		return -1;
	if (send(fd, WORD_OUT, strlen(WORD_OUT), MSG_NOSIGNAL) < 0)
		return -1;
	if (flow_wait_data(flow, WORD_OUT) || flow_send_end(flow, row))
		return -1;
	return server_read_end(fd);
}

/* So has the server. */
static int flow_finish(struct flow *flow, const struct handshake *row)
{
	if (row->mptcp)
		return subflow_end_connection(flow);
	if (flow_wait_flag(flow, TH_FIN))
		return -1;
	return flow_send(flow, TH_ACK, NULL, NULL);
}

static bool names_check(const struct names *have, int family,
			const struct address *peer,
			const struct address *local)
{
	struct name want, want_local;

	name_expect(&want, family, peer);
	name_expect(&want_local, family, local);
	if (name_equal(&have->accept, &want) &&
	    name_equal(&have->peer, &want) &&
	    name_equal(&have->so_peer, &want) &&
	    name_equal(&have->local, &want_local))
		return true;
	name_print("wanted", &want);
	name_print("accept", &have->accept);
	name_print("getpeername", &have->peer);
	name_print("SO_PEERNAME", &have->so_peer);
	name_print("getsockname", &have->local);
	return false;
}

static bool connection_run(struct tun *tun, const struct handshake *row,
			   int listener, bool four, bool loaded)
{
	struct address shown;
	struct names names;
	struct flow flow;
	bool ok = false;
	int fd;

	net_flow(tun, &flow, row->family, SERVER_PORT);
	shown = address_shown(row, &flow, loaded);
	if (flow_connect(&flow, row)) {
		printf("#   connecting: %s\n", strerror(errno));
		return false;
	}
	fd = listener_accept(listener, four, &names.accept);
	if (fd < 0) {
		printf("#   accept: %s\n", strerror(errno));
		return false;
	}
	names_ask(fd, &names);
	if (row->mptcp && !socket_is_mptcp(fd))
		printf("#   this is no MPTCP socket\n");
	else if (flow_use(&flow, row, fd))
		printf("#   the connection did not carry its words\n");
	else
		ok = names_check(&names, listener_family(row->listener),
				 &shown, &flow.remote);
	close(fd);
	return !flow_finish(&flow, row) && ok;
}

static void counters_read(struct counters *counters)
{
	counters->toa = net_counter("syn_recv_sock_toa");
	counters->no_toa = net_counter("syn_recv_sock_no_toa");
	counters->malformed = net_counter("option_malformed");
	counters->unusable = net_counter("option_unusable");
}

static void counters_subtract(struct counters *counters,
			      const struct counters *before)
{
	counters->toa -= before->toa;
	counters->no_toa -= before->no_toa;
	counters->malformed -= before->malformed;
	counters->unusable -= before->unusable;
}

static bool counters_equal(const struct counters *a, const struct counters *b)
{
	return a->toa == b->toa && a->no_toa == b->no_toa &&
	       a->malformed == b->malformed && a->unusable == b->unusable;
}

static bool counters_check(enum counted counted, const struct counters *moved)
{
	if (counters_equal(moved, &expected[counted]) ||
	    (counted == IMPOSSIBLE && counters_equal(moved, &expected[NO_TOA])))
		return true;
	printf("#   counted: toa %ld, no_toa %ld, malformed %ld, unusable %ld\n",
	       moved->toa, moved->no_toa, moved->malformed, moved->unusable);
	return false;
}

static bool row_run(struct tun *tun, const struct handshake *row, int listener,
		    bool loaded)
{
	struct counters before, now;

	counters_read(&before);
	if (!connection_run(tun, row, listener, false, loaded) ||
	    !connection_run(tun, row, listener, true, loaded))
		return false;
	counters_read(&now);
	counters_subtract(&now, &before);
	return !loaded || counters_check(row->counted, &now);
}

static unsigned int listen_flags(enum manner manner)
{
	if (manner == DEFER)
		return LISTEN_DEFER;
	return manner == FAST ? LISTEN_FASTOPEN : 0;
}

static const char *row_lacks(const struct handshake *row)
{
	const char *lacks = listener_lacks(row->listener);

	if (!lacks && row->manner == FAST)
		lacks = fastopen_lacks();
	if (!lacks && row->manner == DEFER)
		lacks = defer_lacks(row->listener);
	return lacks;
}

static void row_test(struct tun *tun, const struct handshake *row, bool loaded)
{
	int listener;

	if (ktap_lacking(row->name, row_lacks(row)))
		return;
	listener = listener_open(row->listener, listen_flags(row->manner),
				 SERVER_PORT);
	/* 0x203: clients, servers, and no cookie needed. */
	net_sysctl(FASTOPEN, row->manner == FAST ? "0x203" : "1");
	net_sysctl(COOKIES, row->manner == SYNCOOKIES ? "2" : "1");
	ktap_result(listener >= 0 && row_run(tun, row, listener, loaded),
		    row->name);
	net_sysctl(COOKIES, "1");
	if (listener >= 0)
		close(listener);
}

void handshakes_run(struct tun *tun, bool loaded)
{
	bool asked = false;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!ktap_wanted(rows[i].name))
			continue;
		if (loaded && asked != rows[i].ask_syn)
			module_set("syn", rows[i].ask_syn ? "1" : "0");
		asked = rows[i].ask_syn;
		row_test(tun, &rows[i], loaded);
	}
	if (loaded)
		module_set("syn", "0");
}
