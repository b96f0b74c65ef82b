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

#include <linux/err.h>
#include <linux/ftrace.h>
#include <linux/hash.h>
#include <linux/in6.h>
#include <linux/ipv6.h>
#include <linux/kprobes.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/net.h>
#include <linux/path.h>
#include <linux/percpu.h>
#include <linux/percpu_counter.h>
#include <linux/preempt.h>
#include <linux/proc_fs.h>
#include <linux/ptrace.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/seq_file_net.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/tracepoint.h>
#include <linux/types.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/vmalloc.h>
#include <net/inet_connection_sock.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/sock.h>
#include <net/tcp.h>

#ifndef CONFIG_64BIT
#error "toa: 32-bit kernels are not supported."
#endif

#if !defined(CONFIG_INET) || !defined(CONFIG_KPROBES) || !defined(CONFIG_NETFILTER)
#error "toa: this kernel needs CONFIG_INET, CONFIG_KPROBES and CONFIG_NETFILTER."
#endif

/*
 * The language.
 */

/* 5.1. Before gcc 4.6 the compiler shows the line, and with it the text. */
#ifndef static_assert
#if __GNUC__ > 4 || (__GNUC__ == 4 && __GNUC_MINOR__ >= 6)
#define static_assert(is, text)	_Static_assert(is, text)
#else
#define static_assert(is, text)						\
	extern const char toa_assertion[(is) && sizeof(text) ? 1 : -1]
#endif
#endif /* static_assert */

/* 3.19; RHEL 6 has one that takes no const. */
#if !defined(READ_ONCE) || defined(TOA_HAVE_READ_ONCE_MUTABLE)
#undef READ_ONCE
#define READ_ONCE(x)		(*(const volatile typeof(x) *)&(x))
#undef WRITE_ONCE
#define WRITE_ONCE(x, to)	(*(volatile typeof(x) *)&(x) = (to))
#endif

/* 2.6.34 to 3.0. */
#ifndef __rcu
#define __rcu
#endif
#ifndef rcu_access_pointer
#define rcu_access_pointer(p)	READ_ONCE(p)
#endif
#ifndef rcu_dereference_protected
#define rcu_dereference_protected(p, held)	(p)
#endif
#ifndef RCU_INIT_POINTER
#define RCU_INIT_POINTER(p, to)	((p) = (to))
#endif

/* 3.1 and 3.2: is an option y or m, is it m? */
#ifndef IS_ENABLED
#define toa_comma_1		0,
#define toa_second(a, b, ...)	b
#define toa_defined(value)	toa_defined_(value)
#define toa_defined_(value)	toa_defined__(toa_comma_##value)
#define toa_defined__(comma)	toa_second(comma 1, 0, 0)
#define IS_ENABLED(option)	(toa_defined(option) || IS_MODULE(option))
#define IS_MODULE(option)	toa_defined(option##_MODULE)
#endif

/* 3.5. */
#ifndef SIZE_MAX
#define SIZE_MAX		(~(size_t)0)
#endif

/* 4.18. */
#ifndef TOA_HAVE_ARRAY_SIZE
static inline size_t array_size(size_t count, size_t size)
{
	return size && count > SIZE_MAX / size ? SIZE_MAX : count * size;
}
#endif

/* 4.7; the older GOLDEN_RATIO_PRIME_64 spreads less. */
#ifndef GOLDEN_RATIO_64
#define GOLDEN_RATIO_64		0x61c8864680b583ebULL
#endif

/* 5.8. What is read while others write it, and KCSAN need not tell. */
#ifdef data_race
/* Whoever uses it says why that is right. */
#define toa_race(expr)		data_race(expr)
#else
#define toa_race(expr)		(expr)
#endif

/*
 * The functions that are hooked.
 */

/*
 * The parameters of icsk_af_ops->syn_recv_sock, and how they are passed on.
 * opt_child_init came with 858d2a4f67ff ("tcp: fix potential race in
 * tcp_v6_syn_recv_sock()", 2026) and from there into the stable series. Whoever
 * calls the original with one argument too few has the kernel call whatever the
 * register held; handshake.c asserts that its own prototype is the kernel's.
 */
#if defined(TOA_HAVE_OPT_CHILD_INIT)

#define TOA_SYN_RECV_PARAMS						\
	const struct sock *sk, struct sk_buff *skb,			\
	struct request_sock *req, struct dst_entry *dst,		\
	struct request_sock *req_unhash, bool *own_req,			\
	void (*opt_child_init)(struct sock *newsk, const struct sock *sk)
