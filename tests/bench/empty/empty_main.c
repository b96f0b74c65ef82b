// SPDX-License-Identifier: GPL-2.0
/*
 * What hooking costs by itself: toa's ftrace hooks, and callbacks that return at once
 *
 * On the functions that a name, a handshake and the end of a socket pass. No module
 * that hooks them so can be cheaper for who has no client.
 */
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/net.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>
/* Needs the others. */
#include <net/inet_common.h>

#include "src/compat.h"
#include "src/hook.h"

static void empty_callback(TOA_FTRACE_PARAMS)
{
}

static void empty_watch(TOA_WATCH_PARAMS)
{
}

enum {
	GETNAME_V4,
	GETNAME_V6,
	SYN_RECV_V4,
	SYN_RECV_V6,
	CHECK_REQ,
	DESTRUCT,
	DISCONNECT,
	UNHASH_V4,
	UNHASH_V6,
	HOOKS
};

#define EMPTY_DIVERT	{ .callback = empty_callback }
#define EMPTY_WATCH	{ .callback = empty_callback, .watch = empty_watch }

static struct toa_hook empty_hooks[HOOKS] = {
	[GETNAME_V4]	= EMPTY_DIVERT,
	[GETNAME_V6]	= EMPTY_DIVERT,
	[SYN_RECV_V4]	= EMPTY_DIVERT,
	[SYN_RECV_V6]	= EMPTY_DIVERT,
	[CHECK_REQ]	= { .callback = empty_callback, .watch = empty_watch,
			    .symbol = "tcp_check_req" },
	[DESTRUCT]	= EMPTY_WATCH,
	[DISCONNECT]	= EMPTY_WATCH,
	[UNHASH_V4]	= EMPTY_WATCH,
	[UNHASH_V6]	= EMPTY_WATCH,
};

static void empty_point(unsigned int hook, const void *function)
{
	empty_hooks[hook].addr = (unsigned long)function;
}

static void empty_find_v4(const struct socket *sock)
{
	const struct sock *sk = sock->sk;

	empty_point(GETNAME_V4, sock->ops->getname);
	empty_point(SYN_RECV_V4, inet_csk(sk)->icsk_af_ops->syn_recv_sock);
	empty_point(DESTRUCT, inet_sock_destruct);
	empty_point(DISCONNECT, sk->sk_prot->disconnect);
	empty_point(UNHASH_V4, sk->sk_prot->unhash);
}

static void empty_find_v6(const struct socket *sock)
{
	const struct sock *sk = sock->sk;

	empty_point(GETNAME_V6, sock->ops->getname);
	empty_point(SYN_RECV_V6, inet_csk(sk)->icsk_af_ops->syn_recv_sock);
	/* Where it is IPv4's, too, one hook is enough. */
	if ((unsigned long)sk->sk_prot->unhash != empty_hooks[UNHASH_V4].addr)
		empty_point(UNHASH_V6, sk->sk_prot->unhash);
}

/* As src/probe.c does. */
static int empty_find(int family, void (*find)(const struct socket *sock))
{
	struct socket *sock;
	int err = toa_sock_create(family, SOCK_STREAM, IPPROTO_TCP, &sock);

	if (err)
		return err;
	find(sock);
	sock_release(sock);
	return 0;
}

static bool empty_is_wanted(const struct toa_hook *hook)
{
	return hook->addr || hook->symbol;
}

static void empty_remove(unsigned int count)
{
	while (count--)
		if (empty_is_wanted(&empty_hooks[count]))
			toa_hook_ftrace.remove(&empty_hooks[count]);
}

static int __init empty_init(void)
{
	unsigned int i;
	int err;

	err = empty_find(AF_INET, empty_find_v4) ?:
	      empty_find(AF_INET6, empty_find_v6);
	if (err)
		return err;
	for (i = 0; i < HOOKS; i++) {
		if (!empty_is_wanted(&empty_hooks[i]))
			continue;
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
