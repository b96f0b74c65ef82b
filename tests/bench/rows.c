// SPDX-License-Identifier: GPL-2.0
/*
 * The rows of the table
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"

struct samples {
	uint64_t cost[REPEATS];
	unsigned int count;
};

static struct samples samples[ROWS];
static bool counting;

/* As the table has them. */
static const char *const names[ROWS] = {
	[ROW_FLOOR]		= "getppid",
	[ROW_SYN]		= "syn",
	[ROW_ACK]		= "ack",
	[ROW_HANDSHAKE]		= "handshake",
	[ROW_ACCEPT]		= "accept4",
	[ROW_KNOWN]		= "known",
	[ROW_PEER]		= "getpeername",
	[ROW_LOCAL]		= "getsockname",
	[ROW_SEGMENT_IN]	= "segment in",
	[ROW_SEGMENT_OUT]	= "segment out",
	[ROW_ACK_IN]		= "ack in",
	[ROW_CLOSE]		= "close",
	[ROW_CONNECT]		= "connect",
	[ROW_RESET]		= "reset",
	[ROW_UDP]		= "udp",
	[ROW_UDP_SOCKET]	= "udp socket",
	[ROW_FLOOD]		= "syn flood",
	[ROW_FLOODED]		= "handshake after it",
};

void rows_reset(void)
{
	memset(samples, 0, sizeof(samples));
}

/* Warming up is not counted. */
void rows_count(bool on)
{
	counting = on;
}

void row_add(enum row row, uint64_t cost)
{
	struct samples *s = &samples[row];

	if (counting && s->count < REPEATS)
		s->cost[s->count++] = cost;
}

static int cost_order(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

uint64_t row_median(enum row row)
{
	struct samples *s = &samples[row];

	qsort(s->cost, s->count, sizeof(s->cost[0]), cost_order);
	return s->count ? s->cost[s->count / 2] : 0;
}

bool rows_complete(const enum row *rows, unsigned int count)
{
	while (count--)
		if (samples[rows[count]].count != REPEATS)
			return false;
	return true;
}

void row_print(const char *variant, const char *family, const char *client,
	       const char *row, double value)
{
	printf("# cost\t%s\t%s\t%s\t%s\t%.10g\n", variant, family, client, row,
	       value);
}

void rows_print(const char *variant, const char *family, const char *client)
{
	int row;

	for (row = 0; row < ROWS; row++)
		if (samples[row].count)
			row_print(variant, family, client, names[row],
				  row_median(row));
}
