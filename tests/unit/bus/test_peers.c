/* The bus between processes that are killed, stopped, flooded and slow. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/id.h"
#include "libcommon/log.h"
#include "libcommon/sanitizers.h"
#include "tests/unit/bus/cast.h"

enum {
	/* The watchdog needs three seconds at most; two of them in a row and a
	 * busy machine take longer. */
	WORST_PAUSE_MS = 10000,
	WORST_LATE_MS = 5000, /* two cores, sanitizers, other tests beside */
};

static int n_rounds;

static void
no_call_is_lost(void)
{
	assert_int_equal(progress->n_outstanding, 0);
	assert_int_equal(progress->n_double, 0);
	assert_int_equal(progress->n_other, 0);
	assert_true(progress->worst_late_ms < WORST_LATE_MS);
}

/* Kills as soon as there was progress; the longest time without any. */
static int64_t
kill_often(struct actor *victim)
{
	int64_t worst_ms = 0, began_ms;
	unsigned char wait;

	for (int i = 0; i < n_rounds; i++) {
		began_ms = clock_mono_ms();
		assert_true(grows(&progress->n_ok, 20, PATIENCE_MS));
		if (clock_mono_ms() - began_ms > worst_ms)
			worst_ms = clock_mono_ms() - began_ms;
		id_random(&wait, 1);
		wait_ms(wait % 64);
		tell(victim, SIGKILL);
	}
	assert_true(grows(&progress->n_ok, 500, PATIENCE_MS));
	return worst_ms;
}

/* One that finds itself stuck as it is asked to stop leaves with calls open: as
 * at any other time they are the next one's. */
static void
stop_client(void)
{
	stop(&client);
	while (client.exit_status == BUS_EXIT_STUCK) {
		start(&client);
		assert_true(grows(&progress->n_ok, 20, PATIENCE_MS));
		stop(&client);
	}
}

/*
 * Whatever dies, every call is answered or failed by its deadline, and a
 * client that nng leaves stuck is out of the way within three seconds.
 */
static void
a_peer_that_is_killed_again_and_again_loses_no_call(void **state)
{
	int64_t worst_ms;

	(void)state;
	start_server(NULL, true);
	start_client("64", "2000", true);
	worst_ms = kill_often(&server);
	stop_client();
	printf("# %d kills: %lld answered, %lld timeouts, %lld unavailable; "
	       "%d clients stuck, worst pause %lld ms, latest %lld ms\n",
	    n_rounds, (long long)progress->n_ok,
	    (long long)progress->n_timeouts, (long long)progress->n_unavailable,
	    client.n_stuck, (long long)worst_ms,
	    (long long)progress->worst_late_ms);
	no_call_is_lost();
	assert_int_equal(client.n_starts, client.n_stuck + 1);
	assert_true(worst_ms < WORST_PAUSE_MS);
}

/* Its contexts come back, its descriptors too, or it is out of the way. */
static void
a_listener_outlives_the_deaths_of_its_peers(void **state)
{
	int64_t worst_ms;

	(void)state;
	start_server(NULL, true);
	start_client("64", "2000", true);
	worst_ms = kill_often(&client);
	printf("# %d kills: server stuck %d times, worst pause %lld ms\n",
	    n_rounds, server.n_stuck, (long long)worst_ms);
	assert_int_equal(server.n_starts, server.n_stuck + 1);
	assert_true(worst_ms < WORST_PAUSE_MS);
	stop(&client);
	stop(&server);
}

static int
n_descriptors(const struct actor *actor)
{
	char path[64];
	struct dirent *entry;
	DIR *dir;
	int n = 0;

	snprintf(
	    path, sizeof(path), "/proc/%d/fd", (int)child_pid(actor->child));
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		n++;
	closedir(dir);
	return n;
}

/* Until so many of the crowd were replaced; the longest time without an answer.
 * The server may become deaf again as soon as it was replaced. */
static int64_t
watch_crowd(int64_t n_replaced)
{
	int64_t worst_ms = 0, began_ms;

	while (progress->n_replaced < n_replaced) {
		began_ms = clock_mono_ms();
		assert_true(grows(&progress->n_ok, 20, PATIENCE_MS));
		if (clock_mono_ms() - began_ms > worst_ms)
			worst_ms = clock_mono_ms() - began_ms;
	}
	return worst_ms;
}

/*
 * Eight at once, each with sixteen requests on the way, a thousand deaths in
 * the suite; the server dies ten times among them.
 */
