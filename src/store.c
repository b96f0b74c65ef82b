// SPDX-License-Identifier: GPL-2.0
/*
 * Which client belongs to which socket
 *
 * Two places. An IPv4 client goes into the socket itself, as a tag in
 * sk_user_data: nothing to allocate, to look up or to free. IPv6 clients do not
 * fit; they, and all clients where tags are off, go into the table beside the
 * sockets.
 *
 * A tag has no room for a fingerprint of its connection, so it must never outlive
 * it:
 *  - a disconnected socket loses it (toa_store_drop());
 *  - a socket that leaves the kernel's table of connections while a program holds
 *    it open, by a reset for example, has it moved into our table
 *    (toa_store_settle()), because nobody could find that socket later;
 *  - at unload those in the kernel's table are found and cleared
 *    (toa_store_clear()), and our table goes.
 * Therefore tags are used only when the hooks that call these functions miss no
 * call. A clone does not inherit a tag (SK_USER_DATA_NOCOPY).
 *
 * sk_user_data changes hands by cmpxchg() only: who has it keeps it. The others
 * who want it (sockmap, KCM, espintcp, ovpn) refuse a socket where it is taken.
 */
#include <linux/errno.h>
#include <linux/kernel.h>

#include "compat.h"
#include "socks.h"
#include "store.h"

static bool toa_store_tags;

/* Anybody's value stays. */
static bool toa_word_set(struct sock *sk, u64 from, u64 to)
{
	void *old = (void *)(unsigned long)from;

	return cmpxchg(&sk->sk_user_data, old,
		       (void *)(unsigned long)to) == old;
}

static bool toa_word_clear(struct sock *sk)
{
	u64 word = toa_store_word(sk);

	return toa_tag_is(word) && toa_word_set(sk, word, 0);
}

/**
 * toa_store_put() - remember a socket's client
 * @sk: a child that user space cannot see yet, its addresses set
 * @client: its client
 *
 * Context: any; does not sleep.
 * Return: 0; -EBUSY when sk_user_data has another owner; -ENOSPC when the table
 * is full, by about a batch per CPU; -ENOMEM. After an error @sk has no client,
 * not even an old one.
 */
int toa_store_put(struct sock *sk, const struct toa_client *client)
{
	if (!toa_store_tags || client->family != TOA_FAMILY_V4)
		return toa_table_put(sk, client);
	toa_table_drop(sk);
	return toa_word_set(sk, 0, toa_tag_make(client)) ? 0 : -EBUSY;
}

/**
 * toa_store_find() - look up a socket's client
 * @sk: a socket that cannot be destroyed meanwhile
 * @client: written when there is one
 *
 * Context: any; does not sleep.
 * Return: is there one?
 */
bool toa_store_find(const struct sock *sk, struct toa_client *client)
{
	u64 word = toa_store_word(sk);

	if (!toa_tag_is(word))
		return toa_table_find(sk, client);
	toa_tag_read(word, client);
	return true;
}

/**
 * toa_store_drop() - forget a socket's client
 * @sk: a socket that is disconnected or destroyed
 *
 * Whoever is asked for every socket asks toa_store_may_have() first.
 *
 * Context: any; does not sleep.
 * Return: was there one?
 */
bool toa_store_drop(struct sock *sk)
{
	bool tagged = toa_word_clear(sk);

	return toa_table_drop(sk) || tagged;
}

/**
 * toa_store_settle() - move a tag into the table
 * @sk: a socket that leaves the kernel's table of connections, locked
 *
 * Whoever is asked for every socket asks toa_store_has_tag() first.
 *
 * The table has the client before the tag goes, so that whoever asks meanwhile
 * finds one or the other. Nobody can ask for a dead socket: its tag stays, and
 * goes with it.
 *
 * Context: any; does not sleep.
 * Return: 0; -ENOSPC or -ENOMEM when the client had to be forgotten.
 */
int toa_store_settle(struct sock *sk)
{
	struct toa_client client;
	u64 word = toa_store_word(sk);
	int err;

	if (likely(!toa_tag_is(word)) || sock_flag(sk, SOCK_DEAD))
		return 0;
	toa_tag_read(word, &client);
	err = toa_table_put(sk, &client);
	toa_word_set(sk, word, 0);
	return err;
}

/**
 * toa_store_tag() - choose where IPv4 clients are put from now on
 * @on: as tags; the caller has hooks that miss no call of toa_store_drop() and
 *	toa_store_settle()
 *
 * Context: process, before the first child can be remembered.
 */
void toa_store_tag(bool on)
{
	toa_store_tags = on;
}

static void toa_sock_clear(struct sock *sk)
{
	toa_word_clear(sk);
}

/**
 * toa_store_clear() - take all tags out of the sockets
 *
 * Call when nobody puts any more, and while toa_store_settle() is still called:
 * a socket that has just left the kernel's table is between two instructions of
 * a task or a softirq, and has settled when those have been waited for.
 *
 * Context: process, may sleep.
 */
void toa_store_clear(void)
{
	if (!TOA_TAG_SAFE || !toa_store_tags)
		return;
	toa_socks_visit(toa_sock_clear);
	toa_wait_for_tasks();
}

/**
 * toa_store_init() - make an empty store, without tags
 * @max: how many clients the table may hold
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int toa_store_init(unsigned int max)
{
	return toa_table_init(max);
}

/**
 * toa_store_exit() - free the table and all clients in it
 *
 * After toa_store_clear(), and every hook is gone.
 *
 * Context: process, may sleep.
 */
void toa_store_exit(void)
{
	toa_table_exit();
}
