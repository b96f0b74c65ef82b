// SPDX-License-Identifier: GPL-2.0
/*
 * The counters, and the files that show them
 *
 * Every network namespace has its own. /proc/net/toa_stats keeps the names, the
 * order and the columns that the first toa module had: scripts read it by position.
 * /proc/net/toa_counters shows every counter, one "name value" a line, and in
 * the first namespace, last, how full the table is that all of them share.
 */
#define pr_fmt(fmt) "TOA: " fmt

#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/seq_file_net.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "compat.h"
#include "proc.h"
#include "reasons.h"
#include "stats.h"
#include "table.h"

#define TOA_STATS_FILE		"toa_stats"
#define TOA_COUNTERS_FILE	"toa_counters"

/**
 * struct toa_stats_set - the counters of a namespace, or spare ones
 * @stats: they
 * @spare: in the list of those that are nobody's
 */
struct toa_stats_set {
	struct toa_stats __percpu *stats;
	struct list_head spare;
};

/* What this module keeps with each network namespace. */
struct toa_stats_net {
	struct toa_stats_set *set;
};

static TOA_NET_ID toa_stats_id;

DEFINE_PER_CPU(struct toa_stats, toa_stats);

/**
 * struct toa_stats_slot - where another namespace's counters are
 * @net: whose; NULL: nobody's
 * @stats: the counters, whose memory stays as long as the module
 */
struct toa_stats_slot {
	const struct net *net;
	struct toa_stats __percpu *stats;
};

#define TOA_STATS_SLOTS		256

static struct toa_stats_slot toa_stats_slots[TOA_STATS_SLOTS] __read_mostly;

static struct toa_stats_set toa_stats_first = { .stats = &toa_stats };

/* Of the slots, and of the spare sets: those of namespaces that are gone. */
static DEFINE_MUTEX(toa_stats_lock);
static LIST_HEAD(toa_stats_spare);

#define TOA_STAT_NAME(stat, name)					\
	[stat] = name,

static const char *const toa_stat_names[TOA_STATS] = {
	[TOA_STAT_SYN_TOA]	= "syn_recv_sock_toa",
	[TOA_STAT_SYN_NO_TOA]	= "syn_recv_sock_no_toa",
	[TOA_STAT_NAME_OK]	= "getname_toa_ok",
	[TOA_STAT_NAME_MISMATCH] = "getname_toa_mismatch",
	[TOA_STAT_NAME_BYPASS]	= "getname_toa_bypass",
	[TOA_STAT_NAME_EMPTY]	= "getname_toa_empty",
	[TOA_STAT_NAME_DISABLED] = "getname_toa_disabled",
	[TOA_STAT_DUPLICATE]	= "option_duplicate",
	[TOA_STAT_SYN_KEPT]	= "syn_kept",
	[TOA_STAT_SYN_USED]	= "syn_used",
	[TOA_STAT_SYN_LOST]	= "syn_lost",
	[TOA_STAT_ACK_KEPT]	= "ack_kept",
	[TOA_STAT_ACK_USED]	= "ack_used",
	[TOA_STAT_ACK_LOST]	= "ack_lost",
	[TOA_STAT_CLIENTS]	= "store_clients",
	TOA_REASONS(TOA_STAT_NAME, TOA_STAT_NAME)
};

/* A namespace takes more than a page, so neighbours have different slots. */
static struct toa_stats_slot *toa_stats_slot(const struct net *net)
{
	return &toa_stats_slots[((unsigned long)net >> PAGE_SHIFT) %
				TOA_STATS_SLOTS];
}

/* Where another has the slot. */
static noinline void toa_stat_add_slowly(const struct net *net,
					 enum toa_stat stat, long by)
{
	const struct toa_stats_net *kept = toa_net_data(net, toa_stats_id);

	this_cpu_add(kept->set->stats->count[stat], by);
}

/**
 * toa_stat_add_elsewhere() - toa_stat_add() in any namespace but the first
 * @sk: a socket of it
 * @stat: what
 * @by: 1 or -1
 *
 * Their counters are found by a slot each, unless that is another's.
 *
 * A socket holds its namespace, and that its slot. Only a service in the kernel may
 * have sockets that do not; one that still counts when its namespace goes may do so in
 * the next one's counters, and in nobody's memory.
 *
 * Context: any.
 */
