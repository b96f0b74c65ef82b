// SPDX-License-Identifier: GPL-2.0
/*
 * What targets share
 */
#include <stdlib.h>
#include <string.h>

#include "target.h"

bool target_text(const uint8_t *data, size_t len,
		 bool (*check)(const char *text))
{
	bool right;
	char *text;

	if (len > TARGET_TEXT_MAX || memchr(data, '\0', len))
		return true;
	/* Of its own, so that a sanitizer sees a read behind the end. */
	text = malloc(len + 1);
	memcpy(text, data, len);
	text[len] = '\0';
	right = check(text);
	free(text);
	return right;
}
