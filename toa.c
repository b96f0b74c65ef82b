// SPDX-License-Identifier: GPL-2.0
/*
 * Show programs the client behind a layer-4 balancer
 *
 *	client ----> balancer ----> this machine
 *	               puts the client's address and port into a TCP option
 *
 * Two places are hooked. Where a handshake completes (syn_recv_sock), the option
 * of the segment that completes it is read and the client remembered with the
 * new socket. Where a program asks for its peer (getname, under accept(),
 * getpeername() and SO_PEERNAME), the remembered client is the answer. More places,
 * where a socket is disconnected, closed or destroyed, make it forgotten in time.
 *
 * Everything else of the connection stays what it is: routing, firewalls, ss and
 * /proc/net/tcp see the balancer.
 */
#define pr_fmt(fmt) "TOA: " fmt

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>
/* Uses what the others declare, and on old kernels does not include them. */
#include <net/inet_common.h>

#include "src/compat.h"
#include "src/conns.h"
#include "src/early.h"
#include "src/handshake.h"
#include "src/hook.h"
#include "src/later.h"
#include "src/mptcp.h"
#include "src/name.h"
#include "src/probe.h"
#include "src/request.h"
#include "src/sockopt.h"
#include "src/stats.h"
#include "src/store.h"
#include "src/trust.h"
#include "toa.h"

static char *hook = "auto";
module_param(hook, charp, 0444);
MODULE_PARM_DESC(hook,
		 "how to hook: auto (ftrace, kretprobe where it is refused), ftrace or kretprobe");

static unsigned int max_clients = 1024 * 1024;
module_param(max_clients, uint, 0444);
MODULE_PARM_DESC(max_clients,
		 "how many connections may have their client in the table at one time; further ones show the balancer");

static bool sk_user_data = true;
module_param(sk_user_data, bool, 0444);
MODULE_PARM_DESC(sk_user_data,
		 "keep IPv4 clients in their sockets (sk_user_data), where the kernel allows it; 0 puts them into the table and leaves sockets to sockmap, KCM and ovpn");

/* The parameter hook. */
static enum toa_hook_mode toa_mode;

/* Between toa_init() and toa_exit(). */
static bool toa_up;
/* Of toa_up, and of the hooks that come and go while it is true. */
static DEFINE_MUTEX(toa_up_lock);

static int toa_hook_add(struct toa_hook *which, const void *function,
			enum toa_hook_mode mode)
{
	int err = toa_hook_install(which, (unsigned long)function, mode);

	if (err)
		pr_err("cannot hook %s (error %d): another module or a livepatch holds it, or kernel.ftrace_enabled is 0\n",
		       which->name, err);
	return err;
}

/* Where each family has a function of its own, and IPv6 is there. */
static int toa_conn_request_v6_hook(void)
{
	if (!TOA_CONN_REQUEST_V6 || !toa_hook_syn_recv_v6.means)
		return 0;
	return toa_hook_add(&toa_hook_conn_request_v6, NULL, toa_mode);
}

static int toa_conn_request_hook(void)
{
	int err;

	err = toa_hook_add(&toa_hook_conn_request, NULL, toa_mode);
	if (err)
		return err;
	err = toa_conn_request_v6_hook();
	if (err)
		toa_hook_remove(&toa_hook_conn_request);
	return err;
}

/* Call with toa_up_lock held. */
static int toa_syn_switch(bool on)
{
	if (!on) {
		toa_hook_remove(&toa_hook_conn_request_v6);
		toa_hook_remove(&toa_hook_conn_request);
		return 0;
	}
	if (toa_hook_conn_request.means)
		return 0;
	return toa_conn_request_hook();
}

/* Before the module is up, and when it goes, there is only the wish. */
static int toa_syn_set(const char *value, const struct kernel_param *param)
{
	struct kernel_param copy = *param;
	bool on;
	int err;

	copy.arg = &on;
	err = param_set_bool(value, &copy);
	if (err)
		return err;
	mutex_lock(&toa_up_lock);
	err = toa_up ? toa_syn_switch(on) : 0;
	if (!err)
		WRITE_ONCE(toa_syn_asked, on);
	mutex_unlock(&toa_up_lock);
	return err;
}

