/* The bus between buses in one process: requests, refusals, news. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "libcommon/log.h"
#include "tests/unit/bus/stage.h"

static struct stage stage;
static struct bus *engine, *api, *sink, *scheduler;
static struct echo echo;

static int
open_all(void **state)
{
	(void)state;
	stage_open(&stage);
	engine = stage_bus(&stage, SVC_TASK_ENGINE, "main");
	api = stage_bus(&stage, SVC_API, "main");
	sink = stage_bus(&stage, SVC_GATEWAY_TELEGRAM, "sink");
	scheduler = stage_bus(&stage, SVC_SCHEDULER, "main");
	echo_open(&echo, engine);
	return 0;
}

static int
close_all(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

static int
calm(void **state)
{
	(void)state;
	echo_open(&echo, engine);
	return 0;
}

static void
a_request_comes_back_with_its_id_and_body(void **state)
{
	struct asked asked = { 0 };
	char id[ID_ULID_SIZE];

	(void)state;
	id_ulid(id, clock_unix_ms());
	ask(&asked, api, SVC_TASK_ENGINE, "task.get", id, 5000,
	    "{\"x\":\"y\"}");
	assert_false(asked.is_done);
	assert_true(stage_until(&stage, asked_is_done, &asked, 10000));
	assert_true(asked.ok);
	assert_string_equal(asked.id, id);
	assert_string_equal(asked.body.data, "{\"x\":\"y\"}");
	assert_string_equal(echo.last_id, id);
	assert_true(bus_is_connected(api, SVC_TASK_ENGINE));
	assert_true(bus_is_connected(engine, SVC_API));
	asked_release(&asked);
}

static void
a_repeated_id_reaches_the_owner_again(void **state)
{
	char id[ID_ULID_SIZE];

	(void)state;
	id_ulid(id, clock_unix_ms());
	for (int i = 0; i < 2; i++) {
		struct asked asked = { 0 };

		ask(&asked, api, SVC_TASK_ENGINE, "task.get", id, 5000, "{}");
		assert_true(stage_until(&stage, asked_is_done, &asked, 10000));
		assert_true(asked.ok);
		assert_string_equal(echo.last_id, id);
		asked_release(&asked);
	}
	assert_int_equal(echo.n_requests, 2);
}

/* What each bus may ask at all. */
static const struct {
	const char *name;
	struct bus **bus;
	const char *type;
	const char *id;
	int64_t within_ms;
	enum service_id to;
	enum err_code code;
} bad_calls[] = {
	{ "unknown type", &api, "no.such", NULL, 1000, SVC_TASK_ENGINE,
	    ERR_INVALID },
	{ "news as request", &engine, "delivery.ready", NULL, 1000,
	    SVC_GATEWAY_TELEGRAM, ERR_INVALID },
	{ "another's request", &sink, "task.create", NULL, 1000,
	    SVC_TASK_ENGINE, ERR_INVALID },
	{ "no ULID", &api, "task.get", "x", 1000, SVC_TASK_ENGINE,
	    ERR_INVALID },
	{ "peer that is away", &engine, "search.query", NULL, 100, SVC_INDEXER,
	    ERR_UNAVAILABLE },
	{ "deadline that has passed", &engine, "search.query", NULL, -5,
	    SVC_INDEXER, ERR_UNAVAILABLE },
};

static void
bad_calls_fail_with_their_code(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(bad_calls); i++) {
		struct asked asked = { 0 };

		ask(&asked, *bad_calls[i].bus, bad_calls[i].to,
		    bad_calls[i].type, bad_calls[i].id, bad_calls[i].within_ms,
		    "{}");
		stage_until(&stage, asked_is_done, &asked, 2000);
		if (asked.code != (int)bad_calls[i].code ||
		    asked.n_answers != 1)
			fail_msg("%s: %s (%s), %d answers", bad_calls[i].name,
			    err_code_name(asked.code), asked.text,
			    asked.n_answers);
		asked_release(&asked);
	}
}

