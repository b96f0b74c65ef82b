/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The groups of tests that toatest runs
 */
#ifndef CASES_H
#define CASES_H

#include <stdbool.h>

#include "tun.h"

/* loaded: is the module there, or is this the run that shows the difference? */
void handshakes_run(struct tun *tun, bool loaded);
void sockets_run(struct tun *tun, bool loaded);
void lives_run(struct tun *tun, bool loaded);
void mptcp_run(struct tun *tun, bool loaded);
void neighbours_run(struct tun *tun, bool loaded);
void passages_run(struct tun *tun, bool unused);
void contend_run(struct tun *tun, bool unload);
void capacity_run(struct tun *tun, bool unused);
void race_run(struct tun *tun, bool unused);
void trust_run(struct tun *tun, bool unused);
void early_run(struct tun *tun, bool unused);
void hostile_run(struct tun *tun, bool unused);
void reloads_run(struct tun *tun, bool unused);
void storm_run(struct tun *tun, bool unused);
void services_run(struct tun *tun, bool loaded);
void conns_run(struct tun *tun, bool unused);
void reasons_run(struct tun *tun, bool unused);

#endif /* CASES_H */
