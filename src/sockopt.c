// SPDX-License-Identifier: GPL-2.0
/*
 * The socket option that gives an IPv6 client of an IPv4 socket
 *
 * A balancer that translates (NAT64) brings IPv6 clients to IPv4 listeners. No
 * sockaddr_in can hold such a client, and a program that asked for one must not
 * get another family, so getpeername() says the balancer. Programs that know of
 * NAT64 ask with getsockopt(IPPROTO_IP, TOA_SO_GET_LOOKUP), as they do with
 * DPVS's module, whose number, struct and errors these are.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <net/sock.h>

#include "sockopt.h"
#include "socks.h"
#include "store.h"
#include "toa.h"

static int toa_nat64_find(const struct sock *sk, struct toa_nat64_peer *peer)
{
	struct toa_client client;

	if (!toa_store_find(sk, &client))
		return -EINVAL;
	if (client.family != TOA_FAMILY_V6)
		return -EFAULT;
	memcpy(peer->saddr, client.v6, sizeof(peer->saddr));
	peer->port = client.port;
	return 0;
}

/**
 * toa_sockopt_get() - getsockopt(IPPROTO_IP, TOA_SO_GET_LOOKUP)
 * @sk: any socket that takes options of IPPROTO_IP, not locked
 * @option: TOA_SO_GET_LOOKUP
 * @user: where to
 * @len: how much is there; set to sizeof(struct toa_nat64_peer) on success
 *
 * Context: process, may sleep.
 * Return: 0; -ENOTCONN without a peer; -EINVAL when @len is too short or the
 * socket has no client; -EFAULT when its client is an IPv4 one, or for a bad
 * address.
 */
static int toa_sockopt_get(struct sock *sk, int option, void __user *user,
			   int *len)
{
	struct toa_nat64_peer peer = {};
	int err;

	if (*len < (int)sizeof(peer))
		return -EINVAL;
	if (!toa_sock_has_peer(sk, 1))
		return -ENOTCONN;
	err = toa_nat64_find(sk, &peer);
	if (err)
		return err;
	if (copy_to_user(user, &peer, sizeof(peer)))
		return -EFAULT;
	*len = sizeof(peer);
	return 0;
}

static struct nf_sockopt_ops toa_sockopt_ops = {
	.pf		= PF_INET,
	.get_optmin	= TOA_SO_GET_LOOKUP,
	.get_optmax	= TOA_SO_GET_LOOKUP + 1,
	.get		= toa_sockopt_get,
	.owner		= THIS_MODULE,
};

/**
 * toa_sockopt_init() - make the option known
 *
 * Context: process, may sleep.
 * Return: 0, or -EBUSY when another module has an option of this number, as
 * DPVS's toa does.
 */
int toa_sockopt_init(void)
{
	return nf_register_sockopt(&toa_sockopt_ops);
}

/**
 * toa_sockopt_exit() - make it unknown; nobody is in toa_sockopt_get() then
 *
 * A caller holds a reference to the module, so it cannot be going away.
 *
 * Context: process, may sleep.
 */
void toa_sockopt_exit(void)
{
	nf_unregister_sockopt(&toa_sockopt_ops);
}
