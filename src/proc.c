// SPDX-License-Identifier: GPL-2.0
/*
 * Is there a file of this name in /proc/net?
 *
 * To make one that is there already is answered with a splat, and the kernel
 * offers no question but a path. Where a path leads is a matter of who asks: insmod
 * may run where /proc is another container's or not mounted, and in another
 * network namespace. So a worker of the kernel's asks, who lives in the first
 * namespaces, and in a mount of its own, since newer kernels' workers see no
 * other. It goes by its number: 5.4.286 has no /proc/self for a worker.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "proc.h"

/* The question of the one who asks; set before the worker is started. */
static const char *toa_proc_name;
static bool toa_proc_found;

static bool toa_proc_look_in(struct vfsmount *proc)
{
	struct path path;
	char name[64];

	snprintf(name, sizeof(name), "%d/net/%s", task_tgid_nr(current),
		 toa_proc_name);
	if (toa_path_lookup(proc, name, &path))
		return false;
	path_put(&path);
	return true;
}

static void toa_proc_look(struct work_struct *unused)
{
	struct file_system_type *type = get_fs_type("proc");
	struct vfsmount *proc;

	toa_proc_found = false;
	if (!type)
		return;
	proc = vfs_kern_mount(type, 0, "proc", NULL);
	if (IS_ERR(proc))
		return;
	toa_proc_found = toa_proc_look_in(proc);
	mntput(proc);
}

static DECLARE_WORK(toa_proc_work, toa_proc_look);

/**
 * toa_proc_exists() - is there a /proc/net/@name in the first network namespace?
 * @name: the file
 *
 * Context: process, may sleep; one caller at a time.
 * Return: false also when it cannot be found out.
 */
bool toa_proc_exists(const char *name)
{
	toa_proc_name = name;
	schedule_work(&toa_proc_work);
	flush_work(&toa_proc_work);
	return toa_proc_found;
}
