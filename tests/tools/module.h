/* SPDX-License-Identifier: GPL-2.0 */
/*
 * insmod and rmmod, by the calls behind them
 */
#ifndef MODULE_H
#define MODULE_H

#include <stdbool.h>
#include <stddef.h>

int module_load(const char *parameters);
const char *module_lacks(const char *parameters);
int module_unload(void);
int module_set(const char *name, const char *value);
int module_set_trust(const char *value, size_t len);
void module_get(const char *name, char *value, size_t size);
bool module_tags(void);
bool module_is_going(void);

bool kernel_has(const char *function);

#endif /* MODULE_H */
