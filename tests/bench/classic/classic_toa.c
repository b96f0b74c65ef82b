// SPDX-License-Identifier: GPL-2.0
/*
 * The classic way to show clients, to be compared with; never installed
 *
 * Two pointers of the kernel's tables are replaced: getname of IPv4's stream
 * sockets, and syn_recv_sock of IPv4's TCP. The option stands in sk_user_data as it
 * came. Like the modules that work so it looks at no address, port or sender, and
 * harms kTLS; unlike toa it is for IPv4 only. The tables are read-only, so they are
 * written through a second mapping of their page.
 */
#include <linux/in.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/percpu.h>
#include <linux/tcp.h>
#include <linux/vmalloc.h>
#include <net/inet_common.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "src/compat.h"

#define CLASSIC_KIND	254
#define CLASSIC_LEN	8

/* The option's bytes, and sk_user_data. */
union classic_option {
	struct {
		u8 kind;
		u8 len;
		__be16 port;
		__be32 addr;
	} __packed;
	void *word;
};

struct classic_counts {
	unsigned long accepted;
	unsigned long without;
	unsigned long named;
	unsigned long empty;
};

static DEFINE_PER_CPU(struct classic_counts, classic_counts);

static int (*classic_getname_orig)(TOA_GETNAME_PARAMS);
static struct sock *(*classic_syn_recv_orig)(TOA_SYN_RECV_PARAMS);

static const void **classic_getname_slot, **classic_syn_recv_slot;

static void *classic_parse(const struct sk_buff *skb)
{
	const struct tcphdr *th = tcp_hdr(skb);
	const u8 *opt = (const u8 *)(th + 1);
	int len = th->doff * 4 - sizeof(*th);
	union classic_option found;

	while (len > 0) {
		int size;

		if (opt[0] == TCPOPT_EOL)
			return NULL;
		if (opt[0] == TCPOPT_NOP) {
			opt++;
			len--;
			continue;
		}
		if (len < 2)
			return NULL;
		size = opt[1];
		if (size < 2 || size > len)
			return NULL;
		if (opt[0] == CLASSIC_KIND && size == CLASSIC_LEN) {
			memcpy(&found, opt, sizeof(found));
			return found.word;
		}
		opt += size;
		len -= size;
	}
	return NULL;
}

static int classic_getname(TOA_GETNAME_PARAMS)
{
	int ret = classic_getname_orig(sock, addr, peer);
	struct sockaddr_in *sin = (struct sockaddr_in *)addr;
	union classic_option is;

	is.word = READ_ONCE(sock->sk->sk_user_data);
	if (ret < 0 || !peer || is.kind != CLASSIC_KIND ||
	    is.len != CLASSIC_LEN) {
		this_cpu_inc(classic_counts.empty);
		return ret;
	}
	this_cpu_inc(classic_counts.named);
	sin->sin_port = is.port;
	sin->sin_addr.s_addr = is.addr;
	return ret;
}

static struct sock *classic_syn_recv(TOA_SYN_RECV_PARAMS)
{
	struct sock *child = classic_syn_recv_orig(TOA_SYN_RECV_ARGS);
	void *word;

	if (!child || child->sk_user_data)
		return child;
	word = classic_parse(skb);
	if (word) {
		WRITE_ONCE(child->sk_user_data, word);
		this_cpu_inc(classic_counts.accepted);
	} else {
		this_cpu_inc(classic_counts.without);
	}
	return child;
}

/* The pointer at @slot, in the kernel's image, becomes @to. */
static int classic_write(const void **slot, const void *to)
{
	struct page *page = pfn_to_page(__pa(slot) >> PAGE_SHIFT);
	void *alias = vmap(&page, 1, VM_MAP, PAGE_KERNEL);

	if (!alias)
		return -ENOMEM;
	WRITE_ONCE(*(const void **)(alias + offset_in_page(slot)), to);
	vunmap(alias);
	return 0;
}

static void classic_find(const struct socket *sock)
{
	const struct inet_connection_sock_af_ops *ops =
		inet_csk(sock->sk)->icsk_af_ops;

	classic_getname_orig = sock->ops->getname;
	classic_getname_slot = (const void **)&sock->ops->getname;
	classic_syn_recv_orig = ops->syn_recv_sock;
	classic_syn_recv_slot = (const void **)&ops->syn_recv_sock;
}

static int __init classic_init(void)
{
	struct socket *sock;
	int err;

	err = sock_create_kern(&init_net, AF_INET, SOCK_STREAM, IPPROTO_TCP,
			       &sock);
	if (err)
		return err;
	classic_find(sock);
	sock_release(sock);
	err = classic_write(classic_getname_slot, classic_getname);
	if (err)
		return err;
	err = classic_write(classic_syn_recv_slot, classic_syn_recv);
	if (err)
		classic_write(classic_getname_slot, classic_getname_orig);
	return err;
}

/* Nobody waits in a getname() of ours: this is for a measurement only. */
static void __exit classic_exit(void)
{
	classic_write(classic_syn_recv_slot, classic_syn_recv_orig);
	classic_write(classic_getname_slot, classic_getname_orig);
	synchronize_rcu();
}

module_init(classic_init);
module_exit(classic_exit);

MODULE_DESCRIPTION("A toa module of the classic kind, to be compared with");
MODULE_LICENSE("GPL");