#define TOA_SYN_RECV_ARGS						\
	sk, skb, req, dst, req_unhash, own_req, opt_child_init
/* Call a syn_recv_sock directly, as the self-check does. */
#define toa_syn_recv_call(fn, sk, skb, req, own_req)			\
	((fn)(sk, skb, req, NULL, NULL, own_req, NULL))

#elif defined(TOA_HAVE_OWN_REQ)

#define TOA_SYN_RECV_PARAMS						\
	const struct sock *sk, struct sk_buff *skb,			\
	struct request_sock *req, struct dst_entry *dst,		\
	struct request_sock *req_unhash, bool *own_req
#define TOA_SYN_RECV_ARGS						\
	sk, skb, req, dst, req_unhash, own_req
#define toa_syn_recv_call(fn, sk, skb, req, own_req)			\
	((fn)(sk, skb, req, NULL, NULL, own_req))

#else

#define TOA_SYN_RECV_PARAMS						\
	struct sock *sk, struct sk_buff *skb,				\
	struct request_sock *req, struct dst_entry *dst
#define TOA_SYN_RECV_ARGS						\
	sk, skb, req, dst
#define toa_syn_recv_call(fn, sk, skb, req, own_req)			\
	((void)(own_req), (fn)(sk, skb, req, NULL))

#endif /* parameters of syn_recv_sock */

/*
 * Where the child's making says whether it was the first: in TOA_SYN_RECV_PARAMS,
 * and among the arguments that a kretprobe sees. Up to 4.3 the listener is locked
 * while a handshake completes, so there is no other.
 */
static inline const bool *toa_syn_recv_own_req(const unsigned long *arg)
{
#ifdef TOA_HAVE_OWN_REQ
	return (const bool *)arg[5];
#else
	static const bool own_req = true;

	return &own_req;
#endif /* TOA_HAVE_OWN_REQ */
}

#ifdef TOA_HAVE_OWN_REQ
#define TOA_SYN_RECV_OWN_REQ	own_req
#else
#define TOA_SYN_RECV_OWN_REQ	toa_syn_recv_own_req(NULL)
#endif

/*
 * getname() returns the length since 4.17; before, it wrote it through a pointer
 * that stood before @peer, and returned 0. A diverting hook needs the arguments
 * up to @peer.
 */
#ifdef TOA_HAVE_GETNAME_LEN

#define TOA_GETNAME_PARAMS						\
	struct socket *sock, struct sockaddr *addr, int *uaddr_len, int peer
#define TOA_GETNAME_PEER		3
#define toa_getname_done(len)		(*uaddr_len = (len), 0)
#define toa_getname_named(ret)		((int)(ret) == 0)
#define TOA_DIVERT_PARAMS						\
	unsigned long arg0, unsigned long arg1,				\
	unsigned long arg2, unsigned long arg3
#define TOA_DIVERT_PEER			arg3
#define toa_divert_call(divert, regs)					\
({									\
	struct toa_fregs *r = (regs);					\
									\
	(divert)(toa_fregs_arg(r, 0), toa_fregs_arg(r, 1),		\
		 toa_fregs_arg(r, 2), toa_fregs_arg(r, 3));		\
})

static inline void toa_getname_call(struct socket *sock, struct sockaddr *addr,
				    int peer)
{
	int len;

	sock->ops->getname(sock, addr, &len, peer);
}

#else

#define TOA_GETNAME_PARAMS						\
	struct socket *sock, struct sockaddr *addr, int peer
#define TOA_GETNAME_PEER		2
#define toa_getname_done(len)		(len)
#define toa_getname_named(ret)		((int)(ret) > 0)
#define TOA_DIVERT_PARAMS						\
	unsigned long arg0, unsigned long arg1, unsigned long arg2
#define TOA_DIVERT_PEER			arg2
#define toa_divert_call(divert, regs)					\
({									\
	struct toa_fregs *r = (regs);					\
									\
	(divert)(toa_fregs_arg(r, 0), toa_fregs_arg(r, 1),		\
		 toa_fregs_arg(r, 2));					\
})

static inline void toa_getname_call(struct socket *sock, struct sockaddr *addr,
				    int peer)
{
	sock->ops->getname(sock, addr, peer);
}

#endif /* TOA_HAVE_GETNAME_LEN */

/*
 * Where tcp_conn_request() is, which every kind of listener calls for a SYN, with
 * its arguments. Before 3.17 each family had one of its own; IPv6's hands IPv4's
 * segments on.
 */
