// SPDX-License-Identifier: GPL-2.0
/*
 * How toa's table grows: the module's own src/table.c, with made-up sockets
 *
 * The table looks at a socket's address, and at the addresses and ports of its
 * connection. So the sockets are one page of zeros that is mapped again and again:
 * their addresses are as far apart as those of real ones, and a million of them
 * take a million entries of memory and nothing else.
 *
 * For each number of entries: what it costs to put in one more, to find one that
 * is there and one that is not, to drop one, and to free all of them, as unloading
 * does; and what one more costs in a list that is nothing but a list. In ticks of the
 * processor's counter, which are instructions, and nanoseconds, under QEMU's -icount
 * shift=0. Most of the time of unloading is waiting for RCU.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/spinlock.h>
#include <linux/timex.h>
#include <linux/vmalloc.h>

#include "src/stats.h"
#include "src/table.h"

#define GROWTH_REPEATS	101
/* An entry of the table, in bytes: what README says. */
#define GROWTH_ENTRY	120
/* About a TCPv6 socket of these kernels; a multiple of what a page is filled with. */
#define GROWTH_STRIDE	2432
#define GROWTH_PERIOD	128
/* vmap() takes no more pages at a time than the machine has. */
#define GROWTH_PART	65536
#define GROWTH_PARTS	17

static unsigned int entries = 1000;
module_param(entries, uint, 0444);
MODULE_PARM_DESC(entries, "how many connections are in the table");

/* What the table counts in. */
DEFINE_PER_CPU(struct toa_stats, toa_stats);

void toa_stat_add_elsewhere(const struct sock *sk, enum toa_stat stat, long by)
{
	this_cpu_add(toa_stats.count[stat], by);
}

static void *growth_room[GROWTH_PARTS];
static u64 growth_cost[GROWTH_REPEATS];

static const struct sock *growth_sock(unsigned int i)
{
	return growth_room[i / GROWTH_PART] +
	       (size_t)(i % GROWTH_PART) * GROWTH_STRIDE;
}

