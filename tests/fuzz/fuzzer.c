// SPDX-License-Identifier: GPL-2.0
/*
 * A target under libFuzzer
 *
 * FUZZER_CALLS is the name of the function that libFuzzer calls, which is not
 * spelled as a name in this project is.
 */
#include <stdio.h>
#include <stdlib.h>

#include "target.h"

int FUZZER_CALLS(const uint8_t *data, size_t len);

int FUZZER_CALLS(const uint8_t *data, size_t len)
{
	if (!target(data, len)) {
		fflush(stdout);
		abort();
	}
	return 0;
}