static const struct kernel_param_ops toa_syn_ops = {
	TOA_PARAM_NOARG
	.set	= toa_syn_set,
	.get	= toa_param_get_bool,
};

module_param_cb(syn, &toa_syn_ops, &toa_syn_asked, 0644);
MODULE_PARM_DESC(syn,
		 "where the segment that completes a handshake names no client, take the SYN's (bool)");

/*
 * The end.
 */

/* Every socket comes by, and most have no client: those make no call. */
static void toa_sock_forget(TOA_WATCH_PARAMS)
{
	struct sock *sk = (struct sock *)arg0;

	if (unlikely(toa_store_may_have(sk)))
		toa_store_drop(sk);
}

static void toa_sock_settle(TOA_WATCH_PARAMS)
{
	struct sock *sk = (struct sock *)arg0;
	int err;

	if (likely(!toa_store_has_tag(sk)))
		return;
	err = toa_store_settle(sk);
	if (unlikely(err))
		toa_stat_inc(sk, toa_stat_of_store_error(err));
}

TOA_HOOK_WATCH(toa_sock_forget_callback, toa_sock_forget)
TOA_HOOK_WATCH(toa_sock_settle_callback, toa_sock_settle)

static struct toa_hook toa_hook_destruct = {
	.name		= "inet_sock_destruct",
	.callback	= toa_sock_forget_callback,
	.watch		= toa_sock_forget,
};

static struct toa_hook toa_hook_disconnect = {
	.name		= "tcp_disconnect",
	.callback	= toa_sock_forget_callback,
	.watch		= toa_sock_forget,
};

struct toa_hook toa_hook_mptcp_disconnect = {
	.name		= "mptcp_disconnect",
	.callback	= toa_sock_forget_callback,
	.watch		= toa_sock_forget,
};

static struct toa_hook toa_hook_unhash_v4 = {
	.name		= "unhash (IPv4)",
	.callback	= toa_sock_settle_callback,
	.watch		= toa_sock_settle,
};

static struct toa_hook toa_hook_unhash_v6 = {
	.name		= "unhash (IPv6)",
	.callback	= toa_sock_settle_callback,
	.watch		= toa_sock_settle,
};

static const struct toa_hook *const toa_hooks[] = {
	&toa_hook_getname_v4,
	&toa_hook_getname_v6,
	&toa_hook_syn_recv_v4,
	&toa_hook_syn_recv_v6,
	&toa_hook_conn_request,
	&toa_hook_conn_request_v6,
	&toa_hook_check_req,
	&toa_hook_destruct,
	&toa_hook_disconnect,
	&toa_hook_mptcp_disconnect,
	&toa_hook_unhash_v4,
	&toa_hook_unhash_v6,
};

static int toa_hooks_get(char *page, const struct kernel_param *param)
{
	size_t i, len = 0;

	for (i = 0; i < ARRAY_SIZE(toa_hooks); i++)
		len += toa_hook_print(toa_hooks[i], page + len,
				      PAGE_SIZE - len);
	return len;
}

static int toa_hooks_set(const char *value, const struct kernel_param *param)
{
	pr_err("hooks can only be read; hook= says how to hook\n");
	return -EPERM;
}

static const struct kernel_param_ops toa_hooks_ops = {
	.set	= toa_hooks_set,
	.get	= toa_hooks_get,
};

module_param_cb(hooks, &toa_hooks_ops, NULL, 0444);
MODULE_PARM_DESC(hooks,
		 "how each function is hooked: its name, ftrace or kretprobe, and how many calls were missed");

/*
 * Without it, as where net.mptcp.enabled is 0, an MPTCP socket shows its client as long
 * as its first subflow lives.
 */
static int toa_mptcp_hook(enum toa_hook_mode mode)
{
	const void *disconnect = toa_probe_mptcp_disconnect();

	if (!disconnect)
		return 0;
	return toa_hook_add(&toa_hook_mptcp_disconnect, disconnect, mode);
}

/* What makes a client forgotten: in place before any can be remembered. */
static int toa_lifetime_hook(enum toa_hook_mode mode)
{
	const struct sock *sk = toa_probe_v4.sock->sk;
	int err;

	err = toa_hook_add(&toa_hook_destruct, inet_sock_destruct, mode);
	if (err)
		return err;
	err = toa_hook_add(&toa_hook_disconnect, sk->sk_prot->disconnect, mode);
	if (err)
		return err;
	err = toa_mptcp_hook(mode);
	if (err)
		return err;
	return toa_probe_check_lifetime();
}