#ifdef TOA_HAVE_TCP_CONN_REQUEST
#define TOA_CONN_REQUEST	"tcp_conn_request"
#define TOA_CONN_REQUEST_V6	NULL
#define TOA_CONN_REQUEST_SK	2
#define TOA_CONN_REQUEST_SKB	3
#else
#define TOA_CONN_REQUEST	"tcp_v4_conn_request"
#define TOA_CONN_REQUEST_V6	"tcp_v6_conn_request"
#define TOA_CONN_REQUEST_SK	0
#define TOA_CONN_REQUEST_SKB	1
#endif /* TOA_HAVE_TCP_CONN_REQUEST */

/*
 * The means to hook them.
 */

/* A function's arguments in its registers: x86 has it since 4.20. */
#ifndef TOA_HAVE_REGS_GET_KERNEL_ARGUMENT
static inline unsigned long regs_get_kernel_argument(struct pt_regs *regs,
						     unsigned int n)
{
#ifdef CONFIG_X86_64
	const unsigned long arg[] = {
		regs->di, regs->si, regs->dx, regs->cx, regs->r8, regs->r9,
	};

	return arg[n];
#else
	return regs->regs[n];
#endif /* CONFIG_X86_64 */
}
#endif /* TOA_HAVE_REGS_GET_KERNEL_ARGUMENT */

/* 3.3. */
#ifndef TOA_HAVE_INSTRUCTION_POINTER_SET
static inline void instruction_pointer_set(struct pt_regs *regs,
					   unsigned long ip)
{
	regs->ip = ip;
}
#endif

/* x86 has it since 4.16. */
#ifndef TOA_HAVE_REGS_SET_RETURN_VALUE
static inline void regs_set_return_value(struct pt_regs *regs,
					 unsigned long value)
{
#ifdef CONFIG_X86_64
	regs->ax = value;
#else
	regs->regs[0] = value;
#endif /* CONFIG_X86_64 */
}
#endif /* TOA_HAVE_REGS_SET_RETURN_VALUE */

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

/* A kernel without the function tracer has no such thing to be embedded. */
#ifndef CONFIG_FUNCTION_TRACER
struct ftrace_ops { };
#endif

/* The parameters of an ftrace callback. */
#define TOA_FTRACE_PARAMS						\
	unsigned long ip, unsigned long parent_ip,			\
	struct ftrace_ops *ops, struct toa_fregs *regs

typedef void (*toa_ftrace_t)(TOA_FTRACE_PARAMS);

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

/* The kretprobe of an instance: a member up to 5.10, looked up since. */
#ifdef TOA_HAVE_GET_KRETPROBE
#define toa_kretprobe_of(ri)	get_kretprobe(ri)
#else
#define toa_kretprobe_of(ri)	((ri)->rp)
#endif

/*
 * Old kernels lose an instance that the function at the entry gives back, RHEL 6's
 * too: there it has to be kept until the return. No header tells, so a version
 * does: 3.10 is the oldest that was seen to take them back.
 */
#define TOA_KRETPROBE_LOSES	(LINUX_VERSION_CODE < KERNEL_VERSION(3, 10, 0))

/*
 * Sockets and network namespaces.
 */

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

/*
 * Does a new child's sk_user_data say that it belongs to a service in the kernel?
 * Up to 5.6 a child also inherits what a BPF reuseport array keeps with its
 * listener, without a mark. A program shares its ports; a service does not.
 */
static inline bool toa_child_is_foreign(const struct sock *sk)
{
	if (!rcu_access_pointer(sk->sk_user_data))
		return false;
#ifdef SK_USER_DATA_BPF
	return true;
#else
	return !sk->sk_reuseport;
#endif
}

/*
 * A socket of the kernel's own; 4.2. Before, only a want of a file tells them. So it is
 * in RHEL 8, where a TCP connection keeps the mark of the MPTCP listener's own socket
 * when a program accepts it.
 */
static inline bool toa_sock_is_kern(const struct sock *sk)
{
#if defined(TOA_HAVE_KERN_SOCK) && !defined(IPPROTO_MPTCP_KERN)
	return sk->sk_kern_sock;
#else
	return false;
#endif
}

/* In the first network namespace, which was the only choice up to 4.1. */
static inline int toa_sock_create(int family, int type, int protocol,
				  struct socket **sock)
{
#ifdef TOA_HAVE_SOCK_CREATE_KERN_NET
	return sock_create_kern(&init_net, family, type, protocol, sock);
#else
	return sock_create_kern(family, type, protocol, sock);
#endif
}

/*
 * Whose a socket is, as the reader of a file sees it; sk_uid(): 6.17; before 3.7 all
 * readers see the same.
 */
