/* The bus between buses in one process: requests, refusals, news. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
	assert_true(stage_until(&stage, asked_is_done, &asked, 6000));
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
		assert_true(stage_until(&stage, asked_is_done, &asked, 6000));
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
	enum service_id to;
	const char *type;
	const char *id;
	int64_t within_ms;
	enum err_code code;
} bad_calls[] = {
	{ "unknown type", &api, SVC_TASK_ENGINE, "no.such", NULL, 1000,
	    ERR_INVALID },
	{ "news as request", &engine, SVC_GATEWAY_TELEGRAM, "delivery.ready",
	    NULL, 1000, ERR_INVALID },
	{ "another's request", &sink, SVC_TASK_ENGINE, "task.create", NULL,
	    1000, ERR_INVALID },
	{ "no ULID", &api, SVC_TASK_ENGINE, "task.get", "x", 1000,
	    ERR_INVALID },
	{ "peer that is away", &engine, SVC_INDEXER, "search.query", NULL, 100,
	    ERR_UNAVAILABLE },
	{ "deadline that has passed", &engine, SVC_INDEXER, "search.query",
	    NULL, -5, ERR_UNAVAILABLE },
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

static void
what_nobody_answers_times_out_and_frees_its_ticket(void **state)
{
	struct asked asked = { 0 };
	struct bus_counters before, after;
	struct buf body;

	(void)state;
	bus_counters(engine, &before);
	echo.is_holding = true;
	ask(&asked, api, SVC_TASK_ENGINE, "chat.turn", NULL, 200, "{}");
	assert_true(stage_until(&stage, asked_is_done, &asked, 2000));
	assert_int_equal(asked.code, ERR_TIMEOUT);
	/* One more round, so that the listener's timer has run as well. */
	echo.is_holding = false;
	asked_release(&asked);
	ask(&asked, api, SVC_TASK_ENGINE, "task.get", NULL, 2000, "{}");
	assert_true(stage_until(&stage, asked_is_done, &asked, 2000));
	buf_init(&body);
	assert_int_equal(
	    bus_reply_later(engine, echo.tickets[0], &body, NULL), 1);
	bus_counters(engine, &after);
	assert_int_equal(after.expired, before.expired + 1);
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

/* Bytes at the sink's door, as somebody who has reached the socket. */
struct raw {
	nng_socket nng;
	nng_aio *aio;
	atomic_bool is_done;
	int rv;
	char *reply;
};

/* Open until the process ends, like everything of nng's. */
static struct raw raws[16];
static size_t n_raws;

static void
on_raw(void *arg)
{
	struct raw *raw = arg;

	raw->rv = nng_aio_result(raw->aio);
	atomic_store(&raw->is_done, true);
}

static bool
raw_is_done(void *arg)
{
	return atomic_load(&((struct raw *)arg)->is_done);
}

static struct raw *
raw_open(void)
{
	struct raw *raw = &raws[n_raws++];
	char url[256];

	assert_true(n_raws <= N_OF(raws));
	snprintf(url, sizeof(url),
	    "ipc://%s/task-engine/gateway-telegram.sink.req", stage.run_dir);
	assert_int_equal(nng_req0_open(&raw->nng), 0);
	assert_int_equal(nng_dial(raw->nng, url, NULL, 0), 0);
	assert_int_equal(nng_aio_alloc(&raw->aio, on_raw, raw), 0);
	return raw;
}

