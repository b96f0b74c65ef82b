/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who may speak for a client
 */
#ifndef TOA_TRUST_H
#define TOA_TRUST_H

#include <linux/compiler.h>
#include <linux/skbuff.h>
#include <linux/types.h>

#include "toa.h"

/**
 * enum toa_trust - may this segment name a client?
 * @TOA_TRUST_YES: yes
 * @TOA_TRUST_NOBODY: no, the module is switched off
 * @TOA_TRUST_SOURCE: no, its source is in none of the prefixes of `trust`
 * @TOA_TRUST_PORT: no, its destination port is not one of `ports`
 */
enum toa_trust {
	TOA_TRUST_YES,
	TOA_TRUST_NOBODY,
	TOA_TRUST_SOURCE,
	TOA_TRUST_PORT,
};

extern bool toa_enable;

/* Read without a lock: a switch, which takes effect at once or a moment later. */
static inline bool toa_trust_anybody(void)
{
	return READ_ONCE(toa_enable);
}

int toa_trust_init(void);
void toa_trust_exit(void);
void toa_trust_forget(void);

enum toa_trust toa_trust_ask(const struct sk_buff *skb);
const struct toa_kinds *toa_trust_kinds(void);
const struct toa_kinds *toa_trust_every_kind(void);

#endif /* TOA_TRUST_H */