static void
a_body_that_is_too_large_is_not_sent(void **state)
{
	struct asked asked = { 0 };
	AUTO(xfree)
	char *body = xcalloc(1, ENVELOPE_MAX_BYTES + 1);

	(void)state;
	memset(body, ' ', ENVELOPE_MAX_BYTES);
	body[0] = '{';
	body[ENVELOPE_MAX_BYTES - 1] = '}';
	ask(&asked, api, SVC_TASK_ENGINE, "task.get", NULL, 5000, body);
	assert_true(asked.is_done);
	assert_int_equal(asked.code, ERR_INVALID);
	asked_release(&asked);
}

static bool
all_done(void *arg)
{
	return *(int *)arg == 64;
}

static void
what_waits_comes_as_batches(void **state)
{
	struct asked asked[64] = { 0 };
	int n_done = 0;

	(void)state;
	echo.slow_ms = 20;
	for (int i = 0; i < 64; i++) {
		asked[i].n_done = &n_done;
		ask(&asked[i], api, SVC_TASK_ENGINE, "task.get", NULL, 10000,
		    "{}");
	}
	assert_true(stage_until(&stage, all_done, &n_done, 10000));
	for (int i = 0; i < 64; i++) {
		assert_true(asked[i].ok);
		assert_int_equal(asked[i].n_answers, 1);
		asked_release(&asked[i]);
	}
	assert_int_equal(echo.n_requests, 64);
	assert_true(echo.n_batches < 32);
}

static bool
has_ticket(void *arg)
{
	return ((struct echo *)arg)->n_tickets > 0;
}

struct count {
	int n, want;
};

static bool
is_reached(void *arg)
{
	const struct count *count = arg;

	return count->n == count->want;
}

/* All of them arrive before the loop turns: the door holds that many. */
static void
what_comes_to_a_full_queue_is_told_to_come_again(void **state)
{
	static struct asked asked[1100];
	struct count done = { 0, N_OF(asked) };
	int n_ok = 0, n_busy = 0;

	(void)state;
	echo.slow_ms = 100;
	for (size_t i = 0; i < N_OF(asked); i++) {
		asked[i].n_done = &done.n;
		ask(&asked[i], api, SVC_TASK_ENGINE, "task.get", NULL, 10000,
		    "{}");
	}
	/* nng's threads need a moment to bring them. */
	poll(NULL, 0, 500);
	assert_true(stage_until(&stage, is_reached, &done, 10000));
	for (size_t i = 0; i < N_OF(asked); i++) {
		n_ok += asked[i].ok;
		n_busy +=
		    asked[i].code == ERR_BUSY && asked[i].retry_after_ms > 0;
		asked_release(&asked[i]);
	}
	assert_int_equal(n_ok + n_busy, N_OF(asked));
	assert_int_equal(n_busy, N_OF(asked) - 1024);
	assert_int_equal(echo.n_requests, n_ok);
	assert_true(echo.largest_batch <= BUS_BATCH_MAX);
}

static void
a_deferred_request_is_answered_by_its_ticket_once(void **state)
{
	struct asked asked = { 0 };
	struct buf body;

	(void)state;
	echo.is_holding = true;
	ask(&asked, api, SVC_TASK_ENGINE, "chat.turn", NULL, 5000, "{}");
	assert_true(stage_until(&stage, has_ticket, &echo, 5000));
	buf_init(&body);
	buf_adds(&body, "{\"late\":true}");
	assert_int_equal(
	    bus_reply_later(engine, echo.tickets[0], &body, NULL), 0);
	assert_int_equal(
	    bus_reply_later(engine, echo.tickets[0], &body, NULL), 1);
	assert_true(stage_until(&stage, asked_is_done, &asked, 5000));
	assert_string_equal(asked.body.data, "{\"late\":true}");
	buf_release(&body);
	asked_release(&asked);
}

