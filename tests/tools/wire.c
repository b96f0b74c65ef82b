// SPDX-License-Identifier: GPL-2.0
/*
 * TCP segments over IPv4 and IPv6, byte by byte
 */
#include <ctype.h>
#include <string.h>
#include <sys/socket.h>

#include "wire.h"

#define IPV4_HEADER	20
#define IPV6_HEADER	40
#define TCP_HEADER	20
#define PROTO_TCP	6

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static uint32_t sum16(const uint8_t *p, size_t len, uint32_t sum)
{
	for (; len > 1; p += 2, len -= 2)
		sum += get16(p);
	if (len)
		sum += p[0] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static size_t address_len(int family)
{
	return family == AF_INET ? 4 : 16;
}

/* RFC 9293 3.1, RFC 8200 8.1: both pseudo headers have the same sum. */
static uint16_t tcp_checksum(const struct segment *seg, const uint8_t *tcp,
			     size_t len)
{
	size_t alen = address_len(seg->src.family);
	uint32_t sum = PROTO_TCP + len;

	sum = sum16(seg->src.bytes, alen, sum);
	sum = sum16(seg->dst.bytes, alen, sum);
	return fold(sum16(tcp, len, sum));
}

static void ipv4_build(const struct segment *seg, uint8_t *ip, size_t tcp_len)
{
	memset(ip, 0, IPV4_HEADER);
	ip[0] = 0x45;
	put16(ip + 2, IPV4_HEADER + tcp_len);
	put16(ip + 6, 0x4000);
	ip[8] = 64;
	ip[9] = PROTO_TCP;
	memcpy(ip + 12, seg->src.bytes, 4);
	memcpy(ip + 16, seg->dst.bytes, 4);
	put16(ip + 10, fold(sum16(ip, IPV4_HEADER, 0)));
}

static void ipv6_build(const struct segment *seg, uint8_t *ip, size_t tcp_len)
{
	memset(ip, 0, IPV6_HEADER);
	ip[0] = 0x60;
	put16(ip + 4, tcp_len);
	ip[6] = PROTO_TCP;
	ip[7] = 64;
	memcpy(ip + 8, seg->src.bytes, 16);
	memcpy(ip + 24, seg->dst.bytes, 16);
}

static void tcp_build(const struct segment *seg, uint8_t *tcp, size_t len)
{
	memset(tcp, 0, TCP_HEADER);
	put16(tcp, seg->src.port);
	put16(tcp + 2, seg->dst.port);
	put32(tcp + 4, seg->seq);
	put32(tcp + 8, seg->ack);
	tcp[12] = (TCP_HEADER + seg->options_len) / 4 << 4;
	tcp[13] = seg->flags;
	put16(tcp + 14, 0xffff);
	memcpy(tcp + TCP_HEADER, seg->options, seg->options_len);
	if (seg->data_len)
		memcpy(tcp + TCP_HEADER + seg->options_len, seg->data,
		       seg->data_len);
	put16(tcp + 16, tcp_checksum(seg, tcp, len));
}

/* Returns the packet's length; packet holds WIRE_PACKET_MAX bytes. */
size_t segment_build(const struct segment *seg, uint8_t *packet)
{
	size_t tcp_len = TCP_HEADER + seg->options_len + seg->data_len;
	size_t ip_len;

	if (seg->src.family == AF_INET) {
		ip_len = IPV4_HEADER;
		ipv4_build(seg, packet, tcp_len);
	} else {
		ip_len = IPV6_HEADER;
		ipv6_build(seg, packet, tcp_len);
	}
	tcp_build(seg, packet + ip_len, tcp_len);
	return ip_len + tcp_len;
}

static int tcp_parse(const uint8_t *tcp, size_t len, struct segment *seg)
{
	size_t header;

	if (len < TCP_HEADER)
		return -1;
	header = (tcp[12] >> 4) * 4;
	if (header < TCP_HEADER || header > len)
		return -1;
	seg->src.port = get16(tcp);
	seg->dst.port = get16(tcp + 2);
	seg->seq = get32(tcp + 4);
	seg->ack = get32(tcp + 8);
	seg->flags = tcp[13];
	seg->options_len = header - TCP_HEADER;
	memcpy(seg->options, tcp + TCP_HEADER, seg->options_len);
	seg->data = tcp + header;
	seg->data_len = len - header;
	return 0;
}

/* 0, or -1 for a packet that is not a TCP segment; seg->data points into it. */
int segment_parse(const uint8_t *packet, size_t len, struct segment *seg)
{
	size_t header;

	memset(seg, 0, sizeof(*seg));
	if (len >= IPV4_HEADER && packet[0] >> 4 == 4) {
		header = (packet[0] & 15) * 4;
		if (header > len || packet[9] != PROTO_TCP)
			return -1;
		seg->src.family = AF_INET;
		memcpy(seg->src.bytes, packet + 12, 4);
		memcpy(seg->dst.bytes, packet + 16, 4);
	} else if (len >= IPV6_HEADER && packet[0] >> 4 == 6) {
		header = IPV6_HEADER;
		if (packet[6] != PROTO_TCP)
			return -1;
		seg->src.family = AF_INET6;
		memcpy(seg->src.bytes, packet + 8, 16);
		memcpy(seg->dst.bytes, packet + 24, 16);
	} else {
		return -1;
	}
	seg->dst.family = seg->src.family;
	return tcp_parse(packet + header, len - header, seg);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * Reads "fe08 3039 cb007107"; blanks may stand between bytes. Fills up to a
 * multiple of four with EOL. Returns 0, or -1 for anything but up to 40 bytes.
 */
int options_from_hex(const char *hex, uint8_t *options, size_t *len)
{
	size_t n = 0;

	while (*hex) {
		int high, low;

		if (*hex == ' ') {
			hex++;
			continue;
		}
		high = hex_digit(hex[0]);
		low = high < 0 ? -1 : hex_digit(hex[1]);
		if (low < 0 || n == WIRE_OPTIONS_MAX)
			return -1;
		options[n++] = high << 4 | low;
		hex += 2;
	}
	while (n % 4)
		options[n++] = 0;
	*len = n;
	return 0;
}