static bool
raw_ask(struct raw *raw, const char *bytes, size_t size, int64_t wait_ms)
{
	nng_msg *msg;
	bool is_done;

	xfree(&raw->reply);
	assert_int_equal(nng_msg_alloc(&msg, 0), 0);
	nng_msg_append(msg, bytes, size);
	nng_aio_set_msg(raw->aio, msg);
	atomic_store(&raw->is_done, false);
	nng_send_aio(raw->nng, raw->aio);
	assert_true(stage_until(&stage, raw_is_done, raw, 2000));
	atomic_store(&raw->is_done, false);
	nng_aio_set_timeout(raw->aio, (nng_duration)wait_ms);
	nng_recv_aio(raw->nng, raw->aio);
	is_done = stage_until(&stage, raw_is_done, raw, wait_ms + 2000);
	assert_true(is_done);
	if (raw->rv)
		return false;
	msg = nng_aio_get_msg(raw->aio);
	raw->reply = xcalloc(1, nng_msg_len(msg) + 1);
	memcpy(raw->reply, nng_msg_body(msg), nng_msg_len(msg));
	nng_msg_free(msg);
	return true;
}

#define SINK "gateway-telegram.sink"

static const struct {
	const char *name;
	const char *type, *from;
	bool is_key_right;
	const char *code, *text;
} forged[] = {
	{ "all right", "delivery.claim", SINK, true, "", "\"ok\":true" },
	{ "wrong key", "delivery.claim", SINK, false, "refused", "key" },
	{ "wrong key tells nothing of types", "no.such", SINK, false, "refused",
	    "key" },
	{ "forged from", "delivery.claim", "gateway-telegram.main", true,
	    "refused", "only " SINK },
	{ "forged from, another service", "task.create", "api.main", true,
	    "refused", "only " SINK },
	{ "unknown type", "no.such", SINK, true, "invalid", "no.such" },
	{ "another door's type", "task.create", SINK, true, "invalid",
	    "task.create" },
	{ "news as request", "delivery.ready", SINK, true, "invalid",
	    "delivery.ready" },
};

static void
put_envelope(struct buf *out, const char *type, const char *from,
    bool is_key_right, int64_t deadline_ms)
{
	struct bus_peer peer = { SVC_GATEWAY_TELEGRAM, "sink" };
	struct buf body;
	char id[ID_ULID_SIZE];

	id_ulid(id, clock_unix_ms());
	buf_init(&body);
	buf_adds(&body, "{}");
	envelope_encode(out,
	    &(struct envelope_head){
		.id = id,
		.type = type,
		.from = from,
		.cause = "",
		.key = is_key_right
			   ? door_keys_find(stage.keys, SVC_TASK_ENGINE, &peer)
			   : "00000000000000000000000000000000"
			     "00000000000000000000000000000000",
		.at_ms = clock_unix_ms(),
		.deadline_ms = deadline_ms,
	    },
	    &body);
	buf_release(&body);
}

static void
what_is_forged_is_refused_and_never_handed_on(void **state)
{
	struct raw *raw = raw_open();

	(void)state;
	for (size_t i = 0; i < N_OF(forged); i++) {
		int n_before = echo.n_requests;
		bool is_good = forged[i].code[0] == '\0';
		struct buf bytes;

		buf_init(&bytes);
		put_envelope(&bytes, forged[i].type, forged[i].from,
		    forged[i].is_key_right, clock_unix_ms() + 2000);
		if (!raw_ask(raw, bytes.data, bytes.size, 2000))
			fail_msg("%s: no answer", forged[i].name);
		if (!strstr(raw->reply, forged[i].code) ||
		    !strstr(raw->reply, forged[i].text) ||
		    echo.n_requests != n_before + is_good)
			fail_msg("%s: %s", forged[i].name, raw->reply);
		buf_release(&bytes);
	}
	xfree(&raw->reply);
}