void toa_stat_add_elsewhere(const struct sock *sk, enum toa_stat stat, long by)
{
	const struct net *net = sock_net(sk);
	const struct toa_stats_slot *slot = toa_stats_slot(net);

	if (likely(READ_ONCE(slot->net) == net))
		this_cpu_add(READ_ONCE(slot->stats)->count[stat], by);
	else
		toa_stat_add_slowly(net, stat, by);
}

/**
 * toa_stat_of_store_error() - which counter a client belongs to that was not kept
 * @err: what toa_store_put() or toa_store_settle() returned
 *
 * Context: any.
 */
enum toa_stat toa_stat_of_store_error(int err)
{
	if (err == -ENOSPC)
		return TOA_STAT_FULL;
	return err == -EBUSY ? TOA_STAT_FOREIGN : TOA_STAT_NOMEM;
}

/* Who has a file of @net's open has the namespace, too. */
static const struct toa_stats __percpu *toa_stats_of(const struct net *net)
{
	const struct toa_stats_net *kept = toa_net_data(net, toa_stats_id);

	return kept->set->stats;
}

static unsigned long toa_stat_cpu(const struct toa_stats __percpu *stats,
				  enum toa_stat stat, int cpu)
{
	return READ_ONCE(per_cpu_ptr(stats, cpu)->count[stat]);
}

/* 34 blanks stand for the name, its colon and the first column's width. */
static int toa_stats_show(struct seq_file *seq, void *unused)
{
	const struct toa_stats __percpu *stats =
		toa_stats_of(seq_file_single_net(seq));
	int stat, cpu;

	seq_printf(seq, "%34s", "");
	for_each_online_cpu(cpu)
		seq_printf(seq, "CPU%d       ", cpu);
	seq_putc(seq, '\n');

	for (stat = 0; stat < TOA_STAT_HISTORIC; stat++) {
		seq_printf(seq, "%-25s:", toa_stat_names[stat]);
		for_each_online_cpu(cpu)
			seq_printf(seq, "%10lu ",
				   toa_stat_cpu(stats, stat, cpu));
		seq_putc(seq, '\n');
	}
	return 0;
}

static int toa_counters_show(struct seq_file *seq, void *unused)
{
	const struct net *net = seq_file_single_net(seq);
	const struct toa_stats __percpu *stats = toa_stats_of(net);
	int stat, cpu;

	for (stat = 0; stat < TOA_STATS; stat++) {
		unsigned long sum = 0;

		for_each_possible_cpu(cpu)
			sum += toa_stat_cpu(stats, stat, cpu);
		/* Put on one CPU, taken out on another, read between. */
		if (stat == TOA_STAT_CLIENTS && (long)sum < 0)
			sum = 0;
		seq_printf(seq, "%s %lu\n", toa_stat_names[stat], sum);
	}
	if (net_eq(net, &init_net))
		seq_printf(seq, "store_total %lld\n", toa_table_count());
	return 0;
}

static int toa_stats_make_files(struct net *net)
{
	if (!proc_create_net_single(TOA_STATS_FILE, 0444, net->proc_net,
				    toa_stats_show, NULL))
		return -ENOMEM;
	if (!proc_create_net_single(TOA_COUNTERS_FILE, 0444, net->proc_net,
				    toa_counters_show, NULL))
		goto remove_stats;
	return 0;

remove_stats:
	remove_proc_entry(TOA_STATS_FILE, net->proc_net);
	return -ENOMEM;
}

static struct toa_stats_set *toa_stats_make(void)
{
	struct toa_stats_set *set = kmalloc(sizeof(*set), GFP_KERNEL);

	if (!set)
		return NULL;
	set->stats = alloc_percpu(struct toa_stats);
	if (set->stats)
		return set;
	kfree(set);
	return NULL;
}

/* A spare one, all 0, or NULL. */
static struct toa_stats_set *toa_stats_reuse(void)
{
	struct toa_stats_set *set;
	int cpu;

