/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Put a function of ours at a function of the kernel's
 *
 * A hook diverts or watches. A diverting hook decides at the entry of the
 * kernel's function where to go on; by kretprobe it changes the result
 * instead. A watching hook only sees the entry.
 */
#ifndef TOA_HOOK_H
#define TOA_HOOK_H

#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/types.h>

#include "compat.h"

/* Arguments that a hook sees at the entry by kretprobe. */
#define TOA_ENTER_ARGS		6

/**
 * enum toa_hook_mode - which means may be used
 * @TOA_HOOK_AUTO: ftrace, and kretprobe where ftrace refuses
 * @TOA_HOOK_FTRACE: ftrace or nothing
 * @TOA_HOOK_KRETPROBE: kretprobe or nothing
 */
enum toa_hook_mode {
	TOA_HOOK_AUTO,
	TOA_HOOK_FTRACE,
	TOA_HOOK_KRETPROBE,
};

struct toa_hook;

/**
 * struct toa_hook_means - one way to hook
 * @name: what users call it
 * @sure: no call is missed, and nobody can switch it off
 * @install: 0, or a negative errno and nothing is left behind; may sleep; NULL where
 *	the kernel does not have these means
 * @remove: afterwards nothing of the hook runs on any CPU; may sleep
 */
struct toa_hook_means {
	const char *name;
	bool sure;
	int (*install)(struct toa_hook *hook);
	void (*remove)(struct toa_hook *hook);
};

extern const struct toa_hook_means toa_hook_ftrace;
extern const struct toa_hook_means toa_hook_kretprobe;

/**
 * struct toa_hook - a hook on one function
 * @name: what it is for, for the log
 * @watch: called at the entry with the first argument; excludes the rest
 * @divert: called at the entry with the first arguments; returns the address of
 *	the function to run instead, or 0
 * @enter: called at the entry with the first TOA_ENTER_ARGS arguments; returns
 *	true to have @leave called, and may keep @data_size bytes in @data
 * @leave: called with the function's result; returns what the caller shall see
 * @data_size: bytes that @enter keeps
 * @maxactive: calls that can be between @enter and @leave at one time; one more
 *	is not seen, and counted as missed
 * @symbol: the hooked function's name, where no socket points to it; such a hook
 *	is a kretprobe, and looks on
 * @addr: entry of the hooked function, set by toa_hook_install()
 * @means: how it is installed; NULL while it is not
 * @ops: ftrace's part
 * @site: address of ftrace's call in the function
 * @rp: kretprobe's part
 * @closing: kretprobe: no new call is entered
 * @inside: kretprobe: entered minus left, to be summed over the CPUs
 *
 * @watch, @divert, @enter and @leave run in the context of the hooked function,
 * with preemption off for @watch, @enter and @leave by kretprobe; they must not
 * sleep, and must not call the hooked function.
 */
struct toa_hook {
	const char *name;
	void (*watch)(unsigned long arg0);
	toa_divert_t divert;
	bool (*enter)(const unsigned long *arg, void *data);
	unsigned long (*leave)(const void *data, unsigned long ret);
	size_t data_size;
	int maxactive;
	const char *symbol;

	unsigned long addr;
	const struct toa_hook_means *means;
	struct ftrace_ops ops;
	unsigned long site;
	struct kretprobe rp;
	bool closing;
	long __percpu *inside;
};

int toa_hook_mode_parse(const char *text, enum toa_hook_mode *mode);
int toa_hook_install(struct toa_hook *hook, unsigned long addr,
		     enum toa_hook_mode mode);
void toa_hook_remove(struct toa_hook *hook);

/**
 * toa_hook_is_sure() - does a hook see every call of its function?
 * @hook: any
 *
 * Return: it is installed, and by means that miss none.
 */
static inline bool toa_hook_is_sure(const struct toa_hook *hook)
{
	return hook->means && hook->means->sure;
}

#endif /* TOA_HOOK_H */
