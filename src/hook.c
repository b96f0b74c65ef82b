// SPDX-License-Identifier: GPL-2.0
/*
 * Choose the means for a hook, install it, remove it
 */
#define pr_fmt(fmt) "TOA: " fmt

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "hook.h"

/* In the order of enum toa_hook_mode. */
static const char *const toa_hook_mode_names[] = {
	[TOA_HOOK_AUTO]		= "auto",
	[TOA_HOOK_FTRACE]	= "ftrace",
	[TOA_HOOK_KRETPROBE]	= "kretprobe",
};

/**
 * toa_hook_mode_parse() - read a mode from a parameter's text
 * @text: the text, with or without a final newline
 * @mode: written only on success
 *
 * Return: 0; -EINVAL; -EOPNOTSUPP when this kernel does not have it.
 */
int toa_hook_mode_parse(const char *text, enum toa_hook_mode *mode)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(toa_hook_mode_names); i++) {
		if (!sysfs_streq(text, toa_hook_mode_names[i]))
			continue;
		if (i == TOA_HOOK_FTRACE && !toa_hook_ftrace.install)
			return -EOPNOTSUPP;
		*mode = i;
		return 0;
	}
	return -EINVAL;
}

static int toa_hook_try(struct toa_hook *hook,
			const struct toa_hook_means *means)
{
	int err = means->install(hook);

	/* Read without a lock by toa_hook_print(). */
	if (!err)
		WRITE_ONCE(hook->means, means);
	return err;
}

/**
 * toa_hook_install() - install a hook
 * @hook: not installed
 * @addr: entry of the kernel's function
 * @mode: which means may be used
 *
 * Context: process, may sleep.
 * Return: 0, or the negative errno of the last means tried, and then nothing is
 * left behind.
 */
int toa_hook_install(struct toa_hook *hook, unsigned long addr,
		     enum toa_hook_mode mode)
{
	int err;

	hook->addr = addr;
	if (mode == TOA_HOOK_KRETPROBE || !toa_hook_ftrace.install)
		return toa_hook_try(hook, &toa_hook_kretprobe);

	err = toa_hook_try(hook, &toa_hook_ftrace);
	if (!err || mode == TOA_HOOK_FTRACE)
		return err;

	pr_notice("%s: ftrace refused (error %d), using a kretprobe\n",
		  hook->name, err);
	return toa_hook_try(hook, &toa_hook_kretprobe);
}

/**
 * toa_hook_remove() - remove a hook if it is installed
 * @hook: the hook
 *
 * When it returns, no CPU runs any function of @hook and none will.
 *
 * Context: process, may sleep.
 */
void toa_hook_remove(struct toa_hook *hook)
{
	if (!hook->means)
		return;
	hook->means->remove(hook);
	WRITE_ONCE(hook->means, NULL);
}

/**
 * toa_hook_print() - how a hook is installed
 * @hook: the hook
 * @text: written: "name<TAB>mechanism<TAB>missed" and a newline
 * @room: how many bytes there are
 *
 * Lockless: the means outlive every hook, and what the hook itself holds of a
 * probe is only ever a number to be read. A hook that comes or goes meanwhile is
 * shown as one or the other.
 *
 * Context: any.
 * Return: how much was written; nothing of a hook that is not installed.
 */
size_t toa_hook_print(const struct toa_hook *hook, char *text, size_t room)
{
	const struct toa_hook_means *means = READ_ONCE(hook->means);

	if (!means)
		return 0;
	return scnprintf(text, room, "%s\t%s\t%lu\n", hook->name, means->name,
			 means->missed ? means->missed(hook) : 0);
}
