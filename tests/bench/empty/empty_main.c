// SPDX-License-Identifier: GPL-2.0
/*
 * What hooking costs by itself: toa's ftrace hooks, and callbacks that return at once
 *
 * On the functions that a name and a handshake pass. No module that hooks them so can
 * be cheaper for who has no client.
 */
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/net.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>

#include "src/compat.h"
#include "src/hook.h"

static void empty_callback(TOA_FTRACE_PARAMS)
{
}

static void empty_watch(TOA_WATCH_PARAMS)
{
}

enum { GETNAME_V4, GETNAME_V6, SYN_RECV_V4, SYN_RECV_V6, CHECK_REQ, HOOKS };

static struct toa_hook empty_hooks[HOOKS] = {
	[GETNAME_V4]	= { .callback = empty_callback },
	[GETNAME_V6]	= { .callback = empty_callback },
	[SYN_RECV_V4]	= { .callback = empty_callback },
	[SYN_RECV_V6]	= { .callback = empty_callback },
	[CHECK_REQ]	= { .callback = empty_callback, .watch = empty_watch,
			    .symbol = "tcp_check_req" },
};

/* As src/probe.c does. */
static int empty_find(int family, struct toa_hook *getname,
		      struct toa_hook *syn_recv)
{
	struct socket *sock;
	int err = toa_sock_create(family, SOCK_STREAM, IPPROTO_TCP, &sock);

	if (err)
		return err;
	getname->addr = (unsigned long)sock->ops->getname;
	syn_recv->addr = (unsigned long)
		inet_csk(sock->sk)->icsk_af_ops->syn_recv_sock;
	sock_release(sock);
	return 0;
}

static void empty_remove(unsigned int count)
{
	while (count--)
		toa_hook_ftrace.remove(&empty_hooks[count]);
}

static int __init empty_init(void)
{
	unsigned int i;
	int err;

	err = empty_find(AF_INET, &empty_hooks[GETNAME_V4],
			 &empty_hooks[SYN_RECV_V4]);
	if (err)
		return err;
	err = empty_find(AF_INET6, &empty_hooks[GETNAME_V6],
			 &empty_hooks[SYN_RECV_V6]);
	if (err)
		return err;
	for (i = 0; i < HOOKS; i++) {
		err = toa_hook_ftrace.install(&empty_hooks[i]);
		if (err)
			goto remove_hooks;
	}
	return 0;

remove_hooks:
	empty_remove(i);
	return err;
}

static void __exit empty_exit(void)
{
	empty_remove(HOOKS);
}

module_init(empty_init);
module_exit(empty_exit);

MODULE_DESCRIPTION("Hooks that do nothing, to be compared with");
MODULE_LICENSE("GPL");
