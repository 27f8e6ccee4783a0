/* The gateway's payloads. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/gateway-discord/frame.h"

static const struct {
	const char *name, *text;
	int64_t op, seq;
	const char *type;
} good[] = {
	{ "hello", "{\"op\":10,\"d\":{\"heartbeat_interval\":45000}}", 10, -1,
	    "" },
	{ "nulls", "{\"t\":null,\"s\":null,\"op\":11,\"d\":null}", 11, -1, "" },
	{ "an event", "{\"t\":\"RESUMED\",\"s\":42,\"op\":0,\"d\":{}}", 0, 42,
	    "RESUMED" },
	{ "types that are wrong", "{\"t\":7,\"s\":\"x\",\"op\":0}", 0, -1, "" },
};

static const char *const bad[] = { "", "[]", "7", "{}", "{\"op\":\"1\"}",
	"{\"op\":1.5}", "{\"op\":0}x", "\xff" };

static void
payloads_are_read(void **state)
{
	struct frame frame;
	struct err err;

	(void)state;
	for (size_t i = 0; i < N_OF(good); i++) {
		if (frame_parse(
			&frame, good[i].text, strlen(good[i].text), &err) < 0)
			fail_msg("%s: %s", good[i].name, err.text);
		if (frame.op != good[i].op || frame.seq != good[i].seq ||
		    strcmp(frame.type, good[i].type) != 0)
			fail_msg("%s", good[i].name);
		frame_release(&frame);
	}
	for (size_t i = 0; i < N_OF(bad); i++)
		if (frame_parse(&frame, bad[i], strlen(bad[i]), &err) == 0)
			fail_msg("%s is taken", bad[i]);
}

/* Which of what cannot be read ends the session, as bytes that are lost do. */
static const struct {
	const char *text;
	bool is_left_out;
} unreadable[] = {
	{ "{\"t\":\"MESSAGE_CREATE\",\"s\":4,\"op\":0,"
	  "\"d\":{\"nonce\":1181234567890123456}}",
	    true },
	{ "{\"op\": 0, \"d\": {\"a\\\"\": [\"\\u0000\"]}, \"t\": \"X\"}",
	    true },
	{ "{\"d\":{\"a\":\"\\ud800\"},\"t\":\"X\",\"op\":0}", true },
	{ "{\"t\":\"READY\",\"op\":0,\"d\":\"\\u0000\"}", false },
	{ "{\"t\":\"RESUMED\",\"op\":0,\"d\":\"\\u0000\"}", false },
	{ "{\"t\":null,\"op\":0,\"d\":\"\\u0000\"}", false },
	{ "{\"t\":\"X\",\"op\":7,\"d\":\"\\u0000\"}", false },
	{ "{\"t\":\"X\",\"op\":01,\"d\":1}", false },
	{ "{\"d\":{\"t\":\"X\",\"op\":0,\"e\":\"\\u0000\"}}", false },
	{ "{\"t\":\"X\",\"op\":0,\"d\":{", false },
	{ "{\"t\":\"X\",\"op\":0,\"d\":\"{}", false },
	{ "{\"t\":\"X\",\"op\":0}}", false },
	{ "{\"t\":\"X\",\"op\":0,\"d\":\"\\", false },
	{ "", false },
};

static void
an_event_that_cannot_be_read_is_left_out(void **state)
{
	struct frame frame;
	struct err err;

	(void)state;
	for (size_t i = 0; i < N_OF(unreadable); i++) {
		const char *text = unreadable[i].text;

		if (frame_parse(&frame, text, strlen(text), &err) == 0)
			fail_msg("%s is taken", text);
		if (frame_can_be_left_out(text, strlen(text)) !=
		    unreadable[i].is_left_out)
			fail_msg("%s", text);
	}
}

static void
payloads_are_written(void **state)
{
	const struct frame_identity identity = { "a\"b", 1, 4, 37377 };
	AUTO(buf_release)
	struct buf out = { 0 };

	(void)state;
	buf_init(&out);
	frame_beat(&out, -1);
	assert_string_equal(out.data, "{\"op\":1,\"d\":null}");
	buf_reset(&out);
	frame_beat(&out, 0);
	assert_string_equal(out.data, "{\"op\":1,\"d\":0}");
	buf_reset(&out);
	frame_resume(&out, "t", "s", 9);
	assert_string_equal(out.data,
	    "{\"op\":6,\"d\":{\"token\":\"t\",\"session_id\":\"s\","
	    "\"seq\":9}}");
	buf_reset(&out);
	frame_identify(&out, &identity);
	assert_string_equal(out.data,
	    "{\"op\":2,\"d\":{\"token\":\"a\\\"b\",\"intents\":37377,"
	    "\"shard\":[1,4],\"properties\":{\"os\":\"linux\","
	    "\"browser\":\"agent-runtime\",\"device\":\"agent-runtime\"}}}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(payloads_are_read),
		cmocka_unit_test(an_event_that_cannot_be_read_is_left_out),
		cmocka_unit_test(payloads_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
