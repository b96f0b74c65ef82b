// SPDX-License-Identifier: GPL-2.0
/*
 * A capture file from a list of packets
 *
 * stdin   SOURCE PORT TARGET PORT FLAGS OPTIONS DATA, a line each; OPTIONS is hex
 *         digits or -, DATA a word or -, FLAGS of S A P F R; # begins a comment
 * stdout  a capture file of raw IP packets, as tcpdump and tshark read it
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tools/wire.h"

#define PCAP_MAGIC	0xa1b2c3d4
#define PCAP_SNAPLEN	65535
#define LINKTYPE_RAW	101

struct pcap_file {
	uint32_t magic;
	uint16_t major;
	uint16_t minor;
	uint32_t unused[2];
	uint32_t snaplen;
	uint32_t linktype;
};

struct pcap_packet {
	uint32_t seconds;
	uint32_t microseconds;
	uint32_t captured;
	uint32_t len;
};

static void die(const char *line)
{
	fprintf(stderr, "capture: not a packet: %s\n", line);
	exit(1);
}

static void address_set(struct address *addr, const char *text, unsigned int port)
{
	addr->port = port;
	addr->family = AF_INET;
	if (inet_pton(AF_INET, text, addr->bytes) == 1)
		return;
	addr->family = AF_INET6;
	if (inet_pton(AF_INET6, text, addr->bytes) != 1)
		die(text);
}

static uint8_t flags_of(const char *text)
{
	static const char names[] = "FSRPA";
	uint8_t flags = 0;

	for (; *text; text++) {
		const char *name = strchr(names, *text);

		if (!name)
			die(text);
		flags |= 1 << (name - names);
	}
	return flags;
}

static void segment_set(struct segment *seg, const char *line)
{
	static char data[1000];
	char src[64], dst[64], flags[8], options[100];
	unsigned int sport, dport;

	if (sscanf(line, "%63s %u %63s %u %7s %99s %999s", src, &sport, dst,
		   &dport, flags, options, data) != 7)
		die(line);
	memset(seg, 0, sizeof(*seg));
	address_set(&seg->src, src, sport);
	address_set(&seg->dst, dst, dport);
	seg->flags = flags_of(flags);
	seg->seq = 1000;
	if (strcmp(options, "-") &&
	    options_from_hex(options, seg->options, &seg->options_len))
		die(line);
	if (strcmp(data, "-")) {
		seg->data = (const uint8_t *)data;
		seg->data_len = strlen(data);
	}
}

static void packet_write(const struct segment *seg, uint32_t seconds)
{
	uint8_t packet[WIRE_PACKET_MAX];
	size_t len = segment_build(seg, packet);
	struct pcap_packet head = { seconds, 0, len, len };

	fwrite(&head, sizeof(head), 1, stdout);
	fwrite(packet, len, 1, stdout);
}

int main(void)
{
	struct pcap_file head = { PCAP_MAGIC, 2, 4, { 0, 0 }, PCAP_SNAPLEN,
				  LINKTYPE_RAW };
	struct segment seg;
	char line[2000];
	uint32_t n = 0;

	fwrite(&head, sizeof(head), 1, stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		segment_set(&seg, line);
		packet_write(&seg, n++);
	}
	return 0;
}
