/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Do the module's parser and the second opinion agree about a segment's options?
 */
#ifndef CHECK_OPTIONS_H
#define CHECK_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * rows: which of toa_layouts are on. Answers true, or prints the difference and
 * answers false.
 */
bool check_options(const uint8_t *options, size_t len, bool syn,
		   unsigned int rows);

#endif /* CHECK_OPTIONS_H */