static inline unsigned int toa_sock_uid(struct seq_file *seq, struct sock *sk)
{
#if defined(TOA_HAVE_SK_UID)
	return from_kuid_munged(seq_user_ns(seq), sk_uid(sk));
#elif defined(TOA_HAVE_KUID)
	return from_kuid_munged(seq_user_ns(seq), sock_i_uid(sk));
#else
	return sock_i_uid(sk);
#endif
}

/* Where a network namespace has its TCP connections; up to 4.11 all have one table. */
#if defined(TOA_HAVE_DEATH_ROW_POINTER)
#define toa_net_hashinfo(net)	((net)->ipv4.tcp_death_row->hashinfo)
#elif defined(TOA_HAVE_DEATH_ROW)
#define toa_net_hashinfo(net)	((net)->ipv4.tcp_death_row.hashinfo)
#else
#define toa_net_hashinfo(net)	((void)(net), &tcp_hashinfo)
#endif

/* The last place in that table; 2.6.33. */
#ifdef TOA_HAVE_EHASH_MASK
#define toa_ehash_mask(hashinfo) ((hashinfo)->ehash_mask)
#else
#define toa_ehash_mask(hashinfo) ((hashinfo)->ehash_size - 1)
#endif

/* Where a connection is looked up; its table went without saying since 6.18. */
#ifdef TOA_HAVE_LOOKUP_HASHINFO
#define toa_lookup_in(net)	net, toa_net_hashinfo(net)
#else
#define toa_lookup_in(net)	net
#endif

#if IS_ENABLED(CONFIG_IPV6)
#define toa_lookup_v6		__inet6_lookup_established
#else
#define toa_lookup_v6(...)	NULL
#endif

/* 5.6. */
#ifdef CONFIG_MPTCP
#define TOA_MPTCP		IPPROTO_MPTCP
#else
#define TOA_MPTCP		0
#endif

/* Eight bits for it, and so another number, are in RHEL 8's socket. */
#ifdef IPPROTO_MPTCP_KERN
#define TOA_MPTCP_SK		IPPROTO_MPTCP_KERN
#else
#define TOA_MPTCP_SK		TOA_MPTCP
#endif

static inline bool toa_sock_is_mptcp(const struct sock *sk)
{
	/* An enumerator by itself is no condition to clang. */
	return TOA_MPTCP != 0 && sk->sk_protocol == TOA_MPTCP_SK;
}

/* 4.2. Before, no requests were among the connections. */
#ifndef TOA_HAVE_SK_FULLSOCK
static inline bool sk_fullsock(const struct sock *sk)
{
	return sk->sk_state != TCP_TIME_WAIT;
}
#endif

/* The number of a network namespace, as "lsns -t net" shows it; 3.19, and before 3.8 none. */
static inline unsigned int toa_net_number(const struct net *net)
{
#ifdef TOA_HAVE_NS_COMMON
	return net->ns.inum;
#elif defined(TOA_HAVE_PROC_INUM)
	return net->proc_inum;
#else
	return 0;
#endif
}

/*
 * What a module keeps with each network namespace, found by an id. Since 2.6.33 the
 * kernel makes it and frees it; before, functions of its own gave the id. The id was
 * signed up to 4.9.
 */
#ifndef TOA_HAVE_PERNET_GEN

#define TOA_NET_ID		typeof(*((struct pernet_operations *)0)->id)
#define TOA_NET_DATA(is, bytes)	.id = &(is), .size = bytes,
#define toa_net_register(ops, id) register_pernet_subsys(ops)
#define toa_net_unregister(ops, id) unregister_pernet_subsys(ops)

static inline int toa_net_data_make(struct net *net, int id, size_t size)
{
	return 0;
}

static inline void toa_net_data_free(struct net *net, int id)
{
}

#else

#define TOA_NET_ID		int
#define TOA_NET_DATA(is, bytes)
#define toa_net_register(ops, id) register_pernet_gen_subsys(&(id), ops)
#define toa_net_unregister(ops, id) unregister_pernet_gen_subsys(id, ops)

static inline int toa_net_data_make(struct net *net, int id, size_t size)
{
	void *data = kzalloc(size, GFP_KERNEL);
	int err = data ? net_assign_generic(net, id, data) : -ENOMEM;

	if (err)
		kfree(data);
	return err;
}

static inline void toa_net_data_free(struct net *net, int id)
{
	kfree(net_generic(net, id));
}

#endif /* TOA_HAVE_PERNET_GEN */

