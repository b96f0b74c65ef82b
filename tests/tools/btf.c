// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's description of its own functions
 *
 * One type after the other, numbered from 1, each as long as its kind and the
 * number of its members make it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "btf.h"
#include "wire.h"

#define VMLINUX	"/sys/kernel/btf/vmlinux"

#ifndef BTF_KIND_ENUM64
#define BTF_KIND_ENUM64	19
#endif

/* What follows a struct btf_type, by its kind: once, and for each member. */
struct tail {
	uint8_t once;
	uint8_t each;
};

static const struct tail tails[] = {
	[BTF_KIND_INT]		= { .once = 4 },
	[BTF_KIND_PTR]		= {},
	[BTF_KIND_ARRAY]	= { .once = 12 },
	[BTF_KIND_STRUCT]	= { .each = 12 },
	[BTF_KIND_UNION]	= { .each = 12 },
	[BTF_KIND_ENUM]		= { .each = 8 },
	[BTF_KIND_FUNC_PROTO]	= { .each = 8 },
	[BTF_KIND_VAR]		= { .once = 4 },
	[BTF_KIND_DATASEC]	= { .each = 12 },
	[BTF_KIND_DECL_TAG]	= { .once = 4 },
	[BTF_KIND_ENUM64]	= { .each = 12 },
};

/* NULL at a kind that is newer than this program. */
static const struct btf_type *type_next(const struct btf_type *type)
{
	uint32_t kind = BTF_INFO_KIND(type->info);
	const uint8_t *end = (const uint8_t *)(type + 1);

	if (kind >= ARRAY_SIZE(tails))
		return NULL;
	end += tails[kind].once + tails[kind].each * BTF_INFO_VLEN(type->info);
	return (const struct btf_type *)end;
}

static uint32_t function_find(const struct btf_header *header, const char *name)
{
	const uint8_t *base = (const uint8_t *)header + header->hdr_len;
	const char *names = (const char *)base + header->str_off;
	const struct btf_type *type = (const void *)(base + header->type_off);
	const void *end = base + header->type_off + header->type_len;
	uint32_t id;

	for (id = 1; type && (const void *)type < end; id++) {
		if (BTF_INFO_KIND(type->info) == BTF_KIND_FUNC &&
		    !strcmp(names + type->name_off, name))
			return id;
		type = type_next(type);
	}
	errno = type ? ESRCH : EPROTO;
	return 0;
}

/* The whole file, or MAP_FAILED; sysfs files of this kind cannot be mapped. */
static void *file_read(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *data = MAP_FAILED;
	struct stat st;
	size_t have = 0;
	ssize_t len = 1;

	if (fd < 0)
		return MAP_FAILED;
	if (!fstat(fd, &st)) {
		*size = st.st_size;
		data = mmap(NULL, *size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
	while (data != MAP_FAILED && have < *size && len > 0) {
		len = read(fd, (char *)data + have, *size - have);
		have += len > 0 ? len : 0;
	}
	close(fd);
	return data;
}

/* Its id, or 0. The file is read once: it has some megabytes. */
uint32_t btf_function(const char *name)
{
	static void *data = MAP_FAILED;
	size_t size;

	if (data == MAP_FAILED)
		data = file_read(VMLINUX, &size);
	return data == MAP_FAILED ? 0 : function_find(data, name);
}
