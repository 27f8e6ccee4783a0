/* The bus between processes that are killed, stopped, flooded and slow. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "libcommon/log.h"
#include "tests/unit/bus/progress.h"
#include "tests/unit/bus/stage.h"

static const char *actor_path;
static int n_rounds;

static struct stage stage;
static struct progress *progress;

struct actor {
	const char *role, *instance, *n, *ms;
	struct child *child;
	bool has_exited;
	int exit_status, signo;
	int n_starts, n_stuck;
	bool is_kept_up; /* started again whatever it ends by */
};

static void start(struct actor *actor);

static void
on_exit_of(void *arg, int exit_status, int signo)
{
	struct actor *actor = arg;

	child_free(&actor->child);
	actor->has_exited = true;
	actor->exit_status = exit_status;
	actor->signo = signo;
	actor->n_stuck += exit_status == BUS_EXIT_STUCK;
	if (actor->is_kept_up)
		start(actor);
}

static void
start(struct actor *actor)
{
	const char *const argv[] = { "actor", actor->role, stage.run_dir,
		actor->instance, actor->n ? actor->n : "0",
		actor->ms ? actor->ms : "0", NULL };
	int fds[] = { -1, 1, 2 };
	struct err err;

	actor->has_exited = false;
	actor->n_starts++;
	if (child_start(&actor->child, stage.loop,
		&(struct child_options){
		    .path = actor_path,
		    .argv = (char *const *)argv,
		    .envp = environ,
		    .fds = fds,
		    .n_fds = 3,
		    .on_exit = on_exit_of,
		    .arg = actor,
		},
		&err) < 0)
		die(1, "%s", err.text);
}

static void
tell(struct actor *actor, int signo)
{
	child_kill(actor->child, signo);
}

static bool
has_ended(void *arg)
{
	return ((struct actor *)arg)->has_exited;
}

static void
stop(struct actor *actor)
{
	actor->is_kept_up = false;
	tell(actor, SIGTERM);
	assert_true(stage_until(&stage, has_ended, actor, 10000));
	assert_int_equal(actor->signo, 0);
	assert_int_equal(actor->exit_status, 0);
}

static void
kill_off(struct actor *actor)
{
	actor->is_kept_up = false;
	tell(actor, SIGKILL);
	assert_true(stage_until(&stage, has_ended, actor, 10000));
}

struct more {
	_Atomic int64_t *counter;
	int64_t than;
};

static bool
is_more(void *arg)
{
	struct more *more = arg;

	return *more->counter > more->than;
}

static bool
is_never(void *arg)
{
	(void)arg;
	return false;
}

/* The loop turns every 5 ms, so that what another process counts is seen. */
static void
on_beat(void *arg)
{
	(void)arg;
}

static bool
grows(_Atomic int64_t *counter, int64_t by, int64_t within_ms)
{
	struct more more = { counter, *counter + by - 1 };

	return stage_until(&stage, is_more, &more, within_ms);
}

static void
wait_ms(int64_t ms)
{
	stage_until(&stage, is_never, NULL, ms);
}

static int64_t
rss_kb(const struct actor *actor)
{
	char path[64], line[128];
	long kb = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status",
	    (int)child_pid(actor->child));
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmRSS: %ld", &kb) == 1)
			break;
	if (file)
		fclose(file);
	return kb;
}

static void
no_call_is_lost(void)
{
	assert_int_equal(progress->n_outstanding, 0);
	assert_int_equal(progress->n_double, 0);
	assert_int_equal(progress->n_other, 0);
	/* Two cores, sanitizers, and other tests beside. */
	assert_true(progress->worst_late_ms < 1000);
}

/*
 * Whatever dies, every call is answered or failed by its deadline, and a
 * client that nng leaves stuck is out of the way within three seconds.
 */
static void
a_peer_that_is_killed_again_and_again_loses_no_call(void **state)
{
	struct actor server = { .role = "server", .instance = "main",
		.is_kept_up = true };
	struct actor client = { .role = "client", .instance = "main",
		.n = "64", .ms = "2000", .is_kept_up = true };
	int64_t worst_ms = 0, began_ms;
	unsigned char wait;

	(void)state;
	start(&server);
	start(&client);
	for (int i = 0; i < n_rounds; i++) {
		began_ms = clock_mono_ms();
		assert_true(grows(&progress->n_ok, 20, 10000));
		if (clock_mono_ms() - began_ms > worst_ms)
			worst_ms = clock_mono_ms() - began_ms;
		id_random(&wait, 1);
		wait_ms(wait % 64);
		tell(&server, SIGKILL);
	}
	assert_true(grows(&progress->n_ok, 500, 10000));
	stop(&client);
	printf("# %d kills: %lld answered, %lld timeouts, %lld unavailable; "
	       "%d clients stuck, worst pause %lld ms, latest %lld ms\n",
	    n_rounds, (long long)progress->n_ok,
	    (long long)progress->n_timeouts,
	    (long long)progress->n_unavailable, client.n_stuck,
	    (long long)worst_ms, (long long)progress->worst_late_ms);
	no_call_is_lost();
	assert_int_equal(server.n_starts, n_rounds + 1);
	assert_int_equal(client.n_starts, client.n_stuck + 1);
	assert_true(worst_ms < 5000);
	kill_off(&server);
}

