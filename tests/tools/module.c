// SPDX-License-Identifier: GPL-2.0
/*
 * insmod and rmmod, by the calls behind them
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "module.h"
#include "text.h"

#define MODULE_FILE	"/toa/toa.ko"

/* By its bytes, where the kernel takes no file (before 3.8). */
static int image_load(int fd, const char *parameters)
{
	struct stat stat;
	void *image;
	int err = 0;

	if (fstat(fd, &stat))
		return errno;
	image = mmap(NULL, stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (image == MAP_FAILED)
		return errno;
	if (syscall(SYS_init_module, image, stat.st_size, parameters))
		err = errno;
	munmap(image, stat.st_size);
	return err;
}

/* 0 or the errno. */
int module_load(const char *parameters)
{
	int fd = open(MODULE_FILE, O_RDONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return errno;
	if (syscall(SYS_finit_module, fd, parameters, 0))
		err = errno;
	if (err == ENOSYS)
		err = image_load(fd, parameters);
	close(fd);
	return err;
}

/*
 * Why the module cannot be loaded so into this kernel at all; NULL when it can. It
 * must not be loaded now.
 */
const char *module_lacks(const char *parameters)
{
	if (module_load(parameters) == EOPNOTSUPP)
		return "this kernel's ftrace cannot divert calls";
	module_unload();
	return NULL;
}

/* 0 or the errno. */
int module_unload(void)
{
	return syscall(SYS_delete_module, "toa", O_NONBLOCK) ? errno : 0;
}

#define PARAMETER	"/sys/module/toa/parameters/"

/* Set one of the module's parameters; 0 or the errno. */
int module_set(const char *name, const char *value)
{
	char path[128];

	/* Nothing at all would not be written. */
	snprintf(path, sizeof(path), PARAMETER "%s", name);
	return text_write(path, *value ? value : "\n", strlen(value) ?: 1);
}

/* Set the parameter trust by the file that takes long lists. */
int module_set_trust(const char *value, size_t len)
{
	return text_write("/proc/net/toa_trust", value, len);
}

/* What a parameter is, without its newline; empty without the module. */
void module_get(const char *name, char *value, size_t size)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), PARAMETER "%s", name);
	*value = '\0';
	file = fopen(path, "r");
	if (!file)
		return;
	if (!fgets(value, size, file))
		*value = '\0';
	fclose(file);
	value[strcspn(value, "\n")] = '\0';
}

/* Are IPv4 clients kept in sk_user_data? Not without the module. */
bool module_tags(void)
{
	char value[8];

	module_get("sk_user_data", value, sizeof(value));
	return !strcmp(value, "Y");
}

/* "Unloading" in /proc/modules, or gone: delete_module() is under way. */
bool module_is_going(void)
{
	FILE *file = fopen("/proc/modules", "r");
	char line[512];
	bool going = true;

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, "toa ", 4))
			going = strstr(line, "Unloading");
	if (file)
		fclose(file);
	return going;
}

/* By the beginning of its name: compilers add to it. */
bool kernel_has(const char *function)
{
	FILE *symbols = fopen("/proc/kallsyms", "r");
	size_t len = strlen(function);
	bool found = false;
	char line[512], name[256];

	while (symbols && !found && fgets(line, sizeof(line), symbols))
		found = sscanf(line, "%*s %*s %255s", name) == 1 &&
			!strncmp(name, function, len);
	if (symbols)
		fclose(symbols);
	return found;
}