static void
a_deferred_request_can_be_answered_with_an_error(void **state)
{
	struct asked asked = { 0 };
	struct err err;

	(void)state;
	echo.is_holding = true;
	ask(&asked, api, SVC_TASK_ENGINE, "chat.turn", NULL, 5000, "{}");
	assert_true(stage_until(&stage, has_ticket, &echo, 5000));
	err_set(&err, ERR_BUSY, "later");
	assert_int_equal(
	    bus_reply_later(engine, echo.tickets[0], NULL, &err), 0);
	assert_true(stage_until(&stage, asked_is_done, &asked, 5000));
	assert_false(asked.ok);
	assert_int_equal(asked.code, ERR_BUSY);
	assert_true(asked.retry_after_ms > 0);
	asked_release(&asked);
}

static bool
has_expired(void *arg)
{
	const struct bus_counters *before = arg;
	struct bus_counters now;

	bus_counters(engine, &now);
	return now.expired == before->expired + 1;
}

static void
what_nobody_answers_times_out_and_frees_its_ticket(void **state)
{
	struct asked asked = { 0 };
	struct bus_counters before;
	struct buf body;

	(void)state;
	bus_counters(engine, &before);
	echo.is_holding = true;
	ask(&asked, api, SVC_TASK_ENGINE, "chat.turn", NULL, 200, "{}");
	assert_true(stage_until(&stage, asked_is_done, &asked, 2000));
	assert_int_equal(asked.code, ERR_TIMEOUT);
	asked_release(&asked);
	/* The listener's timer may run a moment later. */
	assert_true(stage_until(&stage, has_expired, &before, 2000));
	buf_init(&body);
	assert_int_equal(
	    bus_reply_later(engine, echo.tickets[0], &body, NULL), 1);
	/* Others are answered as before. */
	echo.is_holding = false;
	ask(&asked, api, SVC_TASK_ENGINE, "task.get", NULL, 2000, "{}");
	assert_true(stage_until(&stage, asked_is_done, &asked, 2000));
	buf_release(&body);
	asked_release(&asked);
}

static bool
is_never(void *arg)
{
	(void)arg;
	return false;
}

/* Deferred calls have a bound of their own, so the others still get through. */
static void
waiting_turns_do_not_hold_up_a_quick_request(void **state)
{
	static struct asked turns[1100];
	struct asked quick = { 0 };
	int n_done = 0;

	(void)state;
	echo.is_holding = true;
	for (size_t i = 0; i < N_OF(turns); i++) {
		turns[i].n_done = &n_done;
		ask(&turns[i], api, SVC_TASK_ENGINE, "chat.turn", NULL, 3000,
		    "{}");
	}
	stage_until(&stage, is_never, NULL, 1000);
	assert_int_equal(echo.n_tickets, 1024);
	assert_int_equal(n_done, 0);
	echo.is_holding = false;
	ask(&quick, api, SVC_TASK_ENGINE, "task.get", NULL, 1000, "{}");
	assert_true(stage_until(&stage, asked_is_done, &quick, 1500));
	assert_true(quick.ok);
	stage_until(&stage, is_never, NULL, 2500);
	assert_int_equal(n_done, N_OF(turns));
	for (size_t i = 0; i < N_OF(turns); i++)
		asked_release(&turns[i]);
	asked_release(&quick);
}

static void
calls_beyond_the_queue_are_refused_at_once(void **state)
{
	static struct asked asked[1030];
	int n_done = 0, n_busy = 0;

	(void)state;
	for (size_t i = 0; i < N_OF(asked); i++) {
		asked[i].n_done = &n_done;
		ask(&asked[i], engine, SVC_INDEXER, "search.query", NULL, 300,
		    "{}");
		n_busy += asked[i].is_done && asked[i].code == ERR_BUSY;
	}
	assert_int_equal(n_busy, 1030 - 1024);
	stage_until(&stage, is_never, NULL, 600);
	assert_int_equal(n_done, N_OF(asked));
	for (size_t i = 0; i < N_OF(asked); i++)
		asked_release(&asked[i]);
}

