/* What reaches a socket without being a request of its door's peer. By nng
 * itself, since libcommon/bus sends nothing of the kind. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdatomic.h>
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
static struct bus *engine, *sink;
static struct echo echo;
static struct wakeup *waker; /* the raw sockets' threads wake the loop */

static void
on_wake(void *arg)
{
	(void)arg;
}

static int
open_all(void **state)
{
	(void)state;
	stage_open(&stage);
	waker = wakeup_new(stage.loop, on_wake, NULL);
	engine = stage_bus(&stage, SVC_TASK_ENGINE, "main");
	sink = stage_bus(&stage, SVC_GATEWAY_TELEGRAM, "sink");
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
	wakeup_send(waker);
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
	char *large = xcalloc(1, ENVELOPE_MAX_LARGE_BYTES + 100);
	struct bus_counters before, after;
	struct raw *raw = raw_open();

	(void)state;
	bus_counters(engine, &before);
	for (size_t i = 0; i < N_OF(texts); i++) {
		assert_true(raw_ask(raw, texts[i], strlen(texts[i]), 2000));
		assert_non_null(strstr(raw->reply, "\"invalid\""));
	}
	memset(large, ' ', ENVELOPE_MAX_LARGE_BYTES + 100);
	assert_true(raw_ask(raw, large, ENVELOPE_MAX_LARGE_BYTES + 100, 2000));
	assert_non_null(strstr(raw->reply, "too large"));
	assert_int_equal(echo.n_requests, 0);
	bus_counters(engine, &after);
	assert_int_equal(after.refused - before.refused, N_OF(texts) + 1);
	xfree(&raw->reply);
}

/* That a file may come through the door makes room for nothing else. */
static void
only_a_large_message_may_be_large(void **state)
{
	struct raw *raw = raw_open();
	struct buf bytes;

	(void)state;
	buf_init(&bytes);
	put_envelope(
	    &bytes, "delivery.claim", SINK, true, clock_unix_ms() + 2000);
	while (bytes.size <= ENVELOPE_MAX_BYTES)
		buf_addc(&bytes, ' ');
	assert_true(raw_ask(raw, bytes.data, bytes.size, 2000));
	assert_non_null(strstr(raw->reply, "too large: at most 262144"));
	assert_int_equal(echo.n_requests, 0);
	buf_release(&bytes);
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
	size_t size = 2 * ENVELOPE_MAX_LARGE_BYTES;
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

#define T(f) cmocka_unit_test_setup(f, calm)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_forged_is_refused_and_never_handed_on),
		T(what_cannot_be_read_is_answered_as_invalid),
		T(only_a_large_message_may_be_large),
		T(a_request_needs_a_deadline),
		T(an_expired_request_is_dropped_and_counted),
		T(an_oversize_message_hurts_only_its_sender),
	};
	int n_failed;

	setvbuf(stdout, NULL, _IOLBF, 0);
	log_init("test", LOG_LEVEL_ERROR);
	n_failed = cmocka_run_group_tests(tests, open_all, close_all);
	stage_exit(n_failed != 0);
}