static int growth_order(const void *a, const void *b)
{
	const u64 *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void growth_say(const char *what)
{
	sort(growth_cost, GROWTH_REPEATS, sizeof(u64), growth_order, NULL);
	pr_info("growth: %u\t%s\t%llu\n", entries, what,
		growth_cost[GROWTH_REPEATS / 2]);
}

static int growth_fill(void)
{
	const struct toa_client client = { .family = TOA_FAMILY_V6 };
	unsigned int i;
	int err;

	for (i = 0; i < entries; i++) {
		err = toa_table_put(growth_sock(i), &client);
		if (err)
			return err;
		if (i % 1024 == 0)
			cond_resched();
	}
	return 0;
}

/* What any list of things pays for one more, whose place is known. */
struct growth_bare {
	struct hlist_node node;
	u8 rest[GROWTH_ENTRY - sizeof(struct hlist_node)];
};

static int growth_measure_bare(void)
{
	static DEFINE_RAW_SPINLOCK(lock);
	struct kmem_cache *cache = KMEM_CACHE(growth_bare, 0);
	struct hlist_head list = HLIST_HEAD_INIT;
	struct growth_bare *bare;
	struct hlist_node *next;
	unsigned long flags;
	unsigned int i;
	u64 from;

	if (!cache)
		return -ENOMEM;
	for (i = 0; i < GROWTH_REPEATS; i++) {
		from = get_cycles();
		bare = kmem_cache_alloc(cache, GFP_ATOMIC | __GFP_NOWARN);
		if (!bare)
			break;
		raw_spin_lock_irqsave(&lock, flags);
		hlist_add_head_rcu(&bare->node, &list);
		raw_spin_unlock_irqrestore(&lock, flags);
		growth_cost[i] = get_cycles() - from;
	}
	hlist_for_each_entry_safe(bare, next, &list, node)
		kmem_cache_free(cache, bare);
	kmem_cache_destroy(cache);
	if (i < GROWTH_REPEATS)
		return -ENOMEM;
	growth_say("bare insert");
	return 0;
}

/* One more comes, is found, and goes; and one that was there is found. */
static void growth_measure(void)
{
	const struct toa_client client = { .family = TOA_FAMILY_V6 };
	struct toa_client found;
	unsigned int i;
	u64 from;

	for (i = 0; i < GROWTH_REPEATS; i++) {
		from = get_cycles();
		toa_table_put(growth_sock(entries + i), &client);
		growth_cost[i] = get_cycles() - from;
	}
	growth_say("insert");
	for (i = 0; i < GROWTH_REPEATS; i++) {
		const struct sock *sk =
			growth_sock(i * 2654435761u % entries);

		from = get_cycles();
		toa_table_find(sk, &found);
		growth_cost[i] = get_cycles() - from;
	}
	growth_say("lookup");
	for (i = 0; i < GROWTH_REPEATS; i++) {
		from = get_cycles();
		toa_table_drop(growth_sock(entries + i));
		growth_cost[i] = get_cycles() - from;
	}
	growth_say("remove");
	for (i = 0; i < GROWTH_REPEATS; i++) {
		const struct sock *sk = growth_sock(entries + i);

		from = get_cycles();
		if (toa_table_may_have(sk))
			toa_table_find(sk, &found);
		growth_cost[i] = get_cycles() - from;
	}
	growth_say("lookup of none");
}

/* Whatever a socket's place in the page, it belongs to the first namespace. */
static void growth_fill_page(struct page *page)
{
	const size_t at = offsetof(struct sock, sk_net) % GROWTH_PERIOD;
	u8 *bytes = page_address(page);
	size_t i;

	for (i = 0; i < PAGE_SIZE; i += GROWTH_PERIOD)
		*(struct net **)(bytes + i + at) = &init_net;
}

/* The same page everywhere. */
static int growth_map(struct page *page, unsigned int parts)
{
	const size_t size = (size_t)GROWTH_PART * GROWTH_STRIDE + PAGE_SIZE;
	size_t i, count = PAGE_ALIGN(size) >> PAGE_SHIFT;
	struct page **pages = kvmalloc_array(count, sizeof(*pages), GFP_KERNEL);
	int err = 0;

	if (!pages)
		return -ENOMEM;
	for (i = 0; i < count; i++)
		pages[i] = page;
	for (i = 0; !err && i < parts; i++) {
		growth_room[i] = vmap(pages, count, VM_MAP, PAGE_KERNEL_RO);
		err = growth_room[i] ? 0 : -ENOMEM;
	}
	kvfree(pages);
	return err;
}

static void growth_unmap(void)
{
	size_t i;

	for (i = 0; i < GROWTH_PARTS; i++)
		vunmap(growth_room[i]);
}

static int growth_run(void)
{
	u64 from;
	int err;

	err = toa_table_init(1024 * 1024 + GROWTH_REPEATS);
	if (err)
		return err;
	err = growth_fill();
	if (!err)
		err = growth_measure_bare();
	if (!err)
		growth_measure();
	from = get_cycles();
	toa_table_exit();
	if (!err)
		pr_info("growth: %u\tunload us\t%llu\n", entries,
			(get_cycles() - from) / 1000);
	return err;
}

static int __init growth_init(void)
{
	const unsigned int parts =
		(entries + GROWTH_REPEATS) / GROWTH_PART + 1;
	struct page *page;
	int err;

	if (!entries || parts > GROWTH_PARTS)
		return -EINVAL;
	page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!page)
		return -ENOMEM;
	growth_fill_page(page);
	err = growth_map(page, parts) ?: growth_run();
	growth_unmap();
	__free_page(page);
	return err;
}

static void __exit growth_exit(void)
{
}

module_init(growth_init);
module_exit(growth_exit);

MODULE_DESCRIPTION("How the table of toa grows");
MODULE_LICENSE("GPL");