static bool toa_tag_possible(void)
{
	return TOA_TAG_SAFE && toa_hook_is_sure(&toa_hook_disconnect) &&
	       toa_hook_is_sure(&toa_hook_destruct);
}

static int toa_unhash_v6_hook(void)
{
	const struct socket *v4 = toa_probe_v4.sock, *v6 = toa_probe_v6.sock;

	if (!v6 || v6->sk->sk_prot->unhash == v4->sk->sk_prot->unhash)
		return 0;
	return toa_hook_add(&toa_hook_unhash_v6, v6->sk->sk_prot->unhash,
			    TOA_HOOK_FTRACE);
}

static int toa_unhash_hook(void)
{
	int err;

	err = toa_hook_add(&toa_hook_unhash_v4,
			   toa_probe_v4.sock->sk->sk_prot->unhash,
			   TOA_HOOK_FTRACE);
	return err ?: toa_unhash_v6_hook();
}

/*
 * Tags, if they are wanted and can be had. Afterwards the parameter says what
 * became of the wish.
 */
static int toa_tag_choose(void)
{
	int err;

	sk_user_data = sk_user_data && toa_tag_possible();
	if (!sk_user_data)
		return 0;
	err = toa_unhash_hook();
	if (err)
		return err;
	toa_store_tag(true);
	return toa_probe_check_settle();
}

static int toa_family_hook(struct toa_probe *probe, enum toa_hook_mode mode,
			   struct toa_hook *getname, struct toa_hook *syn_recv)
{
	const struct sock *sk;
	int err;

	if (!probe->sock)
		return 0;
	sk = probe->sock->sk;
	err = toa_hook_add(getname, probe->sock->ops->getname, mode);
	if (err)
		return err;
	err = toa_probe_check_getname(probe);
	if (err)
		return err;
	err = toa_hook_add(syn_recv, inet_csk(sk)->icsk_af_ops->syn_recv_sock,
			   mode);
	if (err)
		return err;
	return toa_probe_check_syn_recv(probe);
}

/* Without it, the client of an ACK that is dropped is not known later on. */
static void toa_check_req_hook(enum toa_hook_mode mode)
{
	int err = toa_hook_install(&toa_hook_check_req, 0, mode);

	if (err)
		pr_notice("cannot hook %s (error %d): with TCP_DEFER_ACCEPT, a client that only the bare ACK names is not shown\n",
			  toa_hook_check_req.name, err);
}

static int toa_hooks_add(enum toa_hook_mode mode)
{
	int err;

	err = toa_lifetime_hook(mode);
	if (err)
		return err;
	err = toa_tag_choose();
	if (err)
		return err;
	err = toa_family_hook(&toa_probe_v4, mode, &toa_hook_getname_v4,
			      &toa_hook_syn_recv_v4);
	if (err)
		return err;
	err = toa_family_hook(&toa_probe_v6, mode, &toa_hook_getname_v6,
			      &toa_hook_syn_recv_v6);
	if (err)
		return err;
	toa_check_req_hook(mode);
	return 0;
}

/* IPv6 was not there when the others were hooked. */
static int toa_v6_hook(void)
{
	int err = toa_probe_init();

	if (err)
		return err;
	err = sk_user_data ? toa_unhash_v6_hook() : 0;
	if (!err)
		err = toa_family_hook(&toa_probe_v6, toa_mode,
				      &toa_hook_getname_v6,
				      &toa_hook_syn_recv_v6);
	if (!err && toa_hook_conn_request.means)
		err = toa_conn_request_v6_hook();
	toa_probe_exit();
	return err;
}

static void toa_v6_come(void)
{
	int err = 0;

	mutex_lock(&toa_up_lock);
	if (toa_up && !toa_hook_getname_v6.means)
		err = toa_v6_hook();
	if (err) {
		pr_err("IPv6 has come and cannot be hooked (error %d): its sockets show the balancer until toa is loaded again\n",
		       err);
		toa_hook_remove(&toa_hook_conn_request_v6);
		toa_hook_remove(&toa_hook_syn_recv_v6);
		toa_hook_remove(&toa_hook_getname_v6);
		/* That of unhash stays: a client may have been tagged. */
	}
	mutex_unlock(&toa_up_lock);
}