/* Whether or not there is an envelope to answer to, there is an answer. */
static void
what_cannot_be_read_is_answered_as_invalid(void **state)
{
	static const char *const texts[] = { "", "x", "{}", "[]", "{\"v\":1}",
		"{\"v\":2}", "\xff\xfe", "null" };
	AUTO(xfree)
	char *large = xcalloc(1, ENVELOPE_MAX_BYTES + 100);
	struct bus_counters before, after;
	struct raw *raw = raw_open();

	(void)state;
	bus_counters(engine, &before);
	for (size_t i = 0; i < N_OF(texts); i++) {
		assert_true(raw_ask(raw, texts[i], strlen(texts[i]), 2000));
		assert_non_null(strstr(raw->reply, "\"invalid\""));
	}
	memset(large, ' ', ENVELOPE_MAX_BYTES + 100);
	assert_true(raw_ask(raw, large, ENVELOPE_MAX_BYTES + 100, 2000));
	assert_non_null(strstr(raw->reply, "too large"));
	assert_int_equal(echo.n_requests, 0);
	bus_counters(engine, &after);
	assert_int_equal(after.refused - before.refused, N_OF(texts) + 1);
	xfree(&raw->reply);
}

static void
a_request_needs_a_deadline(void **state)
{
	struct raw *raw = raw_open();
	struct buf bytes;

	(void)state;
	buf_init(&bytes);
	put_envelope(&bytes, "delivery.claim", SINK, true, 0);
	assert_true(raw_ask(raw, bytes.data, bytes.size, 2000));
	assert_non_null(strstr(raw->reply, "deadline"));
	buf_release(&bytes);
	xfree(&raw->reply);
}

static void
an_expired_request_is_dropped_and_counted(void **state)
{
	struct bus_counters before, after;
	struct raw *raw = raw_open();
	struct buf bytes;

	(void)state;
	bus_counters(engine, &before);
	buf_init(&bytes);
	put_envelope(&bytes, "delivery.claim", SINK, true, 1000);
	assert_false(raw_ask(raw, bytes.data, bytes.size, 200));
	bus_counters(engine, &after);
	assert_int_equal(after.expired, before.expired + 1);
	assert_int_equal(echo.n_requests, 0);
	buf_release(&bytes);
}

/* Too large for the socket: nng cuts the line, and the door still works. */
static void
an_oversize_message_hurts_only_its_sender(void **state)
{
	size_t size = ENVELOPE_MAX_LARGE_BYTES;
	AUTO(xfree)
	char *bytes = xcalloc(1, size);
	struct asked asked = { 0 };
	struct raw *raw = raw_open();

	(void)state;
	memset(bytes, ' ', size);
	assert_false(raw_ask(raw, bytes, size, 1000));
	ask(&asked, sink, SVC_TASK_ENGINE, "delivery.claim", NULL, 5000, "{}");
	assert_true(stage_until(&stage, asked_is_done, &asked, 6000));
	assert_true(asked.ok);
	asked_release(&asked);
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
	assert_true(stage_until(&stage, is_sink_connected, NULL, 3000));
	assert_true(stage_until(&stage, hears_or_publish, &heard, 3000));
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
	assert_true(stage_until(&stage, is_scheduler_connected, NULL, 3000));
	buf_init(&body);
	bus_publish(sink, SVC_SCHEDULER, NULL, "beat", NULL, &body);
	assert_true(stage_until(&stage, has_heard, &heard, 3000));
	assert_string_equal(heard.type, "beat");
	assert_int_equal(heard.from.service, SVC_GATEWAY_TELEGRAM);
	assert_string_equal(heard.from.instance, "sink");
	assert_int_equal(heard.n, 1);
	bus_on_news(scheduler, NULL, NULL);
	buf_release(&body);
}

static int
try_open(const struct bus_options *options, struct err *err)
{
	struct bus *bus;

	return bus_open(&bus, stage.loop, options, err);
}