static void
a_crowd_that_dies_young_wears_nobody_out(void **state)
{
	int64_t n = (int64_t)n_rounds * 32, worst_ms = 0, ms;
	int64_t began_ms = clock_mono_ms();

	(void)state;
	start_server(NULL, true);
	client = (struct actor){
		.role = "crowd", .instance = "main", .n = "8", .ms = "2000"
	};
	start(&client);
	for (int part = 1; part <= 10; part++) {
		ms = watch_crowd(n * part / 10);
		worst_ms = ms > worst_ms ? ms : worst_ms;
		tell(&server, SIGKILL);
	}
	watch_crowd(n + 80);
	stop(&client);
	printf("# %lld replaced in %lld ms, %lld stuck, worst pause %lld ms; "
	       "server: stuck %d times, %lld kB, %d descriptors\n",
	    (long long)progress->n_replaced,
	    (long long)(clock_mono_ms() - began_ms),
	    (long long)progress->n_stuck, (long long)worst_ms, server.n_stuck,
	    (long long)rss_kb(&server), n_descriptors(&server));
	assert_int_equal(progress->n_double, 0);
	assert_int_equal(progress->n_other, 0);
	/* A kill that meets one that leaves by itself is lost. */
	assert_int_equal(server.n_starts, 1 + server.n_stuck + server.n_killed);
	/* The sanitizer keeps what is freed, a quarter of a gigabyte. */
	assert_true(BUILT_WITH_ASAN || rss_kb(&server) < 65536);
	/* Above 256 lost ones that stay it leaves within seconds, however many
	 * have died: well before the usual limit. */
	assert_true(n_descriptors(&server) < 768);
	stop(&server);
}

/* A listener at the client's door that is none of nng's. */
struct impostor {
	struct watch *watch;
	int fd;
	bool is_greeting;
	int n_accepted;
	int accepted[256];
};

/* nng's greeting, with a protocol that no client of ours speaks to. */
static void
on_knock(void *arg, int events)
{
	struct impostor *impostor = arg;
	int fd = accept4(impostor->fd, NULL, NULL, SOCK_CLOEXEC), *slot;

	(void)events;
	if (fd < 0)
		return;
	if (impostor->is_greeting)
		assert_int_equal(
		    send(fd, "\0SP\0\0\x10\0\0", 8, MSG_NOSIGNAL), 8);
	slot = &impostor->accepted[impostor->n_accepted++ %
				   (int)N_OF(impostor->accepted)];
	fd_close(slot);
	*slot = fd;
}

static void
impostor_open(struct impostor *impostor, bool is_greeting)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char dir[128];

	*impostor = (struct impostor){ .is_greeting = is_greeting };
	memset(impostor->accepted, -1, sizeof(impostor->accepted));
	snprintf(dir, sizeof(dir), "%.64s/task-engine", stage.run_dir);
	mkdir(dir, 0700);
	snprintf(address.sun_path, sizeof(address.sun_path),
	    "%.80s/api.main.req", dir);
	unlink(address.sun_path);
	impostor->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
	    bind(impostor->fd, (struct sockaddr *)&address, sizeof(address)),
	    0);
	assert_int_equal(listen(impostor->fd, 64), 0);
	impostor->watch =
	    watch_new(stage.loop, impostor->fd, on_knock, impostor);
	watch_set(impostor->watch, LOOP_READABLE);
}

static void
impostor_close(struct impostor *impostor)
{
	watch_free(&impostor->watch);
	close(impostor->fd);
	for (size_t i = 0; i < N_OF(impostor->accepted); i++)
		fd_close(&impostor->accepted[i]);
}

/* nng 1.5 may take one of them for the end of the listener itself. */
static void
connections_that_break_off_do_not_silence_a_listener(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct more more = { &progress->n_ready, progress->n_ready };

	(void)state;
	start_server(NULL, true);
	assert_true(stage_until(&stage, is_more, &more, PATIENCE_MS));
	snprintf(address.sun_path, sizeof(address.sun_path),
	    "%.80s/task-engine/api.main.req", stage.run_dir);
	for (int i = 0; i < 100; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		assert_int_equal(
		    connect(fd, (struct sockaddr *)&address, sizeof(address)),
		    0);
		close(fd);
	}
	start_client("8", "2000", true);
	assert_true(grows(&progress->n_ok, 100, PATIENCE_MS));
	assert_int_equal(server.n_starts, server.n_stuck + 1);
	stop(&client);
	stop(&server);
}