/* It took no const before 2.6.33. */
#define toa_net_data(net, id)	net_generic((struct net *)(net), id)

/* 2.6.33. */
#ifndef TOA_HAVE_INET_DPORT
#define inet_dport		dport
#define inet_sport		sport
#define inet_daddr		daddr
#define inet_rcv_saddr		rcv_saddr
#endif

/* A socket's IPv4 addresses in one word; 3.8. */
static inline u64 toa_sock_v4_pair(const struct sock *sk)
{
#ifdef sk_addrpair
	return (__force u64)sk->sk_addrpair;
#else
	return (u64)(__force u32)inet_sk(sk)->inet_daddr << 32 |
	       (__force u32)inet_sk(sk)->inet_rcv_saddr;
#endif
}

/* The kernel's own, in6addr_any, is not exported in 2.6.32. */
static inline const struct in6_addr *toa_v6_none(void)
{
	static const struct in6_addr none;

	return &none;
}

/*
 * A socket's IPv6 addresses. Up to 3.12 only an AF_INET6 one has them, and a kernel
 * without IPv6 has no place for them.
 */
#if !IS_ENABLED(CONFIG_IPV6)
#define toa_sock_v6(sk, addr, old)	toa_v6_none()
#elif defined(sk_v6_daddr)
#define toa_sock_v6(sk, addr, old)	(&(sk)->addr)
#else
#define toa_sock_v6(sk, addr, old)					\
	(inet6_sk(sk) ? &inet6_sk(sk)->old : toa_v6_none())
#endif

static inline const struct in6_addr *toa_sock_v6_remote(const struct sock *sk)
{
	return toa_sock_v6(sk, sk_v6_daddr, daddr);
}

static inline const struct in6_addr *toa_sock_v6_local(const struct sock *sk)
{
	return toa_sock_v6(sk, sk_v6_rcv_saddr, rcv_saddr);
}

/*
 * Parameters.
 */

/*
 * Parameters with functions of their own; 2.6.36. Before, the functions stood in the
 * parameter itself and took no const, and nobody freed what they had allocated.
 */
#ifdef module_param_cb
#define TOA_PARAM_FREES		true
#define toa_param_get_bool	param_get_bool
#else
#define TOA_PARAM_FREES		false

struct kernel_param_ops {
	int (*set)(const char *value, const struct kernel_param *param);
	int (*get)(char *page, const struct kernel_param *param);
	void (*free)(void *arg);
};

struct toa_param {
	const struct kernel_param_ops *ops;
	void *arg;
};

/* Without the flag param_set_bool() takes a bool for an int. */
static inline struct kernel_param
toa_param_inner(const struct kernel_param *param)
{
	const struct toa_param *outer = param->arg;
	struct kernel_param inner = *param;

	inner.arg = outer->arg;
	inner.flags |= KPARAM_ISBOOL;
	return inner;
}

static inline int toa_param_set(const char *value, struct kernel_param *param)
{
	const struct toa_param *outer = param->arg;
	const struct kernel_param inner = toa_param_inner(param);

	return outer->ops->set(value, &inner);
}

static inline int toa_param_get(char *page, struct kernel_param *param)
{
	const struct toa_param *outer = param->arg;
	const struct kernel_param inner = toa_param_inner(param);

	return outer->ops->get(page, &inner);
}

static inline int toa_param_get_bool(char *page,
				     const struct kernel_param *param)
{
	struct kernel_param copy = *param;

	return param_get_bool(page, &copy);
}

