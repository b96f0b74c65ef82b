// SPDX-License-Identifier: GPL-2.0
/*
 * The counters, and the files that show them
 *
 * /proc/net/toa_stats keeps the names, the order and the columns that the first
 * toa module had: scripts read it by position. /proc/net/toa_counters shows
 * every counter and, last, how many clients are in the table now, one "name value"
 * a line.
 */
#define pr_fmt(fmt) "TOA: " fmt

#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <net/net_namespace.h>

#include "compat.h"
#include "proc.h"
#include "stats.h"
#include "table.h"

#define TOA_STATS_FILE		"toa_stats"
#define TOA_COUNTERS_FILE	"toa_counters"

DEFINE_PER_CPU(struct toa_stats, toa_stats);

static const char *const toa_stat_names[TOA_STATS] = {
	[TOA_STAT_SYN_TOA]	= "syn_recv_sock_toa",
	[TOA_STAT_SYN_NO_TOA]	= "syn_recv_sock_no_toa",
	[TOA_STAT_NAME_OK]	= "getname_toa_ok",
	[TOA_STAT_NAME_MISMATCH] = "getname_toa_mismatch",
	[TOA_STAT_NAME_BYPASS]	= "getname_toa_bypass",
	[TOA_STAT_NAME_EMPTY]	= "getname_toa_empty",
	[TOA_STAT_MALFORMED]	= "option_malformed",
	[TOA_STAT_UNUSABLE]	= "option_unusable",
	[TOA_STAT_DUPLICATE]	= "option_duplicate",
	[TOA_STAT_SOURCE]	= "option_untrusted",
	[TOA_STAT_PORT]		= "option_other_port",
	[TOA_STAT_SYN_KEPT]	= "syn_kept",
	[TOA_STAT_SYN_USED]	= "syn_used",
	[TOA_STAT_SYN_LOST]	= "syn_lost",
	[TOA_STAT_FOREIGN]	= "child_foreign",
	[TOA_STAT_LOST_RACE]	= "child_lost_race",
	[TOA_STAT_NOT_MADE]	= "child_not_made",
	[TOA_STAT_FULL]		= "store_full",
	[TOA_STAT_NOMEM]	= "store_nomem",
};

/**
 * toa_stat_store_error() - count a client that could not be kept
 * @err: what toa_store_put() or toa_store_settle() returned
 *
 * Context: any.
 */
void toa_stat_store_error(int err)
{
	if (err == -ENOSPC)
		toa_stat_inc(TOA_STAT_FULL);
	else if (err == -EBUSY)
		toa_stat_inc(TOA_STAT_FOREIGN);
	else
		toa_stat_inc(TOA_STAT_NOMEM);
}

static unsigned long toa_stat_cpu(enum toa_stat stat, int cpu)
{
	return READ_ONCE(per_cpu_ptr(&toa_stats, cpu)->count[stat]);
}

/* 34 blanks stand for the name, its colon and the first column's width. */
static int toa_stats_show(struct seq_file *seq, void *unused)
{
	int stat, cpu;

	seq_printf(seq, "%34s", "");
	for_each_online_cpu(cpu)
		seq_printf(seq, "CPU%d       ", cpu);
	seq_putc(seq, '\n');

	for (stat = 0; stat < TOA_STAT_HISTORIC; stat++) {
		seq_printf(seq, "%-25s:", toa_stat_names[stat]);
		for_each_online_cpu(cpu)
			seq_printf(seq, "%10lu ", toa_stat_cpu(stat, cpu));
		seq_putc(seq, '\n');
	}
	return 0;
}

static int toa_counters_show(struct seq_file *seq, void *unused)
{
	int stat, cpu;

	for (stat = 0; stat < TOA_STATS; stat++) {
		unsigned long sum = 0;

		for_each_possible_cpu(cpu)
			sum += toa_stat_cpu(stat, cpu);
		seq_printf(seq, "%s %lu\n", toa_stat_names[stat], sum);
	}
	seq_printf(seq, "store_clients %lld\n", toa_table_count());
	return 0;
}

/**
 * toa_stats_init() - make the files
 *
 * Context: process, may sleep.
 * Return: 0, or -EEXIST when another module has a file of that name, as every
 * other toa module does (the log says so), or -ENOMEM.
 */
int toa_stats_init(void)
{
	struct proc_dir_entry *dir = init_net.proc_net;

	if (toa_proc_exists(TOA_STATS_FILE)) {
		pr_err("not loaded: another toa module is, /proc/net/%s is its; rmmod that one first\n",
		       TOA_STATS_FILE);
		return -EEXIST;
	}
	if (!proc_create_single(TOA_STATS_FILE, 0444, dir, toa_stats_show))
		return -ENOMEM;
	if (!proc_create_single(TOA_COUNTERS_FILE, 0444, dir,
				toa_counters_show))
		goto remove_stats;
	return 0;

remove_stats:
	remove_proc_entry(TOA_STATS_FILE, dir);
	return -ENOMEM;
}

/**
 * toa_stats_exit() - remove the files; waits for their readers
 *
 * Context: process, may sleep.
 */
void toa_stats_exit(void)
{
	remove_proc_entry(TOA_COUNTERS_FILE, init_net.proc_net);
	remove_proc_entry(TOA_STATS_FILE, init_net.proc_net);
}