/* What nng 1.5 does by itself, now and then, is done to it here. */
static void
a_client_that_cannot_connect_to_a_living_peer_leaves(void **state)
{
	struct impostor impostor;
	int64_t began_ms = clock_mono_ms();

	(void)state;
	impostor_open(&impostor, true);
	start_client("8", "500", false);
	assert_true(stage_until(&stage, has_ended, &client, WORST_PAUSE_MS));
	assert_int_equal(client.exit_status, BUS_EXIT_STUCK);
	assert_true(clock_mono_ms() - began_ms >= 1900);
	impostor_close(&impostor);
}

static void
a_client_of_a_peer_that_does_not_greet_stays(void **state)
{
	struct impostor impostor;

	(void)state;
	impostor_open(&impostor, false);
	start_client("8", "500", false);
	assert_false(stage_until(&stage, has_ended, &client, 4000));
	stop(&client);
	impostor_close(&impostor);
	no_call_is_lost();
}

static void
a_stopped_peer_costs_timeouts_and_nothing_else(void **state)
{
	int64_t before_kb, n_timeouts;

	(void)state;
	start_server(NULL, false);
	start_client("200", "500", false);
	assert_true(grows(&progress->n_ok, 1000, PATIENCE_MS));
	before_kb = rss_kb(&client);
	n_timeouts = progress->n_timeouts;
	tell(&server, SIGSTOP);
	/* Longer than the watchdog is patient: it must not bite here. */
	wait_ms(4000);
	assert_true(progress->n_timeouts > n_timeouts + 200);
	assert_true(rss_kb(&client) < before_kb + 8192);
	assert_false(client.has_exited);
	tell(&server, SIGCONT);
	assert_true(grows(&progress->n_ok, 1000, PATIENCE_MS));
	stop(&client);
	no_call_is_lost();
	stop(&server);
}

static void
a_client_started_beside_a_stopped_peer_waits(void **state)
{
	int64_t n_ready = progress->n_ready;

	(void)state;
	start_server(NULL, false);
	assert_true(stage_until(&stage, is_more,
	    &(struct more){ &progress->n_ready, n_ready }, PATIENCE_MS));
	tell(&server, SIGSTOP);
	start_client("8", "500", false);
	wait_ms(4000);
	assert_false(client.has_exited);
	tell(&server, SIGCONT);
	assert_true(grows(&progress->n_ok, 100, PATIENCE_MS));
	stop(&client);
	no_call_is_lost();
	stop(&server);
}

static bool
is_held(void *arg)
{
	(void)arg;
	return progress->n_served > 0;
}

/* nng reads no more of a connection that is reset, as it is when a request
 * comes to one that leaves. */
static void
the_last_answer_is_heard_by_a_peer_that_is_slow(void **state)
{
	struct more more = { &progress->n_ok, progress->n_ok };
	siginfo_t info;

	(void)state;
	progress->n_served = 0;
	server = (struct actor){ .role = "parting", .instance = "main" };
	start(&server);
	client = (struct actor){
		.role = "turner", .instance = "main", .n = "1", .ms = "60000"
	};
	start(&client);
	assert_true(stage_until(&stage, is_held, NULL, PATIENCE_MS));
	tell(&client, SIGSTOP);
	assert_int_equal(waitid(P_PID, (id_t)child_pid(client.child), &info,
			     WSTOPPED | WNOWAIT),
	    0);
	tell(&server, SIGTERM);
	/* As long as it is not heard. */
	assert_false(stage_until(&stage, has_ended, &server, 500));
	tell(&client, SIGCONT);
	assert_true(stage_until(&stage, is_more, &more, PATIENCE_MS));
	assert_true(stage_until(&stage, has_ended, &server, PATIENCE_MS));
	assert_int_equal(server.exit_status, 0);
}

static void
a_flood_is_served_in_full(void **state)
{
	int64_t errors =
	    progress->n_timeouts + progress->n_unavailable + progress->n_busy;

	(void)state;
	start_server("5", false);
	start_client("256", "5000", false);
	assert_true(grows(&progress->n_ok, 3000, PATIENCE_MS));
	stop(&client);
	no_call_is_lost();
	assert_int_equal(
	    progress->n_timeouts + progress->n_unavailable + progress->n_busy,
	    errors);
	stop(&server);
}

/* The engine of this process: opened once, as it is never closed. */
static struct bus *
own_engine(void)
{
	static struct bus *engine;

	if (!engine)
		engine = stage_bus(&stage, SVC_TASK_ENGINE, "main");
	return engine;
}

static bool
has_64_tickets(void *arg)
{
	return ((struct echo *)arg)->n_tickets >= 64;
}

