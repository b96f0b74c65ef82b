// SPDX-License-Identifier: GPL-2.0
/*
 * The client by eBPF
 *
 * A sock_ops program sees the segment that completes a handshake and keeps the
 * client in storage of the socket; cgroup/getpeername programs write it into the
 * name. They are kept as cheap as they can be: the option is read only where
 * balancers put it, first; nothing is checked that the module checks (addresses,
 * ports, who may speak), and nothing is counted.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpf.h"
#include "ebpf.h"
#include "wire.h"

#define CGROUP_ROOT	"/sys/fs/cgroup"

/* In the storage, and on the stack before: the option as it is, zero-filled. */
#define KEPT_WORDS	5
#define KEPT_PORT	2
#define KEPT_ADDR	4
#define STACK		(-(KEPT_WORDS * 4))

/* In the segment. */
#define OPT		20
#define OPT_END_V4	(OPT + 8)
#define OPT_END_V6	(OPT + 20)

#define SKB(member)	offsetof(struct bpf_sock_ops, member)

#define JGT_REG(dst, src, offset)					\
	((struct bpf_insn){ .code = BPF_JMP | BPF_JGT | BPF_X,		\
			    .dst_reg = (dst), .src_reg = (src),		\
			    .off = (offset) })
#define GOTO(offset)							\
	((struct bpf_insn){ .code = BPF_JMP | BPF_JA, .off = (offset) })
/* Four bytes of the segment onto the stack. */
#define COPY(from, to)							\
	BPF_LDX_MEM(BPF_W, BPF_REG_2, BPF_REG_7, from),			\
	BPF_STX_MEM(BPF_W, BPF_REG_10, BPF_REG_2, to)

static int storage = -1, cgroup = -1;

static struct {
	uint32_t type;
	int fd;
} programs[3] = {
	{ BPF_CGROUP_SOCK_OPS, -1 },
	{ BPF_CGROUP_INET4_GETPEERNAME, -1 },
	{ BPF_CGROUP_INET6_GETPEERNAME, -1 },
};

static int read_load(void)
{
	/* The last two are the end; jumps that are not to it go over the IPv6 part. */
	const struct bpf_insn insns[] = {
		/* 0 */ BPF_MOV64_REG(BPF_REG_6, BPF_REG_1),
		/* 1 */ BPF_LDX_MEM(BPF_W, BPF_REG_2, BPF_REG_6, SKB(op)),
		/* 2 */ BPF_JNE_IMM(BPF_REG_2, BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB, 33),
		/* 3 */ BPF_LDX_MEM(BPF_DW, BPF_REG_7, BPF_REG_6, SKB(skb_data)),
		/* 4 */ BPF_LDX_MEM(BPF_DW, BPF_REG_8, BPF_REG_6, SKB(skb_data_end)),
		/* 5 */ BPF_MOV64_REG(BPF_REG_2, BPF_REG_7),
		/* 6 */ BPF_ADD64_IMM(BPF_REG_2, OPT_END_V4),
		/* 7 */ JGT_REG(BPF_REG_2, BPF_REG_8, 28),
		/* 8 */ BPF_LDX_MEM(BPF_H, BPF_REG_3, BPF_REG_7, OPT),
		/* 9 */ BPF_JEQ_IMM(BPF_REG_3, 0x08fe, 11),
		/* 10 */ BPF_JNE_IMM(BPF_REG_3, 0x14fe, 25),
		/* 11 */ BPF_MOV64_REG(BPF_REG_2, BPF_REG_7),
		/* 12 */ BPF_ADD64_IMM(BPF_REG_2, OPT_END_V6),
		/* 13 */ JGT_REG(BPF_REG_2, BPF_REG_8, 22),
		/* 14 */ COPY(OPT + 8, STACK + 8),
		/* 16 */ COPY(OPT + 12, STACK + 12),
		/* 18 */ COPY(OPT + 16, STACK + 16),
		/* 20 */ GOTO(3),
		/* 21 */ BPF_ST_MEM(BPF_W, BPF_REG_10, STACK + 8, 0),
		/* 22 */ BPF_ST_MEM(BPF_W, BPF_REG_10, STACK + 12, 0),
		/* 23 */ BPF_ST_MEM(BPF_W, BPF_REG_10, STACK + 16, 0),
		/* 24 */ COPY(OPT, STACK),
		/* 26 */ COPY(OPT + 4, STACK + 4),
		/* 28 */ BPF_LDX_MEM(BPF_DW, BPF_REG_2, BPF_REG_6, SKB(sk)),
		/* 29 */ BPF_JEQ_IMM(BPF_REG_2, 0, 6),
		/* 30 */ BPF_LD_MAP(BPF_REG_1, storage),
		/* 32 */ BPF_MOV64_REG(BPF_REG_3, BPF_REG_10),
		/* 33 */ BPF_ADD64_IMM(BPF_REG_3, STACK),
		/* 34 */ BPF_MOV64_IMM(BPF_REG_4, BPF_SK_STORAGE_GET_F_CREATE),
		/* 35 */ BPF_HELPER(BPF_FUNC_sk_storage_get),
		/* 36 */ BPF_MOV64_IMM(BPF_REG_0, 1),
		/* 37 */ BPF_LEAVE(),
	};
	const struct bpf_program program = {
		.type = BPF_PROG_TYPE_SOCK_OPS,
		.attach = BPF_CGROUP_SOCK_OPS,
		.insns = insns, .count = ARRAY_SIZE(insns),
	};

	return bpf_load(&program);
}

