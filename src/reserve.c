// SPDX-License-Identifier: GPL-2.0
/*
 * Objects for where nothing may be allocated
 *
 * On PREEMPT_RT the allocators' locks sleep. A kretprobe's handlers run with
 * preemption off, and so do ftrace's callbacks when a tracer watches the same
 * function: there GFP_ATOMIC is of no help. So some objects are kept ready, and a
 * worker makes new ones for those that were taken.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "reserve.h"

/* The handshakes that may complete until the worker has run. */
#define TOA_RESERVE_MAX		1024

/* An object of the reserve; what it is for comes later. */
struct toa_spare {
	struct toa_spare *next;
};

static struct kmem_cache *toa_reserve_cache;
static DEFINE_RAW_SPINLOCK(toa_reserve_lock);
static unsigned int toa_reserve_count;
static struct toa_spare *toa_reserve_first;

static bool toa_reserve_put(struct toa_spare *spare)
{
	unsigned long flags;
	bool wanted;

	raw_spin_lock_irqsave(&toa_reserve_lock, flags);
	wanted = toa_reserve_count < TOA_RESERVE_MAX;
	if (wanted) {
		spare->next = toa_reserve_first;
		toa_reserve_first = spare;
		toa_reserve_count++;
	}
	raw_spin_unlock_irqrestore(&toa_reserve_lock, flags);
	return wanted;
}

/* Call with toa_reserve_lock held, or when nobody else is left. */
static struct toa_spare *toa_reserve_pop(void)
{
	struct toa_spare *spare = toa_reserve_first;

	if (spare) {
		toa_reserve_first = spare->next;
		toa_reserve_count--;
	}
	return spare;
}

static void toa_reserve_fill(struct work_struct *unused)
{
	void *object;

	do {
		object = kmem_cache_alloc(toa_reserve_cache,
					  GFP_KERNEL | __GFP_NOWARN);
		if (!object)
			return;
	} while (toa_reserve_put(object));
	kmem_cache_free(toa_reserve_cache, object);
}

static DECLARE_WORK(toa_reserve_work, toa_reserve_fill);

/**
 * toa_reserve_take() - an object
 *
 * Context: any, on PREEMPT_RT too; does not sleep.
 * Return: the object, to be freed into its cache, or NULL.
 */
void *toa_reserve_take(void)
{
	struct toa_spare *spare;
	unsigned long flags;
	bool low;

	raw_spin_lock_irqsave(&toa_reserve_lock, flags);
	spare = toa_reserve_pop();
	low = toa_reserve_count < TOA_RESERVE_MAX / 2;
	raw_spin_unlock_irqrestore(&toa_reserve_lock, flags);
	if (low)
		schedule_work(&toa_reserve_work);
	return spare;
}

/**
 * toa_reserve_init() - fill the reserve, on kernels that need it
 * @cache: where its objects come from
 *
 * Context: process, may sleep.
 * Return: 0, or -ENOMEM and the reserve is empty.
 */
int toa_reserve_init(struct kmem_cache *cache)
{
	toa_reserve_cache = cache;
	if (!TOA_LOCKS_SLEEP)
		return 0;
	toa_reserve_fill(NULL);
	if (toa_reserve_count == TOA_RESERVE_MAX)
		return 0;
	toa_reserve_exit();
	return -ENOMEM;
}

/**
 * toa_reserve_exit() - empty the reserve; nobody takes from it any more
 *
 * Context: process, may sleep.
 */
void toa_reserve_exit(void)
{
	struct toa_spare *spare;

	cancel_work_sync(&toa_reserve_work);
	while ((spare = toa_reserve_pop()))
		kmem_cache_free(toa_reserve_cache, spare);
}
