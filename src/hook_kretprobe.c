// SPDX-License-Identifier: GPL-2.0
/*
 * Hook by kretprobe
 *
 * For functions that ftrace will not hand out: another user of IPMODIFY holds
 * them, or the kernel has no ftrace. The kernel's function runs as ever and we
 * change its result, so every call between entry and return occupies one of
 * maxactive instances; a call that finds none is missed. The functions that
 * sleep therefore need many. A hook that looks on needs no return, and is a kprobe.
 */
#define pr_fmt(fmt) "TOA: " fmt

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>

#include "compat.h"
#include "hook.h"

/* How long a removal waits for calls that sleep in the hooked function. */
#define TOA_KRETPROBE_DRAIN	(60 * HZ)

/**
 * struct toa_kretprobe_call - what an instance keeps from entry to return
 * @wanted: the hook's @leave is to be called
 * @data: what the hook's @enter has kept
 */
struct toa_kretprobe_call {
	unsigned long wanted;
	unsigned long data[];
};

static struct toa_hook *toa_kretprobe_hook(struct kretprobe_instance *ri)
{
	return container_of(toa_kretprobe_of(ri), struct toa_hook, rp);
}

static bool toa_kretprobe_wanted(struct toa_hook *hook, struct pt_regs *regs,
				 void *data)
{
	unsigned long arg[TOA_ENTER_ARGS];
	unsigned int i;

	if (READ_ONCE(hook->closing))
		return false;
	for (i = 0; i < TOA_ENTER_ARGS; i++)
		arg[i] = regs_get_kernel_argument(regs, i);
	return hook->enter(arg, data);
}

/* Not 0 gives the instance back at once and leaves the return alone. */
static int toa_kretprobe_enter(struct kretprobe_instance *ri,
			       struct pt_regs *regs)
{
	struct toa_kretprobe_call *call = (void *)ri->data;
	struct toa_hook *hook = toa_kretprobe_hook(ri);

	call->wanted = toa_kretprobe_wanted(hook, regs, call->data);
	if (!call->wanted)
		return TOA_KRETPROBE_LOSES ? 0 : 1;
	this_cpu_inc(*hook->inside);
	return 0;
}

static int toa_kretprobe_leave(struct kretprobe_instance *ri,
			       struct pt_regs *regs)
{
	const struct toa_kretprobe_call *call = (const void *)ri->data;
	struct toa_hook *hook = toa_kretprobe_hook(ri);
	unsigned long ret = regs_return_value(regs);

	if (!call->wanted)
		return 0;
	regs_set_return_value(regs, hook->leave(call->data, ret));
	this_cpu_dec(*hook->inside);
	return 0;
}

/* 0: the kernel's function runs as ever. */
static int toa_kprobe_enter(struct kprobe *kp, struct pt_regs *regs)
{
	const struct toa_hook *hook = container_of(kp, struct toa_hook, rp.kp);

	hook->watch(regs_get_kernel_argument(regs, 0),
		    regs_get_kernel_argument(regs, 1),
		    regs_get_kernel_argument(regs, 2),
		    regs_get_kernel_argument(regs, 3));
	return 0;
}

static void toa_kretprobe_aim(struct toa_hook *hook)
{
	memset(&hook->rp, 0, sizeof(hook->rp));
	if (hook->symbol)
		hook->rp.kp.symbol_name = hook->symbol;
	else
		hook->rp.kp.addr = (kprobe_opcode_t *)hook->addr;
}

static int toa_kretprobe_register(struct toa_hook *hook)
{
	int err;

	hook->inside = alloc_percpu(long);
	if (!hook->inside)
		return -ENOMEM;

	hook->closing = false;
	hook->rp.entry_handler = toa_kretprobe_enter;
	hook->rp.handler = toa_kretprobe_leave;
	hook->rp.data_size = sizeof(struct toa_kretprobe_call) + hook->data_size;
	hook->rp.maxactive = hook->maxactive;

	err = register_kretprobe(&hook->rp);
	if (err)
		goto free_inside;
	return 0;

free_inside:
	free_percpu(hook->inside);
	return err;
}

static int toa_kretprobe_install(struct toa_hook *hook)
{
	toa_kretprobe_aim(hook);
	if (!hook->watch)
		return toa_kretprobe_register(hook);
	hook->rp.kp.pre_handler = toa_kprobe_enter;
	return register_kprobe(&hook->rp.kp);
}

/*
 * Once nobody enters any more the sum only falls. Each CPU's number is read at
 * some moment of the walk, and a decrement that comes later was not seen, so
 * the result is never below the truth and 0 means that all have left.
 */
static long toa_kretprobe_inside(struct toa_hook *hook)
{
	long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*per_cpu_ptr(hook->inside, cpu));
	return sum;
}

/*
 * Calls that sleep in the hooked function, waiting for a socket, still get their
 * result from @leave. One that does not come back in time loses only that: the
 * kernel lets go of our handler and returns through its own trampoline, so
 * nothing of ours is on its stack.
 */
static void toa_kretprobe_drain(struct toa_hook *hook)
{
	unsigned long deadline = jiffies + TOA_KRETPROBE_DRAIN;
	long inside;

	WRITE_ONCE(hook->closing, true);
	/* toa_kretprobe_enter() runs with preemption off. */
	toa_wait_for_cpus();
	while ((inside = toa_kretprobe_inside(hook))) {
		if (time_after(jiffies, deadline)) {
			pr_warn("%s: %ld calls still wait for their socket; they will show the balancer\n",
				hook->name, inside);
			return;
		}
		msleep(20);
	}
}

/* For want of an instance, and because the CPU was in another probe. */
static unsigned long toa_kretprobe_missed(const struct toa_hook *hook)
{
	return READ_ONCE(hook->rp.nmissed) + READ_ONCE(hook->rp.kp.nmissed);
}

static void toa_kretprobe_unregister(struct toa_hook *hook)
{
	toa_kretprobe_drain(hook);
	unregister_kretprobe(&hook->rp);
	free_percpu(hook->inside);
}

static void toa_kretprobe_remove(struct toa_hook *hook)
{
	unsigned long missed;

	if (hook->watch)
		unregister_kprobe(&hook->rp.kp);
	else
		toa_kretprobe_unregister(hook);
	missed = toa_kretprobe_missed(hook);
	if (missed)
		pr_warn("%s: %lu calls were missed; some connections may have shown the balancer\n",
			hook->name, missed);
}

const struct toa_hook_means toa_hook_kretprobe = {
	.name		= "kretprobe",
	.sure		= false,
	.missed		= toa_kretprobe_missed,
	.install	= toa_kretprobe_install,
	.remove		= toa_kretprobe_remove,
};