#define ADDR(member)	offsetof(struct bpf_sock_addr, member)
#define ANSWER(size, from, to)						\
	BPF_LDX_MEM(size, BPF_REG_2, BPF_REG_0, from),			\
	BPF_STX_MEM(BPF_W, BPF_REG_6, BPF_REG_2, ADDR(to))
/* The socket's storage into register 0; over so many instructions without it. */
#define FIND(skip)							\
	BPF_MOV64_REG(BPF_REG_6, BPF_REG_1),				\
	BPF_LDX_MEM(BPF_DW, BPF_REG_2, BPF_REG_6, ADDR(sk)),		\
	BPF_LD_MAP(BPF_REG_1, storage),					\
	BPF_MOV64_IMM(BPF_REG_3, 0),					\
	BPF_MOV64_IMM(BPF_REG_4, 0),					\
	BPF_HELPER(BPF_FUNC_sk_storage_get),				\
	BPF_JEQ_IMM(BPF_REG_0, 0, skip)

static int answer_load(uint32_t type)
{
	const struct bpf_insn v4[] = {
		FIND(4),
		ANSWER(BPF_H, KEPT_PORT, user_port),
		ANSWER(BPF_W, KEPT_ADDR, user_ip4),
		BPF_MOV64_IMM(BPF_REG_0, 1),
		BPF_LEAVE(),
	};
	const struct bpf_insn v6[] = {
		FIND(10),
		ANSWER(BPF_H, KEPT_PORT, user_port),
		ANSWER(BPF_W, KEPT_ADDR, user_ip6[0]),
		ANSWER(BPF_W, KEPT_ADDR + 4, user_ip6[1]),
		ANSWER(BPF_W, KEPT_ADDR + 8, user_ip6[2]),
		ANSWER(BPF_W, KEPT_ADDR + 12, user_ip6[3]),
		BPF_MOV64_IMM(BPF_REG_0, 1),
		BPF_LEAVE(),
	};
	const bool four = type == BPF_CGROUP_INET4_GETPEERNAME;
	const struct bpf_program program = {
		.type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
		.attach = type,
		.insns = four ? v4 : v6,
		.count = four ? ARRAY_SIZE(v4) : ARRAY_SIZE(v6),
	};

	return bpf_load(&program);
}

/* 0, or -1 and nothing is left. */
int ebpf_start(void)
{
	unsigned int i;

	storage = bpf_storage_open(KEPT_WORDS);
	cgroup = open(CGROUP_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (storage < 0 || cgroup < 0)
		goto stop;
	for (i = 0; i < ARRAY_SIZE(programs); i++) {
		programs[i].fd = i ? answer_load(programs[i].type) : read_load();
		if (programs[i].fd < 0 ||
		    bpf_attach(cgroup, programs[i].fd, programs[i].type))
			goto stop;
	}
	return 0;

stop:
	ebpf_stop();
	return -1;
}

void ebpf_stop(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(programs); i++) {
		if (programs[i].fd >= 0)
			bpf_detach(cgroup, programs[i].fd, programs[i].type);
		close(programs[i].fd);
		programs[i].fd = -1;
	}
	close(storage);
	close(cgroup);
}
