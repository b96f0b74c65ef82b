// SPDX-License-Identifier: GPL-2.0
/*
 * insmod and rmmod, by the calls behind them
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "module.h"

#define MODULE_FILE	"/toa/toa.ko"

/* 0 or the errno. */
int module_load(const char *parameters)
{
	int fd = open(MODULE_FILE, O_RDONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return errno;
	if (syscall(SYS_finit_module, fd, parameters, 0))
		err = errno;
	close(fd);
	return err;
}

/* 0 or the errno. */
int module_unload(void)
{
	return syscall(SYS_delete_module, "toa", O_NONBLOCK) ? errno : 0;
}

/* Are IPv4 clients kept in sk_user_data? Not without the module. */
bool module_tags(void)
{
	FILE *file = fopen("/sys/module/toa/parameters/sk_user_data", "r");
	bool tags;

	if (!file)
		return false;
	tags = fgetc(file) == 'Y';
	fclose(file);
	return tags;
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
