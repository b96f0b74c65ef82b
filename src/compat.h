/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every difference between kernels, and nothing else
 *
 * The rest of the module is written for the newest kernel. A test is made, in
 * this order of preference, on the symbol itself (#ifdef), on a type, by a probe
 * of the header in Kbuild (TOA_HAVE_...), and only then on a version, because
 * stable series and distributions move features between versions.
 */
#ifndef TOA_COMPAT_H
#define TOA_COMPAT_H

#include <linux/ftrace.h>
#include <linux/in6.h>
#include <linux/kprobes.h>
#include <linux/mount.h>
#include <linux/path.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>

#ifndef CONFIG_64BIT
#error "toa: 32-bit kernels are not supported."
#endif

#if !defined(CONFIG_INET) || !defined(CONFIG_KPROBES) || !defined(CONFIG_NETFILTER)
#error "toa: this kernel needs CONFIG_INET, CONFIG_KPROBES and CONFIG_NETFILTER."
#endif

/*
 * The parameters of icsk_af_ops->syn_recv_sock, and a call that passes them on.
 * opt_child_init came with 858d2a4f67ff ("tcp: fix potential race in
 * tcp_v6_syn_recv_sock()", 2026) and from there into the stable series. Whoever
 * calls the original with one argument too few has the kernel call whatever the
 * register held; toa.c asserts that its own prototype is the kernel's.
 */
#ifdef TOA_HAVE_OPT_CHILD_INIT
#define TOA_SYN_RECV_PARAMS						\
	const struct sock *sk, struct sk_buff *skb,			\
	struct request_sock *req, struct dst_entry *dst,		\
	struct request_sock *req_unhash, bool *own_req,			\
	void (*opt_child_init)(struct sock *newsk, const struct sock *sk)
#define TOA_SYN_RECV_CALL(fn)						\
	((fn)(sk, skb, req, dst, req_unhash, own_req, opt_child_init))
#else
#define TOA_SYN_RECV_PARAMS						\
	const struct sock *sk, struct sk_buff *skb,			\
	struct request_sock *req, struct dst_entry *dst,		\
	struct request_sock *req_unhash, bool *own_req
#define TOA_SYN_RECV_CALL(fn)						\
	((fn)(sk, skb, req, dst, req_unhash, own_req))
#endif /* TOA_HAVE_OPT_CHILD_INIT */

/* Call a syn_recv_sock directly, as the self-check does. */
#ifdef TOA_HAVE_OPT_CHILD_INIT
#define toa_syn_recv_call(fn, sk, skb, req, own_req)			\
	((fn)(sk, skb, req, NULL, NULL, own_req, NULL))
#else
#define toa_syn_recv_call(fn, sk, skb, req, own_req)			\
	((fn)(sk, skb, req, NULL, NULL, own_req))
#endif /* TOA_HAVE_OPT_CHILD_INIT */

/* Where own_req stands among the arguments, from 0. */
#define TOA_SYN_RECV_OWN_REQ	5

/*
 * The registers that an ftrace callback gets: pt_regs up to 5.10, ftrace_regs
 * since 5.11, with accessors since 6.2. Between the two it is a pt_regs in a
 * box, of which the arguments and the instruction pointer are always filled.
 */
#if defined(TOA_HAVE_FTRACE_REGS_GET_ARGUMENT)

#define toa_fregs		ftrace_regs
#define toa_fregs_arg(r, n)	ftrace_regs_get_argument(r, n)
#define toa_fregs_set_ip(r, ip)	ftrace_regs_set_instruction_pointer(r, ip)

#elif defined(TOA_HAVE_FTRACE_REGS)

#define toa_fregs		ftrace_regs
#define toa_fregs_arg(r, n)	regs_get_kernel_argument(&(r)->regs, n)
#define toa_fregs_set_ip(r, ip)	instruction_pointer_set(&(r)->regs, ip)

#else

#define toa_fregs		pt_regs
#define toa_fregs_arg(r, n)	regs_get_kernel_argument(r, n)
#define toa_fregs_set_ip(r, ip)	instruction_pointer_set(r, ip)

#endif /* registers of an ftrace callback */

/*
 * Without WITH_ARGS a callback gets registers only if it asks for all of them;
 * with it, asking costs some fifty instructions a call and arm64 refuses.
 */
#ifdef CONFIG_DYNAMIC_FTRACE_WITH_ARGS
#define TOA_FTRACE_SAVE_REGS	0
#else
#define TOA_FTRACE_SAVE_REGS	FTRACE_OPS_FL_SAVE_REGS
#endif

/* PERMANENT: sysctl kernel.ftrace_enabled=0 cannot take the hook away. */
#ifdef TOA_HAVE_FTRACE_PERMANENT
#define TOA_FTRACE_PERMANENT	FTRACE_OPS_FL_PERMANENT
#else
#define TOA_FTRACE_PERMANENT	0
#endif

/*
 * Our callbacks cannot recurse: none calls the function that it hooks. Up to
 * 5.10 RECURSION_SAFE says so; since 5.11 saying nothing does, and asking for
 * protection would let the core skip a callback, which is a lost address.
 */
#ifdef TOA_HAVE_FTRACE_RECURSION_SAFE
#define TOA_FTRACE_UNPROTECTED	FTRACE_OPS_FL_RECURSION_SAFE
#else
#define TOA_FTRACE_UNPROTECTED	0
#endif

/*
 * May sk_user_data hold a tag? Where a sockmap's pointer has a mark of its own
 * (SK_USER_DATA_PSOCK), kTLS and the others leave a value without it alone;
 * before, kTLS takes any value for a pointer and follows it. And only where
 * ftrace cannot be switched off is the hook that clears a tag sure to run.
 */
#if defined(SK_USER_DATA_PSOCK) && defined(TOA_HAVE_FTRACE_PERMANENT)
#define TOA_TAG_SAFE		true
#else
#define TOA_TAG_SAFE		false
#endif

/* A file of /proc that shows one text and takes another; struct proc_ops: 5.6. */
#ifdef TOA_HAVE_PROC_OPS
#define TOA_SINGLE_FILE(name, open_it, write_it)			\
static const struct proc_ops name = {					\
	.proc_open	= open_it,					\
	.proc_read	= seq_read,					\
	.proc_lseek	= seq_lseek,					\
	.proc_release	= single_release,				\
	.proc_write	= write_it,					\
}
#else
#define TOA_SINGLE_FILE(name, open_it, write_it)			\
static const struct file_operations name = {				\
	.owner		= THIS_MODULE,					\
	.open		= open_it,					\
	.read		= seq_read,					\
	.llseek		= seq_lseek,					\
	.release	= single_release,				\
	.write		= write_it,					\
}
#endif /* TOA_HAVE_PROC_OPS */

/* Exported everywhere; its declaration was private from 3.6 to 6.3. */
#ifndef TOA_HAVE_VFS_PATH_LOOKUP
int vfs_path_lookup(struct dentry *dentry, struct vfsmount *mnt,
		    const char *name, unsigned int flags, struct path *path);
#endif /* TOA_HAVE_VFS_PATH_LOOKUP */

/* Where a network namespace has its TCP connections. */
#ifdef TOA_HAVE_DEATH_ROW_POINTER
#define toa_net_hashinfo(net)	((net)->ipv4.tcp_death_row->hashinfo)
#else
#define toa_net_hashinfo(net)	((net)->ipv4.tcp_death_row.hashinfo)
#endif

/*
 * Until every task, preempted ones too, and every softirq has gone on from where
 * it is now.
 */
static inline void toa_wait_for_tasks(void)
{
	synchronize_rcu_tasks();
	synchronize_rcu();
}

/* The kretprobe of an instance: a member up to 5.10, looked up since. */
#ifdef TOA_HAVE_GET_KRETPROBE
#define toa_kretprobe_of(ri)	get_kretprobe(ri)
#else
#define toa_kretprobe_of(ri)	((ri)->rp)
#endif

/* A socket's IPv6 addresses; a kernel without IPv6 has no place for them. */
static inline const struct in6_addr *toa_sock_v6_remote(const struct sock *sk)
{
#if IS_ENABLED(CONFIG_IPV6)
	return &sk->sk_v6_daddr;
#else
	return &in6addr_any;
#endif /* CONFIG_IPV6 */
}

static inline const struct in6_addr *toa_sock_v6_local(const struct sock *sk)
{
#if IS_ENABLED(CONFIG_IPV6)
	return &sk->sk_v6_rcv_saddr;
#else
	return &in6addr_any;
#endif /* CONFIG_IPV6 */
}

#endif /* TOA_COMPAT_H */