#define module_param_cb(name, ops, arg, perm)				\
static struct toa_param toa_param_##name = { ops, arg };		\
module_param_call(name, toa_param_set, toa_param_get,			\
		  &toa_param_##name, perm)
#endif /* module_param_cb */

/* A parameter that may be named without a value; 3.12. */
#ifdef TOA_HAVE_PARAM_NOARG
#define TOA_PARAM_NOARG		.flags = KERNEL_PARAM_OPS_FL_NOARG,
#else
#define TOA_PARAM_NOARG
#endif

/*
 * Memory, and segments.
 */

/*
 * PREEMPT_RT: spinlock_t and the allocators' locks sleep, so that even GFP_ATOMIC
 * may only be used where preemption is on.
 */
#ifdef CONFIG_PREEMPT_RT
#define TOA_LOCKS_SLEEP		true
#define toa_may_allocate()	preemptible()
#else
#define TOA_LOCKS_SLEEP		false
#define toa_may_allocate()	true
#endif

/* 4.12. */
#ifndef TOA_HAVE_KVMALLOC
static inline void *kvmalloc(size_t size, gfp_t flags)
{
	void *p = kmalloc(size, flags | __GFP_NOWARN | __GFP_NORETRY);

	return p ?: vmalloc(size);
}
#endif /* TOA_HAVE_KVMALLOC */

/* 3.15. */
#ifndef TOA_HAVE_KVFREE
static inline void kvfree(const void *p)
{
	if (is_vmalloc_addr(p))
		vfree(p);
	else
		kfree(p);
}
#endif /* TOA_HAVE_KVFREE */

/* 2.6.37. */
#ifndef TOA_HAVE_VZALLOC
static inline void *vzalloc(unsigned long size)
{
	return __vmalloc(size, GFP_KERNEL | __GFP_HIGHMEM | __GFP_ZERO,
			 PAGE_KERNEL);
}
#endif /* TOA_HAVE_VZALLOC */

/* 4.16. */
#ifndef TOA_HAVE_VMEMDUP_USER
static inline void *vmemdup_user(const void __user *from, size_t len)
{
	void *copy = kvmalloc(len, GFP_USER);

	if (!copy)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(copy, from, len)) {
		kvfree(copy);
		return ERR_PTR(-EFAULT);
	}
	return copy;
}
#endif /* TOA_HAVE_VMEMDUP_USER */

/* 4.13. */
#ifndef TOA_HAVE_SKB_PUT_DATA
static inline void *skb_put_data(struct sk_buff *skb, const void *data,
				 unsigned int len)
{
	return memcpy(skb_put(skb, len), data, len);
}

static inline void *skb_put_zero(struct sk_buff *skb, unsigned int len)
{
	return memset(skb_put(skb, len), 0, len);
}
#endif /* TOA_HAVE_SKB_PUT_DATA */

/*
 * Files of /proc, paths and tracepoints.
 */

/* 3.10. */
#ifndef TOA_HAVE_PDE_DATA
#define PDE_DATA(inode)		(PDE(inode)->data)
#endif

/*
 * Files that every network namespace has; 4.18. What shows is the file's data.
 * An open one holds the namespace.
 */
struct toa_net_file {
	const struct seq_operations *ops;
	size_t size;
};

#ifdef proc_create_net

static inline struct proc_dir_entry *
toa_net_file_create(const char *name, struct net *net,
		    const struct toa_net_file *file)
{
	return proc_create_net(name, 0444, net->proc_net, file->ops,
			       file->size);
}

#else

static inline int toa_net_file_open(struct inode *inode, struct file *file)
{
	const struct toa_net_file *how = PDE_DATA(inode);

	return seq_open_net(inode, file, how->ops, how->size);
}

static inline struct proc_dir_entry *
toa_net_file_create(const char *name, struct net *net,
		    const struct toa_net_file *file)
{
	static const struct file_operations ops = {
		.owner		= THIS_MODULE,
		.open		= toa_net_file_open,
		.read		= seq_read,
		.llseek		= seq_lseek,
		.release	= seq_release_net,
	};

	return proc_create_data(name, 0444, net->proc_net, &ops, (void *)file);
}

static inline struct net *seq_file_single_net(struct seq_file *seq)
{
	return seq->private;
}

static inline int toa_net_single_open(struct inode *inode, struct file *file)
{
	int (*show)(struct seq_file *seq, void *unused) = PDE_DATA(inode);

	return single_open_net(inode, file, show);
}

static inline struct proc_dir_entry *
proc_create_net_single(const char *name, umode_t mode,
		       struct proc_dir_entry *dir,
		       int (*show)(struct seq_file *seq, void *unused),
		       void *unused)
{
	static const struct file_operations ops = {
		.owner		= THIS_MODULE,
		.open		= toa_net_single_open,
		.read		= seq_read,
		.llseek		= seq_lseek,
		.release	= single_release_net,
	};

	return proc_create_data(name, mode, dir, &ops, show);
}

#endif /* proc_create_net */

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

/*
 * vfs_path_lookup() is exported everywhere. Its declaration was private from 3.6 to
 * 6.3; before, it filled a struct nameidata.
 */
#if defined(TOA_HAVE_VFS_PATH_LOOKUP) && defined(TOA_HAVE_NAMEIDATA)
static inline int toa_path_lookup(struct vfsmount *mnt, const char *name,
				  struct path *path)
{
	struct nameidata nd;
	int err = vfs_path_lookup(mnt->mnt_root, mnt, name, 0, &nd);

