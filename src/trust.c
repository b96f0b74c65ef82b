// SPDX-License-Identifier: GPL-2.0
/*
 * Who may speak for a client: the parameters trust, ports, kinds and enable
 *
 * Each of the lists is a text of the administrator's and the list that it means. A text that
 * does not parse is refused whole, with a line in the log that says which part of
 * it is wrong, and the list in force stays in force. A new list takes the place of
 * the old one in one step: a segment meets one or the other.
 *
 * They hold for the whole machine, for all network namespaces alike: the
 * parameters of a module have one value.
 *
 * Locking. Segments read the lists under toa_rcu_read_lock(). Writers are kept apart
 * by toa_trust_lock, and free an old list when no reader can have it any more.
 */
#define pr_fmt(fmt) "TOA: " fmt

#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tcp.h>
#include <linux/uaccess.h>
#include <net/net_namespace.h>

#include "compat.h"
#include "lists.h"
#include "trust.h"

#define TOA_TRUST_FILE	"toa_trust"
/* A text of TOA_PREFIXES_MAX IPv6 prefixes fits. */
#define TOA_TEXT_MAX	(4 * 1024 * 1024)

static DEFINE_MUTEX(toa_trust_lock);

/* The parameters that insmod was given are being read. */
static bool toa_trust_loading = true;

/**
 * struct toa_setting - a parameter that is a list
 * @name: the parameter's name
 * @standard: what is read when nothing was written
 * @parse: make a list of a text; NULL is a list, too: the empty one
 * @free: free a list
 * @list: where the list in force is, in toa_lists
 * @text: the text that it was made of; NULL before the first
 */
struct toa_setting {
	const char *name;
	const char *standard;
	int (*parse)(const char *text, void **list,
		     struct toa_text_error *error);
	void (*free)(void *list);
	void __rcu **list;
	char *text;
};

static int toa_trust_parse(const char *text, void **list,
			   struct toa_text_error *error)
{
	return toa_prefixes_parse(text, (struct toa_prefixes **)list, error);
}

static void toa_trust_free(void *list)
{
	toa_prefixes_free(list);
}

static int toa_port_list_parse(const char *text, void **list,
			       struct toa_text_error *error)
{
	return toa_ports_parse(text, (struct toa_ports **)list, error);
}

static void toa_port_list_free(void *list)
{
	toa_ports_free(list);
}

static int toa_kind_list_parse(const char *text, void **list,
			       struct toa_text_error *error)
{
	struct toa_kinds kinds;
	int err;

	err = toa_kinds_parse(text, &kinds, error);
	if (err)
		return err;
	*list = kmemdup(&kinds, sizeof(kinds), GFP_KERNEL);
	return *list ? 0 : -ENOMEM;
}

static void toa_kind_list_free(void *list)
{
	kfree(list);
}

struct toa_lists toa_lists __read_mostly;

static struct toa_setting toa_setting_trust = {
	.name	= "trust",
	.standard = "",
	.parse	= toa_trust_parse,
	.free	= toa_trust_free,
	.list	= &toa_lists.trust,
};

static struct toa_setting toa_setting_ports = {
	.name	= "ports",
	.standard = "",
	.parse	= toa_port_list_parse,
	.free	= toa_port_list_free,
	.list	= &toa_lists.ports,
};

static struct toa_setting toa_setting_kinds = {
	.name	= "kinds",
	.standard = "254",
	.parse	= toa_kind_list_parse,
	.free	= toa_kind_list_free,
	.list	= &toa_lists.kinds,
};

const struct toa_kinds toa_kinds_default = TOA_KINDS_DEFAULT;
static struct toa_kinds toa_kinds_every __read_mostly;

static void toa_text_complain(const struct toa_setting *setting,
			      const char *text,
			      const struct toa_text_error *error)
{
	const char *end = toa_trust_loading ? "" : "; the list in force stays";

	if (error->len)
		pr_err("%s: \"%.*s\": %s%s\n", setting->name,
		       (int)min_t(size_t, error->len, 80), text + error->at,
		       error->why, end);
	else
		pr_err("%s: %s%s\n", setting->name, error->why, end);
}

