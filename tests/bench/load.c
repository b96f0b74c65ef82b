// SPDX-License-Identifier: GPL-2.0
/*
 * insmod and rmmod
 */
#include <errno.h>
#include <sys/socket.h>

#include "bench.h"
#include "clock.h"
#include "module.h"
#include "rows.h"

/* In milliseconds: most of it is waiting for other CPUs. */
int load_run(const struct order *order)
{
	uint64_t loads[REPEATS], unloads[REPEATS], from;
	unsigned int i, count = order->count < REPEATS ? order->count : REPEATS;
	double load = 0, unload = 0;
	int err = 0;

	for (i = 0; i < count; i++) {
		from = clock_now();
		err = module_load(order->parameters);
		loads[i] = clock_since(from);
		if (err)
			break;
		from = clock_now();
		err = module_unload();
		unloads[i] = clock_since(from);
		if (err)
			break;
	}
	rows_reset();
	rows_count(true);
	for (i = 0; !err && i < count; i++)
		row_add(ROW_ACK, loads[i]);
	load = row_median(ROW_ACK) / 1e6;
	rows_reset();
	for (i = 0; !err && i < count; i++)
		row_add(ROW_ACK, unloads[i]);
	unload = row_median(ROW_ACK) / 1e6;
	errno = err;
	if (!err) {
		row_print(order->variant, "-", "-", "insmod ms", load);
		row_print(order->variant, "-", "-", "rmmod ms", unload);
	}
	say_result(order, "insmod and rmmod", !err);
	return 0;
}