static void
a_stopped_peer_costs_timeouts_and_nothing_else(void **state)
{
	struct actor server = { .role = "server", .instance = "main" };
	struct actor client = { .role = "client", .instance = "main",
		.n = "200", .ms = "500" };
	int64_t before_kb, n_timeouts;

	(void)state;
	start(&server);
	start(&client);
	assert_true(grows(&progress->n_ok, 1000, 10000));
	before_kb = rss_kb(&client);
	n_timeouts = progress->n_timeouts;
	tell(&server, SIGSTOP);
	/* Longer than the watchdog is patient: it must not bite here. */
	wait_ms(4000);
	assert_true(progress->n_timeouts > n_timeouts + 200);
	assert_true(rss_kb(&client) < before_kb + 8 * 1024);
	assert_false(client.has_exited);
	tell(&server, SIGCONT);
	assert_true(grows(&progress->n_ok, 1000, 10000));
	stop(&client);
	no_call_is_lost();
	stop(&server);
}

static void
a_client_started_beside_a_stopped_peer_waits(void **state)
{
	struct actor server = { .role = "server", .instance = "main" };
	struct actor client = { .role = "client", .instance = "main",
		.n = "8", .ms = "500" };
	int64_t n_ready = progress->n_ready;

	(void)state;
	start(&server);
	assert_true(
	    stage_until(&stage, is_more,
		&(struct more){ &progress->n_ready, n_ready }, 10000));
	tell(&server, SIGSTOP);
	start(&client);
	wait_ms(4000);
	assert_false(client.has_exited);
	tell(&server, SIGCONT);
	assert_true(grows(&progress->n_ok, 100, 10000));
	stop(&client);
	no_call_is_lost();
	stop(&server);
}

static void
a_flood_is_served_in_full(void **state)
{
	struct actor server = { .role = "server", .instance = "main",
		.ms = "5" };
	struct actor client = { .role = "client", .instance = "main",
		.n = "256", .ms = "5000" };
	int64_t errors = progress->n_timeouts + progress->n_unavailable +
	    progress->n_busy;

	(void)state;
	start(&server);
	start(&client);
	assert_true(grows(&progress->n_ok, 3000, 20000));
	stop(&client);
	no_call_is_lost();
	assert_int_equal(progress->n_timeouts + progress->n_unavailable +
		progress->n_busy,
	    errors);
	stop(&server);
}

/* The engine of this process, which publishes to two gateways. */
struct publisher {
	struct bus *bus;
	struct actor main, sink;
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
	if (progress->n_heard == 0)
		bus_publish(p->bus, SVC_GATEWAY_TELEGRAM, "main",
		    "delivery.ready", NULL, &p->body);
	return progress->n_heard > 0;
}

static void
a_slow_subscriber_hurts_nobody(void **state)
{
	struct publisher p = {
		.main = { .role = "subscriber", .instance = "main" },
		.sink = { .role = "subscriber", .instance = "sink" },
	};
	int64_t n_heard;

	(void)state;
	p.bus = stage_bus(&stage, SVC_TASK_ENGINE, "main");
	buf_init(&p.body);
	start(&p.main);
	start(&p.sink);
	assert_true(stage_until(&stage, are_both_connected, &p, 10000));
	wait_ms(300);
	tell(&p.sink, SIGSTOP);
	n_heard = progress->n_heard;
	p.timer = timer_new(stage.loop, publish_some, &p);
	timer_start(p.timer, 1, 2);
	assert_true(stage_until(&stage, has_sent_enough, &p, 10000));
	timer_free(&p.timer);
	assert_true(stage_until(&stage, is_more,
	    &(struct more){ &progress->n_heard, n_heard + p.n_sent - 1 },
	    5000));
	tell(&p.sink, SIGCONT);
	stop(&p.main);
	stop(&p.sink);
	buf_release(&p.body);
}

static int
open_stage(void **state)
{
	(void)state;
	stage_open(&stage);
	stage_write_keys(&stage);
	progress = progress_map(stage.run_dir);
	timer_start(timer_new(stage.loop, on_beat, NULL), 5, 5);
	return 0;
}

static int
close_stage(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

/* test_peers ACTOR [ROUNDS]: thousands of rounds make a soak. */
int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_peer_that_is_killed_again_and_again_loses_no_call),
		cmocka_unit_test(
		    a_stopped_peer_costs_timeouts_and_nothing_else),
		cmocka_unit_test(a_client_started_beside_a_stopped_peer_waits),
		cmocka_unit_test(a_flood_is_served_in_full),
		cmocka_unit_test(a_slow_subscriber_hurts_nobody),
	};
	int n_failed;

	if (argc < 2)
		die(2, "usage: test_peers ACTOR [ROUNDS]");
	actor_path = argv[1];
	n_rounds = argc > 2 ? atoi(argv[2]) : 30;
	setvbuf(stdout, NULL, _IOLBF, 0);
	log_init("test", LOG_LEVEL_ERROR);
	n_failed = cmocka_run_group_tests(tests, open_stage, close_stage);
	fflush(NULL);
	_exit(n_failed != 0);
}
