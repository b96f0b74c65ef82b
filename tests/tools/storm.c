// SPDX-License-Identifier: GPL-2.0
/*
 * insmod and rmmod, again and again, under load
 *
 * One thread opens connections with the option as fast as it can and keeps the
 * last ones open; others ask those for their peers all the time; one takes their
 * locks. Meanwhile the module comes and goes. Whoever asks may be told the
 * client or the balancer, and nothing else ever.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cases.h"
#include "connection.h"
#include "flow.h"
#include "holder.h"
#include "ktap.h"
#include "module.h"
#include "net.h"
#include "server.h"

#define OPEN		32	/* connections that stay open */
#define RESET		4	/* of which one in so many is reset, and stays open */
#define PER_ROUND	40	/* connections that a round waits for */
#define DEADLINE_MS	60000

/* Who a socket says that its peer is. */
enum told { CLIENT, BALANCER, NOBODY, STRANGER };

/**
 * struct storm - what the threads share
 * @tun: used by the opener alone
 * @stop: all threads shall end
 * @fds: the connections that are open; a slot's socket may be closed and its
 *	number taken by the next one at any time
 * @made: connections made
 * @failed: connections that could not be made
 * @told: answers by kind, of the askers and the opener together
 */
struct storm {
	struct tun *tun;
	atomic_bool stop;
	atomic_int fds[OPEN];
	atomic_long made;
	atomic_long failed;
	atomic_long told[STRANGER + 1];
};

static void pause_ms(unsigned int ms)
{
	const struct timespec ts = { .tv_nsec = ms * 1000000L };

	nanosleep(&ts, NULL);
}

static bool is_address(const struct sockaddr_in *sin,
		       const struct address *addr)
{
	return !memcmp(&sin->sin_addr, addr->bytes, 4);
}

static enum told ask(int fd)
{
	struct sockaddr_in sin = {};
	socklen_t len = sizeof(sin);

	if (getpeername(fd, (struct sockaddr *)&sin, &len))
		return NOBODY;
	if (len != sizeof(sin) || sin.sin_family != AF_INET)
		return STRANGER;
	if (is_address(&sin, &net_client_v4))
		return ntohs(sin.sin_port) == net_client_v4.port ?
		       CLIENT : STRANGER;
	return is_address(&sin, &net_balancer_v4) ? BALANCER : STRANGER;
}

static void *asker_main(void *arg)
{
	struct storm *storm = arg;
	unsigned int i;

	for (i = 0; !storm->stop; i++)
		storm->told[ask(storm->fds[i % OPEN])]++;
	return NULL;
}

/* A socket is sent from while it is held; what is sent nobody reads. */
static void *locker_main(void *arg)
{
	struct storm *storm = arg;
	unsigned int i;

	for (i = 0; !storm->stop; i++) {
		struct holder holder;
		int fd = dup(storm->fds[i % OPEN]);

		if (fd >= 0 && !holder_start(&holder, fd)) {
			pause_ms(20);
			holder_end(&holder);
		}
		close(fd);
		pause_ms(1);
	}
	return NULL;
}

static void *opener_main(void *arg)
{
	struct storm *storm = arg;
	int listener = listener_open(LISTEN_V4, 0, SERVER_PORT);
	unsigned int i;

	for (i = 0; !storm->stop; i++) {
		struct flow flow;
		int fd = connection_accept(storm->tun, &flow, listener, OPT_V4,
					   NULL);

		if (fd < 0) {
			printf("#   port %u: %s\n", flow.local.port,
			       strerror(errno));
			storm->failed++;
			continue;
		}
		storm->told[ask(fd)]++;
		storm->made++;
		if (i % RESET == 0)
			flow_send(&flow, TH_RST | TH_ACK, NULL, NULL);
		fd = atomic_exchange(&storm->fds[i % OPEN], fd);
		if (fd >= 0)
			socket_kill(fd);
	}
	close(listener);
	return NULL;
}

/* Until so many more connections were made. */
static int storm_wait(struct storm *storm, long connections)
{
	long until = storm->made + connections;
	int waited;

	for (waited = 0; storm->made < until; waited += 2) {
		if (waited > DEADLINE_MS)
			return -1;
		pause_ms(2);
	}
	return 0;
}

static int round_run(struct storm *storm, const char *parameters)
{
	int err = module_load(parameters);

	if (err) {
		printf("#   insmod: %s\n", strerror(err));
		return -1;
	}
	if (storm_wait(storm, PER_ROUND))
		return -1;
	err = module_unload();
	if (err) {
		printf("#   rmmod: %s\n", strerror(err));
		return -1;
	}
	return storm_wait(storm, PER_ROUND / 4);
}

/* With the module gone, a socket says the balancer, or when reset, nobody. */
static bool afterwards_balancer(struct storm *storm)
{
	int i;

	for (i = 0; i < OPEN; i++) {
		enum told told = ask(storm->fds[i]);

		if (told != BALANCER && told != NOBODY)
			return false;
	}
	return true;
}

static void storm_close(struct storm *storm)
{
	int i;

	for (i = 0; i < OPEN; i++)
		if (storm->fds[i] >= 0)
			socket_kill(storm->fds[i]);
}

typedef void *(*thread_main_t)(void *arg);

static const thread_main_t thread_mains[] = {
	opener_main, locker_main, asker_main, asker_main, asker_main,
	asker_main,
};

static bool storm_rounds(struct storm *storm, const char *parameters,
			 unsigned int rounds)
{
	pthread_t threads[ARRAY_SIZE(thread_mains)];
	unsigned int i, done;

	for (i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_create(&threads[i], NULL, thread_mains[i], storm);
	for (done = 0; done < rounds; done++) {
		if (round_run(storm, parameters))
			break;
		if (done % 20 == 19)
			printf("#   %u rounds\n", done + 1);
	}
	storm->stop = true;
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	return done == rounds;
}

static unsigned int rounds_wanted(void)
{
	const char *text = getenv("ROUNDS");

	return text ? atoi(text) : 10;
}

static void storm_test(struct tun *tun, const char *parameters)
{
	unsigned int i, rounds = rounds_wanted();
	struct storm storm = { .tun = tun };
	const char *lacking = module_lacks(parameters);
	char name[128];
	bool ok;

	snprintf(name, sizeof(name), "%u times insmod %s and rmmod under load",
		 rounds, parameters);
	if (lacking) {
		ktap_skip(name, lacking);
		return;
	}
	for (i = 0; i < OPEN; i++)
		storm.fds[i] = -1;
	ok = storm_rounds(&storm, parameters, rounds) &&
	     afterwards_balancer(&storm);
	storm_close(&storm);
	printf("#   connections: %ld made, %ld not\n", storm.made,
	       storm.failed);
	printf("#   told: client %ld, balancer %ld, nobody %ld, stranger %ld\n",
	       storm.told[CLIENT], storm.told[BALANCER], storm.told[NOBODY],
	       storm.told[STRANGER]);
	ktap_result(ok && !storm.failed && !storm.told[STRANGER] &&
		    storm.told[CLIENT] && storm.told[BALANCER], name);
}

void storm_run(struct tun *tun, bool unused)
{
	(void)unused;
	storm_test(tun, "hook=ftrace");
	storm_test(tun, "hook=ftrace sk_user_data=0");
	storm_test(tun, "hook=kretprobe");
}
