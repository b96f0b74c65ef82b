// SPDX-License-Identifier: GPL-2.0
/*
 * What another toa module has that only one can have, for the tests
 *
 * Every toa module makes /proc/net/toa_stats, and DPVS's takes a number of
 * getsockopt(). This one takes both in the order in which its own failure, when
 * it comes second, ends before the kernel answers a file's second maker with a
 * splat. A directory takes the file's name: every kernel makes one by the same call.
 */
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/netfilter.h>
#include <linux/proc_fs.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#define OTHER_FILE	"toa_stats"
#define OTHER_OPTION	4096

static bool option = true;
module_param(option, bool, 0444);
MODULE_PARM_DESC(option, "take the number of getsockopt()");

static bool file = true;
module_param(file, bool, 0444);
MODULE_PARM_DESC(file, "make /proc/net/toa_stats");

static int other_get(struct sock *sk, int number, void __user *user, int *len)
{
	return -EINVAL;
}

static struct nf_sockopt_ops other_ops = {
	.pf		= PF_INET,
	.get_optmin	= OTHER_OPTION,
	.get_optmax	= OTHER_OPTION + 1,
	.get		= other_get,
	.owner		= THIS_MODULE,
};

static int __init other_init(void)
{
	int err = option ? nf_register_sockopt(&other_ops) : 0;

	if (err)
		return err;
	if (!file || proc_mkdir(OTHER_FILE, init_net.proc_net))
		return 0;
	if (option)
		nf_unregister_sockopt(&other_ops);
	return -ENOMEM;
}

static void __exit other_exit(void)
{
	if (file)
		remove_proc_entry(OTHER_FILE, init_net.proc_net);
	if (option)
		nf_unregister_sockopt(&other_ops);
}

module_init(other_init);
module_exit(other_exit);

MODULE_DESCRIPTION("Another toa module, for the tests of toa");
MODULE_LICENSE("GPL");
