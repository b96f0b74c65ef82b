// SPDX-License-Identifier: GPL-2.0
/*
 * A socket that has a client, in a sockmap or a sockhash
 *
 * Both keep their state in sk_user_data and take only sockets in which nobody
 * else has put anything there.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bpf.h"
#include "connection.h"
#include "neighbours.h"
#include "server.h"

#define WORD	"back"

static int map_open(uint32_t type)
{
	return bpf_map_open(type, sizeof(uint32_t), sizeof(uint32_t), 2);
}

static int map_insert(int map, int fd)
{
	const uint32_t key = 0;

	return bpf_map_set(map, &key, &fd);
}

static int map_remove(int map)
{
	const uint32_t key = 0;

	return bpf_map_delete(map, &key);
}

/* Every segment is a message. */
static int parser_load(void)
{
	const struct bpf_insn insns[] = {
		BPF_LDX_MEM(BPF_W, BPF_REG_0, BPF_REG_1,
			    offsetof(struct __sk_buff, len)),
		BPF_LEAVE(),
	};
	const struct bpf_program program = {
		.type = BPF_PROG_TYPE_SK_SKB,
		.attach = BPF_SK_SKB_STREAM_PARSER,
		.insns = insns, .count = ARRAY_SIZE(insns),
	};

	return bpf_load(&program);
}

/* Every message goes out of the map's first socket. */
static int verdict_load(uint32_t type, int map)
{
	const struct bpf_insn from_map[] = {
		BPF_LD_MAP(BPF_REG_2, map),
		BPF_MOV64_IMM(BPF_REG_3, 0),
		BPF_MOV64_IMM(BPF_REG_4, 0),
		BPF_HELPER(BPF_FUNC_sk_redirect_map),
		BPF_LEAVE(),
	};
	const struct bpf_insn from_hash[] = {
		BPF_ST_MEM(BPF_W, BPF_REG_10, -4, 0),
		BPF_LD_MAP(BPF_REG_2, map),
		BPF_MOV64_REG(BPF_REG_3, BPF_REG_10),
		BPF_ADD64_IMM(BPF_REG_3, -4),
		BPF_MOV64_IMM(BPF_REG_4, 0),
		BPF_HELPER(BPF_FUNC_sk_redirect_hash),
		BPF_LEAVE(),
	};
	const bool hash = type == BPF_MAP_TYPE_SOCKHASH;
	const struct bpf_program program = {
		.type = BPF_PROG_TYPE_SK_SKB,
		.attach = BPF_SK_SKB_STREAM_VERDICT,
		.insns = hash ? from_hash : from_map,
		.count = hash ? ARRAY_SIZE(from_hash) : ARRAY_SIZE(from_map),
	};

	return bpf_load(&program);
}

/* Programs hold their map, and a map its programs, until they are detached. */
static int programs_attach(int map, int parser, int verdict)
{
	if (parser < 0 || verdict < 0)
		return -1;
	if (bpf_attach(map, parser, BPF_SK_SKB_STREAM_PARSER))
		return -1;
	return bpf_attach(map, verdict, BPF_SK_SKB_STREAM_VERDICT);
}

static void programs_detach(int map, int parser, int verdict)
{
	bpf_detach(map, parser, BPF_SK_SKB_STREAM_PARSER);
	bpf_detach(map, verdict, BPF_SK_SKB_STREAM_VERDICT);
	close(parser);
	close(verdict);
}

static bool insert_works(struct neighbour *n, int map, int fd)
{
	if (!neighbour_shows(n, fd))
		return false;
	if (map_insert(map, fd))
		return neighbour_failed("inserting");
	if (!neighbour_shows(n, fd) || !neighbour_talks(n, fd) ||
	    !neighbour_shows(n, fd))
		return false;
	if (map_remove(map))
		return neighbour_failed("removing");
	return neighbour_talks(n, fd) && neighbour_shows(n, fd);
}

