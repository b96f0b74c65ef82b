// SPDX-License-Identifier: GPL-2.0
/*
 * BPF programs that look at sockets with a client, choose their listener or
 * rewrite their peer's name
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpf.h"
#include "connection.h"
#include "module.h"
#include "neighbours.h"
#include "net.h"
#include "server.h"

#define CGROUP_ROOT	"/sys/fs/cgroup"
#define REWRITTEN_PORT	7777

/* A program on every socket of the machine, for the time of one test. */
static bool in_cgroup(struct neighbour *n, int program, uint32_t type,
		      bool (*works)(struct neighbour *n))
{
	int cgroup = open(CGROUP_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok;

	if (program < 0 || bpf_attach(cgroup, program, type)) {
		ok = neighbour_failed("attaching the program");
	} else {
		ok = works(n);
		bpf_detach(cgroup, program, type);
	}
	close(program);
	close(cgroup);
	return ok;
}

/* The peer's port of every socket that is accepted, as the program sees it. */
static int sock_ops_load(int storage)
{
	const struct bpf_insn insns[] = {
		BPF_LDX_MEM(BPF_W, BPF_REG_2, BPF_REG_1,
			    offsetof(struct bpf_sock_ops, op)),
		BPF_JNE_IMM(BPF_REG_2, BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB, 10),
		BPF_LDX_MEM(BPF_W, BPF_REG_2, BPF_REG_1,
			    offsetof(struct bpf_sock_ops, remote_port)),
		BPF_STX_MEM(BPF_W, BPF_REG_10, BPF_REG_2, -4),
		BPF_LDX_MEM(BPF_DW, BPF_REG_2, BPF_REG_1,
			    offsetof(struct bpf_sock_ops, sk)),
		BPF_JEQ_IMM(BPF_REG_2, 0, 6),
		BPF_LD_MAP(BPF_REG_1, storage),
		BPF_MOV64_REG(BPF_REG_3, BPF_REG_10),
		BPF_ADD64_IMM(BPF_REG_3, -4),
		BPF_MOV64_IMM(BPF_REG_4, BPF_SK_STORAGE_GET_F_CREATE),
		BPF_HELPER(BPF_FUNC_sk_storage_get),
		BPF_MOV64_IMM(BPF_REG_0, 1),
		BPF_LEAVE(),
	};
	const struct bpf_program program = {
		.type = BPF_PROG_TYPE_SOCK_OPS,
		.attach = BPF_CGROUP_SOCK_OPS,
		.insns = insns, .count = ARRAY_SIZE(insns),
	};

	return bpf_load(&program);
}

static int storage;

static bool storage_works(struct neighbour *n)
{
	int fd = neighbour_open(n);
	uint32_t port = 0;
	bool ok = false;

	if (fd < 0)
		return neighbour_failed("accept");
	if (bpf_map_get(storage, &fd, &port))
		neighbour_failed("the program stored nothing");
	else if (ntohl(port) != n->flow.local.port)
		printf("#   the program saw port %u\n", ntohl(port));
	else if (bpf_map_set(storage, &fd, &port) ||
		 bpf_map_delete(storage, &fd))
		neighbour_failed("storing");
	else
		ok = neighbour_shows(n, fd);
	socket_kill(fd);
	return ok;
}

bool sock_ops_test(struct neighbour *n)
{
	bool ok;

	storage = bpf_storage_open(1);
	if (storage < 0) {
		if (bpf_lacks())
			n->skip = "no socket storage in this kernel (bpf: EINVAL, ENOSYS)";
		return neighbour_failed("making the map");
	}
	ok = in_cgroup(n, sock_ops_load(storage), BPF_CGROUP_SOCK_OPS,
		       storage_works);
	close(storage);
	return ok;
}

static int select_load(int map, int index)
{
	const struct bpf_insn insns[] = {
		BPF_ST_MEM(BPF_W, BPF_REG_10, -4, index),
		BPF_LD_MAP(BPF_REG_2, map),
		BPF_MOV64_REG(BPF_REG_3, BPF_REG_10),
		BPF_ADD64_IMM(BPF_REG_3, -4),
		BPF_MOV64_IMM(BPF_REG_4, 0),
		BPF_HELPER(BPF_FUNC_sk_select_reuseport),
		BPF_MOV64_IMM(BPF_REG_0, SK_PASS),
		BPF_LEAVE(),
	};
	const struct bpf_program program = {
		.type = BPF_PROG_TYPE_SK_REUSEPORT,
		.insns = insns, .count = ARRAY_SIZE(insns),
	};

	return bpf_load(&program);
}

/* The connection comes to the listener that the program names. */
static bool select_works(struct neighbour *n, int map, const int *listeners,
			 int index)
{
	int program = select_load(map, index);
	bool ok = false;
	int fd;

	if (program < 0 ||
	    setsockopt(listeners[0], SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF,
		       &program, sizeof(program))) {
		close(program);
		return neighbour_failed("attaching the program");
	}
	fd = neighbour_accept(n, listeners[index]);
	if (fd >= 0) {
		ok = neighbour_talks(n, fd) && neighbour_shows(n, fd);
		socket_kill(fd);
	} else {
		neighbour_failed("accept");
	}
	close(program);
	return ok;
}

bool reuseport_array_test(struct neighbour *n)
{
	int map = bpf_map_open(BPF_MAP_TYPE_REUSEPORT_SOCKARRAY,
			       sizeof(uint32_t), sizeof(uint64_t), 2);
	int listeners[2];
	uint64_t value;
	uint32_t i;
	bool ok = true;

	if (map < 0 && bpf_lacks()) {
		n->skip = "no such BPF map in this kernel (bpf: EINVAL, ENOSYS)";
		return false;
	}
	for (i = 0; i < 2; i++) {
		listeners[i] = reuseport_open(SERVER_PORT);
		value = listeners[i];
		if (bpf_map_set(map, &i, &value))
			ok = neighbour_failed("a listener in the array");
	}
	for (i = 0; ok && i < 2; i++)
		ok = select_works(n, map, listeners, i);
	close(map);
	close(listeners[0]);
	close(listeners[1]);
	return ok;
}

/* Every peer's port becomes another. */
static int getpeername_load(uint32_t type)
{
	const struct bpf_insn insns[] = {
		BPF_MOV64_IMM(BPF_REG_2, htons(REWRITTEN_PORT)),
		BPF_STX_MEM(BPF_W, BPF_REG_1, BPF_REG_2,
			    offsetof(struct bpf_sock_addr, user_port)),
		BPF_MOV64_IMM(BPF_REG_0, 1),
		BPF_LEAVE(),
	};
	const struct bpf_program program = {
		.type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
		.attach = type,
		.insns = insns, .count = ARRAY_SIZE(insns),
	};

	return bpf_load(&program);
}

static bool rewriting_shows(struct neighbour *n, enum listener kind,
			    const char *options, const struct address *shown)
{
	int listener = listener_open(kind, 0, SERVER_PORT);
	struct address balancer = net_balancer_v4;
	struct names names;
	struct name want;
	bool ok;
	int fd = connection_accept(n->tun, &n->flow, listener, options,
				   &names.accept);

	close(listener);
	if (fd < 0)
		return neighbour_failed("accept");
	names_ask(fd, &names);
	socket_kill(fd);
	balancer.port = REWRITTEN_PORT;
	name_expect(&want, listener_family(kind), shown ?: &balancer);
	ok = expect_equal("accept", &names.accept, &want);
	ok &= expect_equal("getpeername", &names.peer, &want);
	ok &= expect_equal("SO_PEERNAME", &names.so_peer, &want);
	return ok;
}

static bool rewriting4_works(struct neighbour *n)
{
	return rewriting_shows(n, LISTEN_V4, OPT_V4, n->client) &&
	       rewriting_shows(n, LISTEN_V4, NULL, NULL);
}

static bool rewriting6_works(struct neighbour *n)
{
	return rewriting_shows(n, LISTEN_DUAL, OPT_V4, n->client) &&
	       rewriting_shows(n, LISTEN_DUAL, NULL, NULL);
}

static bool getpeername_test(struct neighbour *n, uint32_t type,
			     bool (*works)(struct neighbour *n))
{
	int program = getpeername_load(type);

	if (program < 0 && !kernel_has("__cgroup_bpf_run_filter_sock_addr")) {
		n->skip = "no such BPF program in this kernel (kallsyms)";
		return false;
	}
	/* The same program is fine for getpeername's elder sister. */
	if (program < 0 && errno == EINVAL) {
		program = getpeername_load(BPF_CGROUP_INET4_CONNECT);
		if (program >= 0)
			n->skip = "no such BPF program in this kernel (EINVAL)";
		close(program);
		return false;
	}
	return in_cgroup(n, program, type, works);
}

bool getpeername4_test(struct neighbour *n)
{
	return getpeername_test(n, BPF_CGROUP_INET4_GETPEERNAME,
				rewriting4_works);
}

bool getpeername6_test(struct neighbour *n)
{
	n->skip = listener_lacks(LISTEN_DUAL);
	if (n->skip)
		return false;
	return getpeername_test(n, BPF_CGROUP_INET6_GETPEERNAME,
				rewriting6_works);
}
