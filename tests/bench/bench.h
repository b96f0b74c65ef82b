/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the measuring program can be asked for
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>

/**
 * struct order - what the command line said
 * @variant: the table's column
 * @family: AF_INET or AF_INET6
 * @shows: with an option, the client is shown
 * @on_syn: the option is on the SYN and not on the ACK
 * @bpf: with the eBPF programs
 * @proxy: with a PROXY header
 * @count: how many of them
 * @parameters: for insmod; NULL: no module is loaded or unloaded
 */
struct order {
	const char *variant;
	int family;
	bool shows;
	bool on_syn;
	bool bpf;
	bool proxy;
	unsigned int count;
	const char *parameters;
};

/* Each prints its rows and its results; 0, or -1 when it could not even begin. */
int cost_run(const struct order *order);
int many_run(const struct order *order);
int load_run(const struct order *order);
int flood_run(const struct order *order);

const char *family_name(int family);
const char *family_option(int family);
void say_result(const struct order *order, const char *what, bool ok);

#endif /* BENCH_H */
