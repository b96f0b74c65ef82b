// SPDX-License-Identifier: GPL-2.0
/*
 * bpf(2) without libbpf
 */
#include <errno.h>
#include <linux/btf.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf.h"

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* What could not be made: is it, by errno, that the kernel does not know it? */
bool bpf_lacks(void)
{
	return errno == EINVAL || errno == ENOSYS;
}

/* Up to 5.10 maps and programs count as locked memory, even root's. */
static void memory_unlimit(void)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_MEMLOCK, &all);
}

int bpf_map_open(uint32_t type, uint32_t key_size, uint32_t value_size,
		 uint32_t entries)
{
	union bpf_attr attr = {
		.map_type	= type,
		.key_size	= key_size,
		.value_size	= value_size,
		.max_entries	= entries,
	};

	memory_unlimit();
	return bpf(BPF_MAP_CREATE, &attr);
}

/*
 * The description of two types: 1 is a 32-bit number, 2 an array of so many of
 * them.
 */
static int btf_open(uint32_t words)
{
	const struct {
		struct btf_header header;
		struct btf_type type;
		uint32_t encoding;
		struct btf_type array;
		struct btf_array of;
		char names[8];
	} numbers = {
		.header = {
			.magic		= BTF_MAGIC,
			.version	= BTF_VERSION,
			.hdr_len	= sizeof(numbers.header),
			.type_len	= offsetof(typeof(numbers), names) -
					  sizeof(numbers.header),
			.str_off	= offsetof(typeof(numbers), names) -
					  sizeof(numbers.header),
			.str_len	= sizeof(numbers.names),
		},
		.type = {
			.name_off	= 1,
			.info		= BTF_KIND_INT << 24,
			.size		= sizeof(uint32_t),
		},
		.encoding	= 32,
		.array.info	= BTF_KIND_ARRAY << 24,
		.of = {
			.type		= 1,
			.index_type	= 1,
			.nelems		= words,
		},
		.names		= "\0u32",
	};
	union bpf_attr attr = {
		.btf		= (uintptr_t)&numbers,
		.btf_size	= sizeof(numbers),
	};

	return bpf(BPF_BTF_LOAD, &attr);
}

/* Numbers for each socket. The kernel wants to know the types in this map. */
int bpf_storage_open(uint32_t words)
{
	int btf, map;
	union bpf_attr attr = {
		.map_type	= BPF_MAP_TYPE_SK_STORAGE,
		.map_flags	= BPF_F_NO_PREALLOC,
		.key_size	= sizeof(uint32_t),
		.value_size	= words * sizeof(uint32_t),
		.btf_key_type_id = 1,
		.btf_value_type_id = 2,
	};

	memory_unlimit();
	btf = btf_open(words);
	if (btf < 0)
		return -1;
	attr.btf_fd = btf;
	map = bpf(BPF_MAP_CREATE, &attr);
	close(btf);
	return map;
}

int bpf_map_set(int map, const void *key, const void *value)
{
	union bpf_attr attr = {
		.map_fd	= map,
		.key	= (uintptr_t)key,
		.value	= (uintptr_t)value,
	};

	return bpf(BPF_MAP_UPDATE_ELEM, &attr);
}

int bpf_map_get(int map, const void *key, void *value)
{
	union bpf_attr attr = {
		.map_fd	= map,
		.key	= (uintptr_t)key,
		.value	= (uintptr_t)value,
	};

	return bpf(BPF_MAP_LOOKUP_ELEM, &attr);
}

int bpf_map_delete(int map, const void *key)
{
	union bpf_attr attr = {
		.map_fd	= map,
		.key	= (uintptr_t)key,
	};

	return bpf(BPF_MAP_DELETE_ELEM, &attr);
}

/* The program, or -1 after the verifier's reasons were printed. */
int bpf_load(const struct bpf_program *program)
{
	static char log[8192];
	union bpf_attr attr = {
		.prog_type	= program->type,
		.expected_attach_type = program->attach,
		.attach_btf_id	= program->function,
		.insns		= (uintptr_t)program->insns,
		.insn_cnt	= program->count,
		.license	= (uintptr_t)"GPL",
		.log_buf	= (uintptr_t)log,
		.log_size	= sizeof(log),
		.log_level	= 1,
	};
	const char *line;
	int fd;

	memory_unlimit();
	log[0] = '\0';
	fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd >= 0)
		return fd;
	for (line = strtok(log, "\n"); line; line = strtok(NULL, "\n"))
		printf("#   verifier: %s\n", line);
	return -1;
}

int bpf_attach(int target, int program, uint32_t type)
{
	union bpf_attr attr = {
		.target_fd	= target,
		.attach_bpf_fd	= program,
		.attach_type	= type,
	};

	return bpf(BPF_PROG_ATTACH, &attr);
}

int bpf_detach(int target, int program, uint32_t type)
{
	union bpf_attr attr = {
		.target_fd	= target,
		.attach_bpf_fd	= program,
		.attach_type	= type,
	};

	return bpf(BPF_PROG_DETACH, &attr);
}

/* Starts a tracing program; closing what this returns ends it. */
int bpf_trace(int program)
{
	union bpf_attr attr = { .raw_tracepoint.prog_fd = program };

	return bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
}
