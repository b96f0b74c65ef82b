/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Put a function of ours at a function of the kernel's
 *
 * A hook diverts or watches. A diverting hook decides at the entry of the
 * kernel's function where to go on; by kretprobe it changes the result
 * instead. A watching hook only sees the entry, by ftrace or by a kprobe.
 */
#ifndef TOA_HOOK_H
#define TOA_HOOK_H

#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/types.h>

#include "compat.h"

/* Arguments that a hook sees at the entry by kretprobe. */
#define TOA_ENTER_ARGS		6

/* And those that one sees that looks on. */
#define TOA_WATCH_PARAMS						\
	unsigned long arg0, unsigned long arg1,				\
	unsigned long arg2, unsigned long arg3

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
 * @missed: how many calls an installed hook has missed; NULL where none can be
 * @install: 0, or a negative errno and nothing is left behind; may sleep; NULL where
 *	the kernel does not have these means
 * @remove: afterwards nothing of the hook runs on any CPU; may sleep
 */
struct toa_hook_means {
	const char *name;
	bool sure;
	unsigned long (*missed)(const struct toa_hook *hook);
	int (*install)(struct toa_hook *hook);
	void (*remove)(struct toa_hook *hook);
};

extern const struct toa_hook_means toa_hook_ftrace;
extern const struct toa_hook_means toa_hook_kretprobe;

/**
 * struct toa_hook - a hook on one function
 * @name: what it is for, for the log
 * @callback: ftrace's, made by TOA_HOOK_WATCH() or TOA_HOOK_DIVERT()
 * @watch: called at the entry with the first arguments; excludes the rest
 * @enter: called at the entry with the first TOA_ENTER_ARGS arguments; returns
 *	true to have @leave called, and may keep @data_size bytes in @data
 * @leave: called with the function's result; returns what the caller shall see
 * @data_size: bytes that @enter keeps
 * @maxactive: calls that can be between @enter and @leave at one time; one more
 *	is not seen, and counted as missed
 * @symbol: the hooked function's name, where no socket points to it
 * @addr: entry of the hooked function, set by toa_hook_install(); 0 with @symbol
 * @means: how it is installed; NULL while it is not
 * @ops: ftrace's part
 * @site: address of ftrace's call in the function
 * @rp: kretprobe's part; one that looks on needs only the kprobe in it
 * @closing: kretprobe: no new call is entered
 * @inside: kretprobe: entered minus left, to be summed over the CPUs
 *
 * @callback, @watch, @enter and @leave run in the context of the hooked function,
 * with preemption off for @watch, @enter and @leave by kretprobe; they must not
 * sleep, and must not call the hooked function.
 */
struct toa_hook {
	const char *name;
	toa_ftrace_t callback;
	void (*watch)(unsigned long arg0, unsigned long arg1,
		      unsigned long arg2, unsigned long arg3);
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

/**
 * TOA_HOOK_WATCH() - define ftrace's callback of a hook that watches
 * @name: the callback's name
 * @watch: called at the entry with the first arguments, TOA_WATCH_PARAMS
 *
 * A callback for each hook: one for all, which called a function of the hook's,
 * would cost every call of the kernel's function ten instructions more. Arguments
 * that @watch does not look at cost nothing.
 */
#define TOA_HOOK_WATCH(name, watch)					\
static void name(TOA_FTRACE_PARAMS)					\
{									\
	watch(toa_fregs_arg(regs, 0), toa_fregs_arg(regs, 1),		\
	      toa_fregs_arg(regs, 2), toa_fregs_arg(regs, 3));		\
}

/**
 * TOA_HOOK_DIVERT() - define ftrace's callback of a hook that diverts
 * @name: the callback's name
 * @asked: called at the entry with the first arguments, TOA_DIVERT_PARAMS; false
 *	for nearly every call, which then has paid for nothing else
 * @divert: called with them afterwards; returns the address of the function to run
 *	instead, or 0
 */
#define TOA_HOOK_DIVERT(name, asked, divert)				\
static noinline void name##_asked(struct toa_fregs *regs)		\
{									\
	unsigned long to = toa_divert_call(divert, regs);		\
									\
	if (to)								\
		toa_fregs_set_ip(regs, to);				\
}									\
									\
static void name(TOA_FTRACE_PARAMS)					\
{									\
	if (toa_divert_call(asked, regs))				\
		name##_asked(regs);					\
}

int toa_hook_mode_parse(const char *text, enum toa_hook_mode *mode);
int toa_hook_install(struct toa_hook *hook, unsigned long addr,
		     enum toa_hook_mode mode);
void toa_hook_remove(struct toa_hook *hook);
size_t toa_hook_print(const struct toa_hook *hook, char *text, size_t room);

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
