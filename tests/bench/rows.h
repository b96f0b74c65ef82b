/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rows of the table, and the medians that stand in them
 */
#ifndef ROWS_H
#define ROWS_H

#include <stdbool.h>
#include <stdint.h>

/* How often each thing is measured; the median counts. */
#define REPEATS		101
/* Done before and not counted: slabs are filled, code is patched, paths known. */
#define WARM_UP		16

enum row {
	ROW_FLOOR,
	ROW_SYN,
	ROW_ACK,
	ROW_HANDSHAKE,
	ROW_ACCEPT,
	ROW_KNOWN,
	ROW_PEER,
	ROW_LOCAL,
	ROW_SEGMENT_IN,
	ROW_SEGMENT_OUT,
	ROW_ACK_IN,
	ROW_CLOSE,
	ROW_CONNECT,
	ROW_RESET,
	ROW_UDP,
	ROW_UDP_SOCKET,
	ROW_FLOOD,
	ROW_FLOODED,
	ROWS
};

void rows_reset(void);
void rows_count(bool on);
void row_add(enum row row, uint64_t cost);
uint64_t row_median(enum row row);
bool rows_complete(const enum row *rows, unsigned int count);
void rows_print(const char *variant, const char *family, const char *client);
void row_print(const char *variant, const char *family, const char *client,
	       const char *row, double value);

#endif /* ROWS_H */