	if (!err)
		*path = nd.path;
	return err;
}
#else
#ifndef TOA_HAVE_VFS_PATH_LOOKUP
int vfs_path_lookup(struct dentry *dentry, struct vfsmount *mnt,
		    const char *name, unsigned int flags, struct path *path);
#endif

static inline int toa_path_lookup(struct vfsmount *mnt, const char *name,
				  struct path *path)
{
	return vfs_path_lookup(mnt->mnt_root, mnt, name, 0, path);
}
#endif /* struct nameidata */

/* Is somebody listening to a tracepoint? 3.17; before, it is the event that finds out. */
#ifdef TOA_HAVE_TRACE_ENABLED
#define toa_trace_wanted(event)	trace_##event##_enabled()
#else
#define toa_trace_wanted(event)	true
#endif

/*
 * A socket's address in the text of an event. %pISpc came in 3.11, and RHEL 6 has it from
 * some release on; no header tells of it, so a name that came with it is asked for. The
 * text is made in what the event's own output has for such things, the trace_seq p.
 */
#ifdef TOA_HAVE_FORMAT_SOCKADDR
#define TOA_TRACE_END		"%pISpc"
#define toa_trace_end(end)	end
#else
#include <linux/trace_seq.h>

#define TOA_TRACE_END		"%s"
#define toa_trace_end(end)	toa_trace_end_text(p, end)

static inline const unsigned char *toa_trace_end_text(struct trace_seq *p,
						      const void *end)
{
	const unsigned char *text = p->buffer + p->len;
	const struct sockaddr_in6 *sin6 = end;
	const struct sockaddr_in *sin = end;

	if (sin6->sin6_family == AF_INET)
		trace_seq_printf(p, "%pI4:%u", &sin->sin_addr,
				 ntohs(sin->sin_port));
	else
		trace_seq_printf(p, "[%pI6c]:%u", &sin6->sin6_addr,
				 ntohs(sin6->sin6_port));
	trace_seq_putc(p, '\0');
	return text;
}
#endif /* TOA_HAVE_FORMAT_SOCKADDR */

/* 4.1. Tools of before do without. */
#ifndef TRACE_DEFINE_ENUM
#define TRACE_DEFINE_ENUM(number)
#endif

/*
 * Waiting.
 */

/* Code with preemption off had grace periods of its own up to 4.19. */
#ifdef TOA_HAVE_SYNCHRONIZE_SCHED
#define toa_synchronize_sched	synchronize_sched
#else
static inline void toa_synchronize_sched(void) { }
#endif

/*
 * What keeps the objects of call_rcu(), and of synchronize_rcu(). Code with preemption
 * off does so where it has no grace periods of its own, and it is cheaper: fifteen
 * instructions of every getpeername() and of every handshake.
 */
#ifdef TOA_HAVE_SYNCHRONIZE_SCHED
#define toa_rcu_read_lock	rcu_read_lock
#define toa_rcu_read_unlock	rcu_read_unlock
#define toa_rcu_dereference(p)	rcu_dereference(p)
#else
#define toa_rcu_read_lock	rcu_read_lock_sched
#define toa_rcu_read_unlock	rcu_read_unlock_sched
#define toa_rcu_dereference(p)	rcu_dereference_sched(p)
#endif

/*
 * Until every CPU has left what ran with preemption or bottom halves off, or
 * under rcu_read_lock().
 */
static inline void toa_wait_for_cpus(void)
{
	synchronize_rcu();
	toa_synchronize_sched();
}

/*
 * Until every task, preempted ones too, and every softirq has gone on from where
 * it is now. Kernels before 3.18 cannot wait for preempted ones, and have no tags
 * for which it would matter.
 */
static inline void toa_wait_for_tasks(void)
{
#ifdef TOA_HAVE_SYNCHRONIZE_RCU_TASKS
	synchronize_rcu_tasks();
#endif
	toa_wait_for_cpus();
}

/*
 * CPUs, locks and lists.
 */

/* 3.15. */
#ifndef raw_cpu_ptr
#define raw_cpu_ptr(ptr)	per_cpu_ptr(ptr, raw_smp_processor_id())
#endif

/*
 * Up to 2.6.33 a variable of the CPUs had a prefix to its name, which this_cpu_inc()
 * and the others do not know. The kernel's headers with such variables come first.
 */
#ifdef per_cpu_var
#include <linux/ftrace_event.h>
#undef DECLARE_PER_CPU
#define DECLARE_PER_CPU(type, name)					\
	extern __PCPU_ATTRS("") __typeof__(type) name
#undef DEFINE_PER_CPU
#define DEFINE_PER_CPU(type, name)					\
	__PCPU_ATTRS("") __typeof__(type) name
