/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files of the kernel's that are text, and how it writes addresses there
 */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>

#include "wire.h"

#define TEXT_MAX	(256 * 1024)

int text_write(const char *path, const char *text, size_t len);
char *text_read(const char *path, size_t piece);
int text_count(const char *text, const char *part);
void text_print(const char *text);
void text_address(char *text, size_t size, const struct address *addr);

#endif /* TEXT_H */
