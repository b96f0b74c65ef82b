// SPDX-License-Identifier: GPL-2.0
/*
 * Run a command while BPF programs sit at the entry and at the exit of functions
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bpf.h"
#include "btf.h"
#include "wire.h"

#define FUNCTIONS_MAX	16
/* The kernel's own, which gets out where a trampoline cannot be made. */
#ifndef ENOTSUPP
#define ENOTSUPP	524
#endif

#define STATUS_REFUSED	125
#define STATUS_BROKEN	126

static const char usage[] =
"Usage: fentry FUNCTION[,FUNCTION...] COMMAND [ARGUMENT...]\n"
"Counts the functions' entries and exits while the command runs, and says so in\n"
"notes. The status is the command's, or\n"
"  125  a function is somebody's already, and the kernel allows one only (EBUSY)\n"
"  126  anything else, such as a function that was never seen\n";

/**
 * struct watch - one program at one function
 * @function: its name
 * @type: BPF_TRACE_FENTRY or BPF_TRACE_FEXIT
 * @map: how often it was there
 * @link: ends the tracing when it is closed
 */
struct watch {
	const char *function;
	uint32_t type;
	int map;
	int link;
};

static int counting_load(const struct watch *watch)
{
	const struct bpf_insn insns[] = {
		BPF_LD_MAP_VALUE(BPF_REG_1, watch->map),
		BPF_MOV64_IMM(BPF_REG_2, 1),
		BPF_ATOMIC_ADD(BPF_REG_1, BPF_REG_2, 0),
		BPF_MOV64_IMM(BPF_REG_0, 0),
		BPF_LEAVE(),
	};
	const struct bpf_program program = {
		.type = BPF_PROG_TYPE_TRACING,
		.attach = watch->type,
		.function = btf_function(watch->function),
		.insns = insns, .count = ARRAY_SIZE(insns),
	};

	return program.function ? bpf_load(&program) : -1;
}

static int watch_start(struct watch *watch, const char *function, uint32_t type)
{
	int program;

	watch->function = function;
	watch->type = type;
	watch->map = bpf_map_open(BPF_MAP_TYPE_ARRAY, sizeof(uint32_t),
				  sizeof(uint64_t), 1);
	program = counting_load(watch);
	if (program < 0)
		return -1;
	watch->link = bpf_trace(program);
	close(program);
	return watch->link < 0 ? -1 : 0;
}

/* 2, 0 for a function that this kernel cannot trace, or -1. */
static int function_start(struct watch *watches, const char *function)
{
	if (!watch_start(&watches[0], function, BPF_TRACE_FENTRY) &&
	    !watch_start(&watches[1], function, BPF_TRACE_FEXIT))
		return 2;
	if (errno == ENOTSUPP) {
		printf("note: this kernel has no fentry for %s: too many arguments (ENOTSUPP)\n",
		       function);
		return 0;
	}
	printf("# fentry: %s: %s\n", function, strerror(errno));
	return -1;
}

/* Returns how many programs watch, or -1. */
static int watches_start(struct watch *watches, char *functions)
{
	char *function;
	int count = 0;

	for (function = strtok(functions, ","); function;
	     function = strtok(NULL, ",")) {
		int started = -1;

		if (count + 2 <= FUNCTIONS_MAX * 2)
			started = function_start(&watches[count], function);
		if (started < 0)
			return -1;
		count += started;
	}
	return count;
}

static int watches_judge(const struct watch *watches, int count)
{
	const uint32_t key = 0;
	uint64_t seen;
	int i, err = 0;

	for (i = 0; i < count; i++) {
		seen = 0;
		bpf_map_get(watches[i].map, &key, &seen);
		printf("# %s of %s: %llu\n",
		       watches[i].type == BPF_TRACE_FENTRY ? "fentry" : "fexit",
		       watches[i].function, (unsigned long long)seen);
		if (!seen)
			err = -1;
	}
	return err;
}

static int command_run(char **argv)
{
	pid_t child = fork();
	int status;

	if (!child) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return STATUS_BROKEN;
	return WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_BROKEN;
}

int main(int argc, char **argv)
{
	static struct watch watches[FUNCTIONS_MAX * 2];
	int count, status;

	if (argc < 3) {
		fputs(usage, stderr);
		return STATUS_BROKEN;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	count = watches_start(watches, argv[1]);
	if (count < 0)
		return errno == EBUSY ? STATUS_REFUSED : STATUS_BROKEN;
	status = command_run(argv + 2);
	if (watches_judge(watches, count) && !status)
		return STATUS_BROKEN;
	return status;
}