#endif /* per_cpu_var */

/* Up to 3.2 an interrupt could come between this_cpu_inc()'s reading and writing. */
#ifdef irqsafe_cpu_inc
#undef this_cpu_add
#define this_cpu_add(var, by)	irqsafe_cpu_add(var, by)
#undef this_cpu_inc
#define this_cpu_inc(var)	irqsafe_cpu_inc(var)
#undef this_cpu_dec
#define this_cpu_dec(var)	irqsafe_cpu_dec(var)
#endif /* irqsafe_cpu_inc */

/* 2.6.33. */
#ifndef this_cpu_inc
#define toa_this_cpu_do(var, operation)					\
do {									\
	unsigned long flags;						\
									\
	local_irq_save(flags);						\
	*raw_cpu_ptr(&(var)) operation;					\
	local_irq_restore(flags);					\
} while (0)
#define this_cpu_add(var, by)	toa_this_cpu_do(var, += (by))
#define this_cpu_inc(var)	toa_this_cpu_do(var, += 1)
#define this_cpu_dec(var)	toa_this_cpu_do(var, -= 1)
#define this_cpu_write(var, to)	toa_this_cpu_do(var, = (to))
#define this_cpu_read(var)						\
({									\
	typeof(var) is;							\
	unsigned long flags;						\
									\
	local_irq_save(flags);						\
	is = *raw_cpu_ptr(&(var));					\
	local_irq_restore(flags);					\
	is;								\
})
#endif /* this_cpu_inc */

/* With how the counter's memory is to be allocated since 3.18. */
#ifdef TOA_HAVE_PERCPU_COUNTER_GFP
#define toa_percpu_counter_init(counter)				\
	percpu_counter_init(counter, 0, GFP_KERNEL)
#else
#define toa_percpu_counter_init(counter)				\
	percpu_counter_init(counter, 0)
#endif

/* 3.14. */
#ifndef smp_load_acquire
#define smp_load_acquire(p)						\
({									\
	typeof(*(p)) acquired = READ_ONCE(*(p));			\
									\
	smp_mb();							\
	acquired;							\
})
#endif
#ifndef smp_store_release
#define smp_store_release(p, to)					\
do {									\
	smp_mb();							\
	WRITE_ONCE(*(p), to);						\
} while (0)
#endif

/* 2.6.33. Before, no spinlock sleeps; the architectures' own had this name. */
#ifndef raw_spin_lock_init
#define raw_spinlock_t		spinlock_t
#define raw_spin_lock_init(lock) spin_lock_init(lock)
#define raw_spin_lock_irqsave(lock, flags)				\
	spin_lock_irqsave(lock, flags)
#define raw_spin_unlock_irqrestore(lock, flags)				\
	spin_unlock_irqrestore(lock, flags)
#undef DEFINE_RAW_SPINLOCK
#define DEFINE_RAW_SPINLOCK(lock) DEFINE_SPINLOCK(lock)
#endif /* raw_spin_lock_init */

/* 3.10. */
#ifndef list_first_entry_or_null
#define list_first_entry_or_null(head, type, member)			\
	(list_empty(head) ? NULL : list_first_entry(head, type, member))
#endif

/* 3.9. Before, walking a list took a node as well as an entry. */
#ifndef hlist_entry_safe
#define hlist_entry_safe(ptr, type, member)				\
({									\
	typeof(ptr) node = (ptr);					\
									\
	node ? hlist_entry(node, type, member) : NULL;			\
})
#undef hlist_for_each_entry
#define hlist_for_each_entry(pos, head, member)				\
	for (pos = hlist_entry_safe((head)->first, typeof(*pos), member); \
	     pos;							\
	     pos = hlist_entry_safe(pos->member.next, typeof(*pos), member))
#undef hlist_for_each_entry_safe
#define hlist_for_each_entry_safe(pos, n, head, member)			\
	for (pos = hlist_entry_safe((head)->first, typeof(*pos), member); \
	     pos && ({ n = pos->member.next; 1; });			\
	     pos = hlist_entry_safe(n, typeof(*pos), member))
#undef hlist_for_each_entry_rcu
#define hlist_for_each_entry_rcu(pos, head, member)			\
	for (pos = hlist_entry_safe(rcu_dereference((head)->first),	\
				    typeof(*pos), member);		\
	     pos;							\
	     pos = hlist_entry_safe(rcu_dereference(pos->member.next),	\
				    typeof(*pos), member))
#endif /* hlist_entry_safe */

#endif /* TOA_COMPAT_H */