/*
 * Nobody new is remembered, then nobody is answered, then no tag is left, then
 * nobody is forgotten.
 */
static void toa_hooks_remove(void)
{
	toa_hook_remove(&toa_hook_check_req);
	toa_hook_remove(&toa_hook_syn_recv_v6);
	toa_hook_remove(&toa_hook_syn_recv_v4);
	toa_hook_remove(&toa_hook_getname_v6);
	toa_hook_remove(&toa_hook_getname_v4);
	toa_store_clear();
	toa_hook_remove(&toa_hook_unhash_v6);
	toa_hook_remove(&toa_hook_unhash_v4);
	toa_hook_remove(&toa_hook_mptcp_disconnect);
	toa_hook_remove(&toa_hook_disconnect);
	toa_hook_remove(&toa_hook_destruct);
}

/* From here on writing to the parameter installs the hook and removes it. */
static int toa_syn_up(void)
{
	int err;

	mutex_lock(&toa_up_lock);
	err = toa_syn_switch(toa_syn_asked);
	toa_up = !err;
	mutex_unlock(&toa_up_lock);
	return err;
}

static void toa_syn_down(void)
{
	mutex_lock(&toa_up_lock);
	toa_up = false;
	toa_syn_switch(false);
	mutex_unlock(&toa_up_lock);
}

static int __init toa_mode_choose(void)
{
	int err = toa_hook_mode_parse(hook, &toa_mode);

	if (err == -EOPNOTSUPP)
		pr_err("hook=%s is not possible: this kernel's ftrace cannot divert calls; use auto or kretprobe\n",
		       hook);
	else if (err)
		pr_err("hook=%s is not known; use auto, ftrace or kretprobe\n",
		       hook);
	return err;
}

static int __init toa_start(void)
{
	int err;

	err = toa_mode_choose();
	if (err)
		return err;
	err = toa_store_init(max_clients);
	if (err)
		return err;
	err = toa_stats_init();
	if (err)
		goto exit_store;
	err = toa_conns_init();
	if (err)
		goto exit_stats;
	err = toa_trust_init();
	if (err)
		goto exit_conns;
	err = toa_sockopt_init();
	if (err) {
		pr_err("getsockopt() number %d is taken (error %d): is another toa module loaded?\n",
		       TOA_SO_GET_LOOKUP, err);
		goto exit_trust;
	}
	err = toa_early_init();
	if (err)
		goto exit_sockopt;
	err = toa_later_init(toa_v6_come);
	if (err)
		goto exit_early;
	err = toa_probe_init();
	if (err)
		goto exit_later;
	err = toa_hooks_add(toa_mode);
	if (err)
		goto remove_hooks;
	err = toa_syn_up();
	if (err)
		goto remove_hooks;
	toa_probe_exit();
	/* It may have come in between, too early for toa_up. */
	if (IS_MODULE(CONFIG_IPV6))
		toa_v6_come();
	pr_info("toa loaded\n");
	return 0;

remove_hooks:
	toa_hooks_remove();
	toa_probe_exit();
exit_later:
	toa_later_exit();
exit_early:
	toa_early_exit();
exit_sockopt:
	toa_sockopt_exit();
exit_trust:
	toa_trust_exit();
exit_conns:
	toa_conns_exit();
exit_stats:
	toa_stats_exit();
exit_store:
	toa_store_exit();
	return err;
}

static int __init toa_init(void)
{
	int err = toa_start();

	if (err)
		toa_trust_forget();
	return err;
}

static void __exit toa_exit(void)
{
	toa_syn_down();
	toa_later_exit();
	toa_hooks_remove();
	toa_early_exit();
	toa_sockopt_exit();
	toa_trust_exit();
	toa_conns_exit();
	toa_stats_exit();
	toa_store_exit();
	toa_trust_forget();
	pr_info("toa unloaded\n");
}

module_init(toa_init);
module_exit(toa_exit);

MODULE_DESCRIPTION("Client addresses from the TCP option of a layer-4 balancer");
MODULE_VERSION(TOA_VERSION);
MODULE_LICENSE("GPL");
