/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bpf(2) without libbpf: maps, programs of a few instructions, what they are
 * attached to
 */

/* BPF_H is an instruction's. */
#ifndef TOOLS_BPF_H
#define TOOLS_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BPF_MOV64_IMM(dst, value)					\
	((struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K,	\
			    .dst_reg = (dst), .imm = (value) })
#define BPF_MOV64_REG(dst, src)						\
	((struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X,	\
			    .dst_reg = (dst), .src_reg = (src) })
#define BPF_ADD64_IMM(dst, value)					\
	((struct bpf_insn){ .code = BPF_ALU64 | BPF_ADD | BPF_K,	\
			    .dst_reg = (dst), .imm = (value) })
#define BPF_LDX_MEM(size, dst, src, offset)				\
	((struct bpf_insn){ .code = BPF_LDX | BPF_MEM | (size),		\
			    .dst_reg = (dst), .src_reg = (src),		\
			    .off = (offset) })
#define BPF_STX_MEM(size, dst, src, offset)				\
	((struct bpf_insn){ .code = BPF_STX | BPF_MEM | (size),		\
			    .dst_reg = (dst), .src_reg = (src),		\
			    .off = (offset) })
#define BPF_ST_MEM(size, dst, offset, value)				\
	((struct bpf_insn){ .code = BPF_ST | BPF_MEM | (size),		\
			    .dst_reg = (dst), .off = (offset),		\
			    .imm = (value) })
#define BPF_ATOMIC_ADD(dst, src, offset)				\
	((struct bpf_insn){ .code = BPF_STX | BPF_XADD | BPF_DW,	\
			    .dst_reg = (dst), .src_reg = (src),		\
			    .off = (offset) })
#define BPF_JNE_IMM(dst, value, offset)					\
	((struct bpf_insn){ .code = BPF_JMP | BPF_JNE | BPF_K,		\
			    .dst_reg = (dst), .off = (offset),		\
			    .imm = (value) })
#define BPF_JEQ_IMM(dst, value, offset)					\
	((struct bpf_insn){ .code = BPF_JMP | BPF_JEQ | BPF_K,		\
			    .dst_reg = (dst), .off = (offset),		\
			    .imm = (value) })
#define BPF_HELPER(id)							\
	((struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = (id) })
#define BPF_LEAVE()							\
	((struct bpf_insn){ .code = BPF_JMP | BPF_EXIT })
/* Two instructions: a map, or the first value of an array. */
#define BPF_LD_MAP(dst, fd)						\
	((struct bpf_insn){ .code = BPF_LD | BPF_DW | BPF_IMM,		\
			    .dst_reg = (dst),				\
			    .src_reg = BPF_PSEUDO_MAP_FD,		\
			    .imm = (fd) }),				\
	((struct bpf_insn){})
#define BPF_LD_MAP_VALUE(dst, fd)					\
	((struct bpf_insn){ .code = BPF_LD | BPF_DW | BPF_IMM,		\
			    .dst_reg = (dst),				\
			    .src_reg = BPF_PSEUDO_MAP_VALUE,		\
			    .imm = (fd) }),				\
	((struct bpf_insn){})

/**
 * struct bpf_program - what is loaded
 * @type: an enum bpf_prog_type
 * @attach: the enum bpf_attach_type that it is for, where its type needs one
 * @function: for tracing, the function's id in the kernel's BTF
 * @insns: the instructions
 * @count: how many
 */
struct bpf_program {
	uint32_t type;
	uint32_t attach;
	uint32_t function;
	const struct bpf_insn *insns;
	size_t count;
};

bool bpf_lacks(void);
int bpf_map_open(uint32_t type, uint32_t key_size, uint32_t value_size,
		 uint32_t entries);
int bpf_storage_open(uint32_t words);
int bpf_map_set(int map, const void *key, const void *value);
int bpf_map_get(int map, const void *key, void *value);
int bpf_map_delete(int map, const void *key);
int bpf_load(const struct bpf_program *program);
int bpf_attach(int target, int program, uint32_t type);
int bpf_detach(int target, int program, uint32_t type);
int bpf_trace(int program);

#endif /* TOOLS_BPF_H */
