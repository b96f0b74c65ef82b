// SPDX-License-Identifier: GPL-2.0
/*
 * In place of hook_ftrace.c, where ftrace cannot divert a call
 *
 * Before 3.19, on architectures whose callbacks get no registers, without the
 * function tracer, and on preemptible kernels before 4.14, where nobody can wait for
 * a task that was preempted in what it was diverted to. Kretprobes carry the hooks
 * there.
 */
#include "hook.h"

const struct toa_hook_means toa_hook_ftrace = {
	.name		= "ftrace",
};