	mutex_lock(&toa_stats_lock);
	set = list_first_entry_or_null(&toa_stats_spare, struct toa_stats_set,
				       spare);
	if (set)
		list_del(&set->spare);
	mutex_unlock(&toa_stats_lock);
	if (!set)
		return NULL;
	for_each_possible_cpu(cpu)
		memset(per_cpu_ptr(set->stats, cpu), 0,
		       sizeof(struct toa_stats));
	return set;
}

static struct toa_stats_set *toa_stats_take(const struct net *net)
{
	if (net_eq(net, &init_net))
		return &toa_stats_first;
	return toa_stats_reuse() ?: toa_stats_make();
}

/* Whoever came first has the slot; the first namespace needs none. */
static void toa_stats_slot_take(const struct net *net,
				const struct toa_stats_set *set)
{
	struct toa_stats_slot *slot = toa_stats_slot(net);

	mutex_lock(&toa_stats_lock);
	if (!slot->net && set != &toa_stats_first) {
		WRITE_ONCE(slot->stats, set->stats);
		WRITE_ONCE(slot->net, net);
	}
	mutex_unlock(&toa_stats_lock);
}

static void toa_stats_give(const struct net *net, struct toa_stats_set *set)
{
	struct toa_stats_slot *slot = toa_stats_slot(net);

	mutex_lock(&toa_stats_lock);
	if (slot->net == net)
		WRITE_ONCE(slot->net, NULL);
	if (set != &toa_stats_first)
		list_add(&set->spare, &toa_stats_spare);
	mutex_unlock(&toa_stats_lock);
}

/* Nobody can have a socket in @net before this has returned. */
static int __net_init toa_stats_net_init(struct net *net)
{
	struct toa_stats_net *kept;
	int err;

	err = toa_net_data_make(net, toa_stats_id, sizeof(*kept));
	if (err)
		return err;
	kept = toa_net_data(net, toa_stats_id);
	kept->set = toa_stats_take(net);
	if (!kept->set) {
		err = -ENOMEM;
		goto free_data;
	}
	toa_stats_slot_take(net, kept->set);
	err = toa_stats_make_files(net);
	if (err)
		goto give_set;
	return 0;

give_set:
	toa_stats_give(net, kept->set);
free_data:
	toa_net_data_free(net, toa_stats_id);
	return err;
}

/* Removing a file waits for its readers. */
static void __net_exit toa_stats_net_exit(struct net *net)
{
	const struct toa_stats_net *kept = toa_net_data(net, toa_stats_id);

	remove_proc_entry(TOA_COUNTERS_FILE, net->proc_net);
	remove_proc_entry(TOA_STATS_FILE, net->proc_net);
	toa_stats_give(net, kept->set);
	toa_net_data_free(net, toa_stats_id);
}

static struct pernet_operations toa_stats_net_ops = {
	.init		= toa_stats_net_init,
	.exit		= toa_stats_net_exit,
	TOA_NET_DATA(toa_stats_id, sizeof(struct toa_stats_net))
};

static void toa_stats_free_spare(void)
{
	struct toa_stats_set *set, *next;

	list_for_each_entry_safe(set, next, &toa_stats_spare, spare) {
		free_percpu(set->stats);
		kfree(set);
	}
}

/**
 * toa_stats_init() - counters and files for every namespace, and for new ones
 *
 * Context: process, may sleep.
 * Return: 0, or -EEXIST when another module has a file of that name, as every
 * other toa module does (the log says so), or -ENOMEM.
 */
int toa_stats_init(void)
{
	int err;

	if (toa_proc_exists(TOA_STATS_FILE)) {
		pr_err("not loaded: another toa module is, /proc/net/%s is its; rmmod that one first\n",
		       TOA_STATS_FILE);
		return -EEXIST;
	}
	err = toa_net_register(&toa_stats_net_ops, toa_stats_id);
	if (err)
		toa_stats_free_spare();
	return err;
}

/**
 * toa_stats_exit() - remove them; waits for the files' readers
 *
 * Nobody counts any more.
 *
 * Context: process, may sleep.
 */
void toa_stats_exit(void)
{
	toa_net_unregister(&toa_stats_net_ops, toa_stats_id);
	toa_stats_free_spare();
}