static bool map_test(struct neighbour *n, uint32_t type,
		     bool (*works)(struct neighbour *n, int map, int fd))
{
	int map = map_open(type);
	int fd;
	bool ok;

	if (map < 0 && bpf_lacks()) {
		n->skip = "no such BPF map in this kernel (bpf: EINVAL, ENOSYS)";
		return false;
	}
	fd = neighbour_open(n);
	if (map < 0 || fd < 0)
		ok = neighbour_failed("making the map");
	else if (n->tagged)
		ok = neighbour_refused(n, fd, map_insert(map, fd) ? errno : 0,
				       EBUSY);
	else
		ok = works(n, map, fd);
	if (fd >= 0)
		socket_kill(fd);
	close(map);
	return ok;
}

/*
 * Does a map take this socket, and nothing of it stays? A kernel without sockmaps has
 * nobody else who would want the socket's sk_user_data.
 */
bool sockmap_takes(int fd)
{
	int map = map_open(BPF_MAP_TYPE_SOCKMAP);
	bool taken;

	if (map < 0 && bpf_lacks())
		return true;
	taken = map >= 0 && !map_insert(map, fd) && !map_remove(map);
	if (!taken)
		neighbour_failed("inserting into a sockmap");
	close(map);
	return taken;
}

bool sockmap_test(struct neighbour *n)
{
	return map_test(n, BPF_MAP_TYPE_SOCKMAP, insert_works);
}

bool sockhash_test(struct neighbour *n)
{
	return map_test(n, BPF_MAP_TYPE_SOCKHASH, insert_works);
}

/* The server's program sees nothing: the kernel sends back what arrives. */
static bool echo_works(struct neighbour *n, int map, int fd)
{
	if (map_insert(map, fd))
		return neighbour_failed("inserting");
	if (neighbour_send(n, WORD, strlen(WORD)) ||
	    flow_wait_data(&n->flow, WORD))
		return neighbour_failed("the echo");
	return neighbour_shows(n, fd);
}

static bool echo_test(struct neighbour *n, uint32_t type, int map, int fd)
{
	int parser = parser_load();
	int verdict;
	bool ok;

	if (parser < 0 && errno == E2BIG)
		n->skip = "no such BPF program in this kernel (E2BIG)";
	verdict = verdict_load(type, map);
	if (programs_attach(map, parser, verdict))
		ok = neighbour_failed("attaching the programs");
	else
		ok = echo_works(n, map, fd);
	programs_detach(map, parser, verdict);
	return ok;
}

static bool sockmap_echoes(struct neighbour *n, int map, int fd)
{
	return echo_test(n, BPF_MAP_TYPE_SOCKMAP, map, fd);
}

static bool sockhash_echoes(struct neighbour *n, int map, int fd)
{
	return echo_test(n, BPF_MAP_TYPE_SOCKHASH, map, fd);
}

bool sockmap_echo_test(struct neighbour *n)
{
	return map_test(n, BPF_MAP_TYPE_SOCKMAP, sockmap_echoes);
}

bool sockhash_echo_test(struct neighbour *n)
{
	return map_test(n, BPF_MAP_TYPE_SOCKHASH, sockhash_echoes);
}

/* The map has replaced the socket's protocol; the client is forgotten with it. */
static bool disconnect_works(struct neighbour *n, int map, int fd)
{
	struct address balancer = balancer_address(BALANCER_PORT);
	struct names names;

	if (map_insert(map, fd) || disconnect(fd))
		return neighbour_failed("disconnecting");
	names_ask(fd, &names);
	if (!expect_error("disconnected", &names.so_peer, ENOTCONN))
		return false;
	if (connection_out(n->tun, fd, BALANCER_PORT))
		return neighbour_failed("connecting again");
	names_ask(fd, &names);
	return expect_name("getpeername", &names.peer, &balancer);
}

bool sockmap_disconnect_test(struct neighbour *n)
{
	return map_test(n, BPF_MAP_TYPE_SOCKMAP, disconnect_works);
}
