// SPDX-License-Identifier: GPL-2.0
/*
 * Hook by ftrace
 *
 * The kernel's function begins with a call that ftrace can switch on. Our
 * callback runs there, before the function's first instruction, and may change
 * the address at which the CPU goes on. Nothing is written into the kernel's
 * text or tables by us, and one user of IPMODIFY per function is the kernel's
 * own rule: a livepatch of the same function and this hook exclude each other.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>

#include "compat.h"
#include "hook.h"

/*
 * Between a function's entry and its ftrace call: 0 where the call comes first
 * or the kernel translates, 4 behind an ENDBR or arm64's "mov x9, x30", 8
 * behind a BTI and that.
 */
static const unsigned int toa_ftrace_offsets[] = { 0, 4, 8 };

/*
 * The entry of a function that has only a name: where a kprobe would sit, which is
 * never armed. 0: there is none. (ftrace_set_filter() would compare the names of all
 * functions.)
 */
static unsigned long toa_ftrace_find(const char *symbol)
{
	struct kprobe kp = {
		.symbol_name	= symbol,
		.flags		= KPROBE_FLAG_DISABLED,
	};
	unsigned long addr;

	if (register_kprobe(&kp))
		return 0;
	addr = (unsigned long)kp.addr;
	unregister_kprobe(&kp);
	return addr;
}

static int toa_ftrace_set_filter(struct toa_hook *hook)
{
	unsigned long entry = hook->symbol ? toa_ftrace_find(hook->symbol) :
					     hook->addr;
	int err = -EINVAL;
	size_t i;

	if (!entry)
		return -ENOENT;
	for (i = 0; err && i < ARRAY_SIZE(toa_ftrace_offsets); i++) {
		hook->site = entry + toa_ftrace_offsets[i];
		err = ftrace_set_filter_ip(&hook->ops, hook->site, 0, 0);
	}
	return err;
}

/* A filter without entries holds no memory. */
static void toa_ftrace_clear_filter(struct toa_hook *hook)
{
	ftrace_set_filter_ip(&hook->ops, hook->site, 1, 0);
}

static int toa_ftrace_install(struct toa_hook *hook)
{
	int err;

	memset(&hook->ops, 0, sizeof(hook->ops));
	hook->ops.func = hook->callback;
	hook->ops.flags = TOA_FTRACE_SAVE_REGS | TOA_FTRACE_PERMANENT |
			  TOA_FTRACE_UNPROTECTED |
			  (hook->watch ? 0 : FTRACE_OPS_FL_IPMODIFY);

	err = toa_ftrace_set_filter(hook);
	if (err)
		return err;
	err = register_ftrace_function(&hook->ops);
	if (err)
		toa_ftrace_clear_filter(hook);
	return err;
}

/*
 * unregister_ftrace_function() takes the call out of the function and then
 * waits until no task can be in a trampoline any more (RCU-tasks where
 * preemption makes it necessary). Our callbacks never sleep, and what they
 * divert to either never sleeps or runs with bottom halves off: a task that has
 * been seen to schedule has left them as well. toa_wait_for_cpus() covers the
 * last softirq on a CPU that RCU-tasks took for quiescent.
 */
static void toa_ftrace_remove(struct toa_hook *hook)
{
	WARN_ON_ONCE(unregister_ftrace_function(&hook->ops));
	toa_wait_for_cpus();
	toa_ftrace_clear_filter(hook);
}

const struct toa_hook_means toa_hook_ftrace = {
	.name		= "ftrace",
	.sure		= TOA_FTRACE_PERMANENT,
	.install	= toa_ftrace_install,
	.remove		= toa_ftrace_remove,
};