/* Call with toa_trust_lock held. Takes @text over. */
static int toa_setting_replace(struct toa_setting *setting, char *text)
{
	struct toa_text_error error = {};
	void *list = NULL, *old;
	int err;

	err = setting->parse(text, &list, &error);
	if (err) {
		toa_text_complain(setting, text, &error);
		kvfree(text);
		return err;
	}
	old = rcu_dereference_protected(*setting->list,
					lockdep_is_held(&toa_trust_lock));
	rcu_assign_pointer(*setting->list, list);
	synchronize_rcu();
	setting->free(old);
	kvfree(setting->text);
	setting->text = text;
	return 0;
}

static int toa_setting_write(struct toa_setting *setting, char *text)
{
	int err;

	mutex_lock(&toa_trust_lock);
	err = toa_setting_replace(setting, text);
	mutex_unlock(&toa_trust_lock);
	return err;
}

/* Without the newline that echo adds. */
static char *toa_text_copy(const char *from, size_t len)
{
	char *text;

	while (len && isspace(from[len - 1]))
		len--;
	text = kvmalloc(len + 1, GFP_KERNEL);
	if (!text)
		return NULL;
	memcpy(text, from, len);
	text[len] = '\0';
	return text;
}

/*
 * A file of sysfs takes a page at a time, and what is longer comes in parts, of
 * which each would be a list of its own. So a full page is refused, and with it
 * the write. Parameters at load have no such limit.
 */
static bool toa_text_is_cut(const char *text)
{
	return !toa_trust_loading && strnlen(text, PAGE_SIZE) >= PAGE_SIZE - 1;
}

static int toa_setting_set(const char *value, const struct kernel_param *param)
{
	struct toa_setting *setting = param->arg;
	char *text;

	if (toa_text_is_cut(value)) {
		pr_err("%s: too long for this file%s; the list in force stays\n",
		       setting->name, setting == &toa_setting_trust ?
		       ", write it to /proc/net/" TOA_TRUST_FILE : "");
		return -E2BIG;
	}
	text = toa_text_copy(value, strlen(value));
	return text ? toa_setting_write(setting, text) : -ENOMEM;
}

/* What does not fit into the page is not shown in part. */
static int toa_setting_get(char *page, const struct kernel_param *param)
{
	struct toa_setting *setting = param->arg;
	int len;

	mutex_lock(&toa_trust_lock);
	if (setting->text && strlen(setting->text) > PAGE_SIZE - 2)
		len = scnprintf(page, PAGE_SIZE, "(too long for this file)\n");
	else
		len = scnprintf(page, PAGE_SIZE, "%s\n", setting->text ?: setting->standard);
	mutex_unlock(&toa_trust_lock);
	return len;
}

/* The last that happens to a parameter, whether the module was loaded or not. */
static void toa_setting_free(void *arg)
{
	struct toa_setting *setting = arg;

	setting->free(rcu_dereference_protected(*setting->list, true));
	kvfree(setting->text);
	RCU_INIT_POINTER(*setting->list, NULL);
	setting->text = NULL;
}

static const struct kernel_param_ops toa_setting_ops = {
	.set	= toa_setting_set,
	.get	= toa_setting_get,
	.free	= toa_setting_free,
};

bool toa_enable = true;
module_param_named(enable, toa_enable, bool, 0644);
MODULE_PARM_DESC(enable,
		 "whether clients are read and shown; with 0 neither, until it is 1 again");
module_param_cb(trust, &toa_setting_ops, &toa_setting_trust, 0644);
MODULE_PARM_DESC(trust,
		 "prefixes of the balancers, for example 10.0.0.0/8,2001:db8::/32: options from other sources are not read; empty: any source");
module_param_cb(ports, &toa_setting_ops, &toa_setting_ports, 0644);
MODULE_PARM_DESC(ports,
		 "local ports whose connections may have a client, for example 80,443,8000-8080; empty: every port");
module_param_cb(kinds, &toa_setting_ops, &toa_setting_kinds, 0644);
MODULE_PARM_DESC(kinds,
		 "option kinds that name a client, for example 254,253/20: 254 (the default), 253, 252, 249, 200, 28; KIND/LENGTH is one layout of it");

static bool toa_prefixes_have(const struct toa_prefixes *prefixes,
			      const struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP))
		return toa_prefixes_has_v4(prefixes, ip_hdr(skb)->saddr);
	return toa_prefixes_has_v6(prefixes, ipv6_hdr(skb)->saddr.s6_addr);
}