/* What the service hears on the wire, in the order of arrival. */
struct heard {
	int n;
	struct bus_peer from;
	char type[64];
};

static void
on_heard(void *arg, const struct bus_peer *from, const struct envelope *news)
{
	struct heard *heard = arg;

	heard->n++;
	heard->from.service = from->service;
	heard->from.instance = from->instance;
	snprintf(heard->type, sizeof(heard->type), "%s", news->type);
}

static bool
has_heard(void *arg)
{
	return ((struct heard *)arg)->n > 0;
}

static bool
is_sink_connected(void *arg)
{
	(void)arg;
	return bus_is_connected(sink, SVC_TASK_ENGINE) &&
	       bus_is_connected(engine, SVC_GATEWAY_TELEGRAM);
}

/* A lost doorbell is rung again, as a service would. */
static bool
hears_or_publish(void *arg)
{
	struct heard *heard = arg;
	struct buf body;

	buf_init(&body);
	if (heard->n == 0)
		bus_publish(engine, SVC_GATEWAY_TELEGRAM, "sink",
		    "delivery.ready", NULL, &body);
	buf_release(&body);
	return heard->n > 0;
}

static void
what_is_published_reaches_the_peer_at_that_door(void **state)
{
	struct heard heard = { 0 };

	(void)state;
	bus_on_news(sink, on_heard, &heard);
	assert_true(stage_until(&stage, is_sink_connected, NULL, 10000));
	assert_true(stage_until(&stage, hears_or_publish, &heard, 10000));
	assert_string_equal(heard.type, "delivery.ready");
	assert_int_equal(heard.from.service, SVC_TASK_ENGINE);
	bus_on_news(sink, NULL, NULL);
}

static bool
is_scheduler_connected(void *arg)
{
	(void)arg;
	return bus_is_connected(sink, SVC_SCHEDULER);
}

static void
what_is_told_as_soon_as_connected_arrives(void **state)
{
	struct heard heard = { 0 };
	struct buf body;

	(void)state;
	bus_on_news(scheduler, on_heard, &heard);
	assert_true(stage_until(&stage, is_scheduler_connected, NULL, 10000));
	buf_init(&body);
	bus_publish(sink, SVC_SCHEDULER, NULL, "beat", NULL, &body);
	assert_true(stage_until(&stage, has_heard, &heard, 10000));
	assert_string_equal(heard.type, "beat");
	assert_int_equal(heard.from.service, SVC_GATEWAY_TELEGRAM);
	assert_string_equal(heard.from.instance, "sink");
	assert_int_equal(heard.n, 1);
	bus_on_news(scheduler, NULL, NULL);
	buf_release(&body);
}

#define T(f) cmocka_unit_test_setup(f, calm)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_request_comes_back_with_its_id_and_body),
		T(a_repeated_id_reaches_the_owner_again),
		T(bad_calls_fail_with_their_code),
		T(a_body_that_is_too_large_is_not_sent),
		T(what_waits_comes_as_batches),
		T(what_comes_to_a_full_queue_is_told_to_come_again),
		T(a_deferred_request_is_answered_by_its_ticket_once),
		T(a_deferred_request_can_be_answered_with_an_error),
		T(what_nobody_answers_times_out_and_frees_its_ticket),
		T(waiting_turns_do_not_hold_up_a_quick_request),
		T(calls_beyond_the_queue_are_refused_at_once),
		T(what_is_published_reaches_the_peer_at_that_door),
		T(what_is_told_as_soon_as_connected_arrives),
	};
	int n_failed;

	setvbuf(stdout, NULL, _IOLBF, 0);
	log_init("test", LOG_LEVEL_ERROR);
	n_failed = cmocka_run_group_tests(tests, open_all, close_all);
	stage_exit(n_failed != 0);
}