static void
sockets_and_directories_are_private(void **state)
{
	char path[256];
	struct stat st;

	(void)state;
	snprintf(path, sizeof(path), "%s/task-engine", stage.run_dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	snprintf(
	    path, sizeof(path), "%s/task-engine/api.main.req", stage.run_dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void
a_path_too_long_for_a_socket_is_explained(void **state)
{
	char dir[160];
	struct bus_options options = {
		.run_dir = dir,
		.self = { SVC_API, "main" },
		.keys = stage.keys,
	};
	struct err err;

	(void)state;
	memset(dir, 'x', sizeof(dir) - 1);
	dir[sizeof(dir) - 1] = '\0';
	assert_int_equal(try_open(&options, &err), -1);
	assert_int_equal(err.code, ERR_INVALID);
	assert_non_null(strstr(err.text, "AGENT_RUNTIME_DATA_DIR"));
}

/* The last test: nng finds out by connecting, which may stop the listener. */
static void
a_second_listener_is_refused(void **state)
{
	struct bus_options options = {
		.run_dir = stage.run_dir,
		.self = { SVC_TASK_ENGINE, "main" },
		.keys = stage.keys,
	};
	struct err err;

	(void)state;
	assert_int_equal(try_open(&options, &err), -1);
	assert_int_equal(err.code, ERR_CONFLICT);
}

static void
keys_for_somebody_else_open_nothing(void **state)
{
	struct bus_options options = {
		.run_dir = stage.run_dir,
		.self = { SVC_GATEWAY_TELEGRAM, "stranger" },
		.keys = stage.keys,
	};
	struct err err;

	(void)state;
	assert_int_equal(try_open(&options, &err), -1);
	assert_int_equal(err.code, ERR_INVALID);
	assert_non_null(strstr(err.text, "gateway-telegram.stranger"));
}

static void
a_client_only_bus_asks_and_listens_nowhere(void **state)
{
	struct bus_options options = {
		.run_dir = stage.run_dir,
		.self = { SVC_GATEWAY_TELEGRAM, "main" },
		.keys = stage.keys,
		.client_only = true,
	};
	struct asked asked = { 0 };
	struct bus *tool;
	struct err err;

	(void)state;
	assert_int_equal(bus_open(&tool, stage.loop, &options, &err), 0);
	ask(&asked, tool, SVC_TASK_ENGINE, "delivery.claim", NULL, 5000, "{}");
	assert_true(stage_until(&stage, asked_is_done, &asked, 6000));
	assert_true(asked.ok);
	asked_release(&asked);
}

static void
a_call_before_the_start_is_made_after_it(void **state)
{
	struct bus_options options = {
		.run_dir = stage.run_dir,
		.self = { SVC_API, "main" },
		.keys = stage.keys,
		.start_later = true,
	};
	struct asked asked = { 0 };
	struct bus *late;
	struct err err;

	(void)state;
	assert_int_equal(bus_open(&late, stage.loop, &options, &err), 0);
	ask(&asked, late, SVC_TASK_ENGINE, "task.get", NULL, 5000, "{}");
	assert_false(stage_until(&stage, asked_is_done, &asked, 100));
	assert_int_equal(bus_start(late, &err), 0);
	assert_true(stage_until(&stage, asked_is_done, &asked, 6000));
	assert_true(asked.ok);
	asked_release(&asked);
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
		T(what_is_forged_is_refused_and_never_handed_on),
		T(what_cannot_be_read_is_answered_as_invalid),
		T(a_request_needs_a_deadline),
		T(an_expired_request_is_dropped_and_counted),
		T(an_oversize_message_hurts_only_its_sender),
		T(what_is_published_reaches_the_peer_at_that_door),
		T(what_is_told_as_soon_as_connected_arrives),
		T(sockets_and_directories_are_private),
		T(a_path_too_long_for_a_socket_is_explained),
		T(keys_for_somebody_else_open_nothing),
		T(a_client_only_bus_asks_and_listens_nowhere),
		T(a_call_before_the_start_is_made_after_it),
		T(a_second_listener_is_refused),
	};
	int n_failed;

	setvbuf(stdout, NULL, _IOLBF, 0);
	log_init("test", LOG_LEVEL_ERROR);
	n_failed = cmocka_run_group_tests(tests, open_all, close_all);
	stage_exit(n_failed != 0);
}
