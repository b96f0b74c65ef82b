/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a user could choose instead: eBPF programs that read the option and answer
 * getpeername()
 */
#ifndef EBPF_H
#define EBPF_H

int ebpf_start(void);
void ebpf_stop(void);

#endif /* EBPF_H */