/**
 * toa_trust_ask_lists() - toa_trust_ask() where there is something to ask
 * @skb: an IPv4 or IPv6 segment, its headers set and linear
 *
 * Context: any; within toa_rcu_read_lock().
 * Return: an enum toa_trust.
 */
enum toa_trust toa_trust_ask_lists(const struct sk_buff *skb)
{
	const struct toa_ports *ports = toa_rcu_dereference(toa_lists.ports);
	const struct toa_prefixes *prefixes =
		toa_rcu_dereference(toa_lists.trust);

	if (!toa_trust_anybody())
		return TOA_TRUST_NOBODY;
	if (ports && !toa_ports_has(ports, ntohs(tcp_hdr(skb)->dest)))
		return TOA_TRUST_PORT;
	if (prefixes && !toa_prefixes_have(prefixes, skb))
		return TOA_TRUST_SOURCE;
	return TOA_TRUST_YES;
}

/**
 * toa_trust_every_kind() - all layouts that could be switched on
 *
 * Context: any; after toa_trust_init().
 */
const struct toa_kinds *toa_trust_every_kind(void)
{
	return &toa_kinds_every;
}

static int toa_trust_show(struct seq_file *seq, void *unused)
{
	mutex_lock(&toa_trust_lock);
	seq_printf(seq, "%s\n", toa_setting_trust.text ?: "");
	mutex_unlock(&toa_trust_lock);
	return 0;
}

static int toa_trust_open(struct inode *inode, struct file *file)
{
	return single_open(file, toa_trust_show, NULL);
}

/* All of it in one piece, and text to its end. */
static char *toa_text_fetch(const char __user *from, size_t len)
{
	char *text = vmemdup_user(from, len);
	char *copy;

	if (IS_ERR(text))
		return text;
	copy = strnlen(text, len) < len ? ERR_PTR(-EINVAL) :
	       toa_text_copy(text, len) ?: ERR_PTR(-ENOMEM);
	kvfree(text);
	return copy;
}

/* One write() is one list: it cannot be continued by the next. */
static ssize_t toa_trust_file_write(struct file *file, const char __user *from,
				    size_t len, loff_t *pos)
{
	char *text;
	int err;

	/* Nothing written is nothing said; an empty list is a blank or a newline. */
	if (!len)
		return 0;
	if (*pos || len > TOA_TEXT_MAX) {
		pr_err("trust: a list must come in one write() of at most 4 MiB, as dd bs=4M does it; the list in force stays\n");
		return -E2BIG;
	}
	text = toa_text_fetch(from, len);
	if (IS_ERR(text))
		return PTR_ERR(text);
	err = toa_setting_write(&toa_setting_trust, text);
	if (err)
		return err;
	*pos += len;
	return len;
}

TOA_SINGLE_FILE(toa_trust_file_ops, toa_trust_open, toa_trust_file_write);

/**
 * toa_trust_init() - make /proc/net/toa_trust
 *
 * It shows and takes lists that are longer than a parameter's file can.
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int toa_trust_init(void)
{
	unsigned int row;

	for (row = 0; row < TOA_LAYOUTS; row++)
		toa_kinds_add(&toa_kinds_every, row);
	toa_trust_loading = false;
	if (!proc_create(TOA_TRUST_FILE, 0644, init_net.proc_net,
			 &toa_trust_file_ops))
		return -ENOMEM;
	return 0;
}

/**
 * toa_trust_exit() - remove the file; waits for who uses it
 *
 * The lists are freed with the parameters, when no hook is left; see
 * toa_trust_forget().
 *
 * Context: process, may sleep.
 */
void toa_trust_exit(void)
{
	remove_proc_entry(TOA_TRUST_FILE, init_net.proc_net);
}

/**
 * toa_trust_forget() - free the lists where the kernel does not
 *
 * The last that the module does, whether it was loaded or not.
 *
 * Context: process, may sleep.
 */
void toa_trust_forget(void)
{
	if (TOA_PARAM_FREES)
		return;
	mutex_lock(&toa_trust_lock);
	toa_setting_free(&toa_setting_trust);
	toa_setting_free(&toa_setting_ports);
	toa_setting_free(&toa_setting_kinds);
	mutex_unlock(&toa_trust_lock);
}
