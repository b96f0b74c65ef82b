// SPDX-License-Identifier: GPL-2.0
/*
 * A balancer's end that speaks MPTCP: one connection with one subflow (RFC 8684)
 */
#include <poll.h>
#include <stdio.h>

#include "subflow.h"

#define KIND_MPTCP	30
#define MP_CAPABLE	0
#define MP_CAPABLE_SYN_ACK_LEN 12

/*
 * DATA_FIN (3.3.3), after the four bytes of MPTCP_DATA. Data are counted from the last
 * eight bytes of SHA-256 of the sender's key, plus one (3.1): of eight bytes 0x11,
 * 8b32f248d55ec411.
 */
#define DATA_FIN "1e12 201c 8b32f248d55ec416 00000000 0001"

/* The program at the other end reads the end of the data. */
int subflow_send_fin(struct flow *flow)
{
	return flow_send(flow, TH_ACK, DATA_FIN, NULL);
}

/* The server's key, of its SYN-ACK; NULL when that did not speak MPTCP. */
static const uint8_t *server_key(const struct flow *flow)
{
	const uint8_t *options = flow->syn_ack.options;
	size_t len = flow->syn_ack.options_len, i = 0;

	while (i + MP_CAPABLE_SYN_ACK_LEN <= len && options[i]) {
		const uint8_t *option = options + i;

		if (option[0] == KIND_MPTCP && option[2] >> 4 == MP_CAPABLE &&
		    option[1] == MP_CAPABLE_SYN_ACK_LEN)
			return option + 4;
		i += option[0] == 1 || option[1] < 2 ? 1 : option[1];
	}
	return NULL;
}

/*
 * MP_FASTCLOSE (3.5) ends the connection at once, whatever state both ends are in. A
 * plain RST ends a subflow only: 5.15 and RHEL 8 then keep the connection, which the
 * program has closed, and its port for a minute, for a peer that might come back.
 */
int subflow_end_connection(struct flow *flow)
{
	const uint8_t *key = server_key(flow);
	char option[] = "1e0c 7000 0000000000000000";
	int i;

	for (i = 0; key && i < 8; i++)
		sprintf(option + 10 + 2 * i, "%02x", key[i]);
	return flow_send(flow, TH_RST | TH_ACK, key ? option : NULL, NULL);
}

/* Is it among the kernel's TCP connections? */
bool subflow_lives(const struct flow *flow)
{
	FILE *file = fopen("/proc/net/tcp", "r");
	unsigned int local, remote;
	bool found = false;
	char line[256];

	while (file && !found && fgets(line, sizeof(line), file))
		found = sscanf(line, " %*u: %*x:%x %*x:%x", &local, &remote) == 2 &&
			local == flow->remote.port &&
			remote == flow->local.port;
	if (file)
		fclose(file);
	return found;
}

/* The first and only subflow ends; the MPTCP socket stays, and does not tell. */
bool subflow_end(struct flow *flow)
{
	int left = FLOW_TIMEOUT_MS;

	if (!subflow_lives(flow) ||
	    flow_send(flow, TH_RST | TH_ACK, NULL, NULL))
		return false;
	while (subflow_lives(flow)) {
		if (!left--)
			return false;
		poll(NULL, 0, 1);
	}
	return true;
}
