/* SPDX-License-Identifier: GPL-2.0 */
/*
 * insmod and rmmod, by the calls behind them
 */
#ifndef MODULE_H
#define MODULE_H

#include <stdbool.h>

int module_load(const char *parameters);
int module_unload(void);
bool module_tags(void);
bool module_is_going(void);

#endif /* MODULE_H */
