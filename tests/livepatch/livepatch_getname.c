// SPDX-License-Identifier: GPL-2.0
/*
 * A livepatch of a function that toa hooks, for the tests
 *
 * inet_getname() becomes another function that does the same, as after a
 * security fix. A livepatch and an ftrace hook of toa's change where a call goes
 * on, and the kernel allows one such user for a function.
 */
#include <linux/in.h>
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/string.h>
#include <net/inet_sock.h>
#include <net/tcp_states.h>

static int livepatch_getname(struct socket *sock, struct sockaddr *addr,
			     int peer)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)addr;
	const struct inet_sock *inet = inet_sk(sock->sk);

	if (peer && (!inet->inet_dport ||
		     (peer == 1 && (1 << READ_ONCE(sock->sk->sk_state)) &
				   (TCPF_CLOSE | TCPF_SYN_SENT))))
		return -ENOTCONN;
	sin->sin_family = AF_INET;
	sin->sin_port = peer ? inet->inet_dport : inet->inet_sport;
	sin->sin_addr.s_addr = peer ? inet->inet_daddr :
				      inet->inet_rcv_saddr ?: inet->inet_saddr;
	memset(sin->sin_zero, 0, sizeof(sin->sin_zero));
	return sizeof(*sin);
}

static struct klp_func functions[] = {
	{ .old_name = "inet_getname", .new_func = livepatch_getname },
	{ }
};

static struct klp_object objects[] = {
	{ .funcs = functions },	/* without a name: vmlinux */
	{ }
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objects,
};

static int __init livepatch_getname_init(void)
{
	return klp_enable_patch(&patch);
}

/* A livepatch is removed only after it was disabled in sysfs. */
static void __exit livepatch_getname_exit(void)
{
}

module_init(livepatch_getname_init);
module_exit(livepatch_getname_exit);

MODULE_DESCRIPTION("Livepatch of inet_getname() for the tests of toa");
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