static bool
is_every_ticket_dead(void *arg)
{
	struct echo *echo = arg;
	struct err err;

	err_set(&err, ERR_UNAVAILABLE, "too late");
	for (int i = 0; i < 64; i++)
		if (bus_reply_later(echo->bus, echo->tickets[i], NULL, &err) ==
		    0)
			return false;
	return true;
}

/* Or a few deaths of the api would use up the contexts of its door. */
static void
a_killed_peer_takes_its_waiting_requests_along(void **state)
{
	static struct echo echo;

	(void)state;
	echo_open(&echo, own_engine());
	echo.is_holding = true;
	client = (struct actor){
		.role = "turner", .instance = "main", .n = "64", .ms = "60000"
	};
	start(&client);
	assert_true(stage_until(&stage, has_64_tickets, &echo, PATIENCE_MS));
	tell(&client, SIGKILL);
	assert_true(stage_until(&stage, has_ended, &client, PATIENCE_MS));
	/* Asking answers those that still wait, so it is asked only once. */
	wait_ms(500);
	assert_true(is_every_ticket_dead(&echo));
}

/* The engine of this process, which publishes to two gateways. */
struct publisher {
	struct bus *bus;
	struct timer *timer;
	struct buf body;
	int n_sent;
};

static void
publish_some(void *arg)
{
	struct publisher *p = arg;

	for (int i = 0; i < 10; i++) {
		bus_publish(p->bus, SVC_GATEWAY_TELEGRAM, NULL,
		    "delivery.ready", NULL, &p->body);
		p->n_sent++;
	}
}

static bool
has_sent_enough(void *arg)
{
	return ((struct publisher *)arg)->n_sent >= 5000;
}

static bool
are_both_connected(void *arg)
{
	struct publisher *p = arg;

	/* Until somebody has heard, nobody is known to be subscribed. */
	if (progress->n_heard == 0 || progress->n_heard_far == 0)
		bus_publish(p->bus, SVC_GATEWAY_TELEGRAM, NULL,
		    "delivery.ready", NULL, &p->body);
	return progress->n_heard > 0 && progress->n_heard_far > 0;
}

static void
a_slow_subscriber_hurts_nobody(void **state)
{
	struct publisher p = { 0 };
	int64_t n_heard;

	(void)state;
	p.bus = own_engine();
	buf_init(&p.body);
	near = (struct actor){ .role = "subscriber", .instance = "main" };
	far = (struct actor){ .role = "subscriber", .instance = "sink" };
	start(&near);
	start(&far);
	assert_true(stage_until(&stage, are_both_connected, &p, PATIENCE_MS));
	tell(&far, SIGSTOP);
	n_heard = progress->n_heard;
	p.timer = timer_new(stage.loop, publish_some, &p);
	timer_start(p.timer, 1, 2);
	assert_true(stage_until(&stage, has_sent_enough, &p, PATIENCE_MS));
	timer_free(&p.timer);
	assert_true(stage_until(&stage, is_more,
	    &(struct more){ &progress->n_heard, n_heard + p.n_sent - 1 },
	    PATIENCE_MS));
	tell(&far, SIGCONT);
	stop(&near);
	stop(&far);
	buf_release(&p.body);
}

#define T(f) cmocka_unit_test_teardown(f, end_actors)

/* test_peers ACTOR [ROUNDS [TEST]]: thousands of rounds make a soak. */
int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(a_peer_that_is_killed_again_and_again_loses_no_call),
		T(a_listener_outlives_the_deaths_of_its_peers),
		T(a_crowd_that_dies_young_wears_nobody_out),
		T(connections_that_break_off_do_not_silence_a_listener),
		T(a_client_that_cannot_connect_to_a_living_peer_leaves),
		T(a_client_of_a_peer_that_does_not_greet_stays),
		T(a_stopped_peer_costs_timeouts_and_nothing_else),
		T(a_client_started_beside_a_stopped_peer_waits),
		T(the_last_answer_is_heard_by_a_peer_that_is_slow),
		T(a_flood_is_served_in_full),
		T(a_killed_peer_takes_its_waiting_requests_along),
		T(a_slow_subscriber_hurts_nobody),
	};
	int n_failed;

	if (argc < 2)
		die(2, "usage: test_peers ACTOR [ROUNDS [TEST]]");
	if (argc > 3)
		cmocka_set_test_filter(argv[3]);
	n_rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 30;
	setvbuf(stdout, NULL, _IOLBF, 0);
	log_init("test", LOG_LEVEL_ERROR);
	open_cast(argv[1]);
	n_failed = cmocka_run_group_tests(tests, NULL, close_cast);
	stage_exit(n_failed != 0);
}
