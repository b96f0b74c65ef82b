/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is fuzzed
 *
 * Each target is a program: fuzz_TARGET.c and either fuzzer.c, which makes
 * inputs without end, or replay.c, which takes them from a file.
 */
#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TARGET_TEXT_MAX	512

/* False when the module is wrong about this input; said why. */
bool target(const uint8_t *data, size_t len);

/* For targets that take a text. An input that is none is right. */
bool target_text(const uint8_t *data, size_t len,
		 bool (*check)(const char *text));

#endif /* TARGET_H */
