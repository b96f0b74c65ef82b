// SPDX-License-Identifier: GPL-2.0
/*
 * IPv6 that comes later
 *
 * Where IPv6 is a module, it is usually there when this module asks for a socket of
 * its family. One that could not be loaded then, in an initramfs that does not have
 * it, may come afterwards. The kernel tells who asked to be told; a worker does the
 * rest, since whoever loads ipv6 may be doing so for this module's own init, and must
 * not wait for it.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "later.h"

/* Set before the notifier is registered. */
static void (*toa_later_come)(void);

static void toa_later_work_run(struct work_struct *unused)
{
	toa_later_come();
}

static DECLARE_WORK(toa_later_work, toa_later_work_run);

/* LIVE: its init has run. */
static int toa_later_notify(struct notifier_block *unused, unsigned long state,
			    void *data)
{
	const struct module *module = data;

	if (state == MODULE_STATE_LIVE && !strcmp(module->name, "ipv6"))
		schedule_work(&toa_later_work);
	return NOTIFY_DONE;
}

static struct notifier_block toa_later_notifier = {
	.notifier_call	= toa_later_notify,
};

/**
 * toa_later_init() - be told when IPv6 comes
 * @come: called once it is there, by a worker
 *
 * Context: process, may sleep.
 * Return: 0 or a negative errno.
 */
int toa_later_init(void (*come)(void))
{
	if (!IS_MODULE(CONFIG_IPV6))
		return 0;
	toa_later_come = come;
	return register_module_notifier(&toa_later_notifier);
}

/**
 * toa_later_exit() - do not be told any more
 *
 * When it returns, the function given to toa_later_init() does not run and will not.
 *
 * Context: process, may sleep; without any lock that the function takes.
 */
void toa_later_exit(void)
{
	if (!IS_MODULE(CONFIG_IPV6))
		return;
	unregister_module_notifier(&toa_later_notifier);
	cancel_work_sync(&toa_later_work);
}
