/* Envelopes: what is taken, what is refused, and both directions. */

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/envelope.h"
#include "libcommon/json.h"

#define ID "\"id\":\"01ARYZ6S41TSV4RRFFQ69G5FAV\""
#define HEAD                                                                   \
	"\"v\":1," ID ",\"type\":\"task.create\",\"from\":\"api.main\","       \
	"\"at\":1763906400123"
#define X16 "xxxxxxxxxxxxxxxx"
#define X64 X16 X16 X16 X16

static const struct {
	const char *name;
	const char *text;
	const char *refusal; /* part of the error; NULL: accepted */
} cases[] = {
	{ "request", "{" HEAD ",\"body\":{}}", NULL },
	{ "unknown_keys", "{" HEAD ",\"body\":{},\"new\":[1]}", NULL },
	{ "every_field",
	    "{" HEAD ",\"deadline\":1763906500000,\"cause\":\"x-1\","
	    "\"key\":\"0f\",\"body\":{\"a\":1}}",
	    NULL },
	{ "empty_cause", "{" HEAD ",\"cause\":\"\",\"body\":{}}", NULL },
	{ "not_json", "{" HEAD ",\"body\":{}", "envelope: JSON at byte" },
	{ "a_list", "[]", "must be a JSON object" },
	{ "null", "null", "must be a JSON object" },

	{ "no_version", "{" ID "}", "\"v\" must be 1" },
	{ "version_2", "{\"v\":2," ID "}", "\"v\" must be 1" },
	{ "version_as_text", "{\"v\":\"1\"," ID "}", "\"v\" must be 1" },

	{ "no_id",
	    "{\"v\":1,\"type\":\"a\",\"from\":\"b\",\"at\":1,\"body\":{}}",
	    "\"id\" must be a string" },
	{ "id_is_a_number", "{\"v\":1,\"id\":7}", "\"id\" must be a string" },
	{ "id_is_empty", "{\"v\":1,\"id\":\"\"}", "\"id\" must not be empty" },
	{ "id_is_long", "{\"v\":1,\"id\":\"01ARYZ6S41TSV4RRFFQ69G5FAVX\"}",
	    "\"id\" is too long" },
	{ "id_is_no_ulid",
	    "{\"v\":1,\"id\":\"x\",\"type\":\"a\",\"from\":\"b\",\"at\":1,"
	    "\"body\":{}}",
	    "\"id\" must be a ULID" },

	{ "no_type", "{\"v\":1," ID ",\"from\":\"b\"}", "\"type\" must be" },
	{ "type_is_null", "{\"v\":1," ID ",\"type\":null}", "\"type\" must" },
	{ "type_is_long", "{\"v\":1," ID ",\"type\":\"" X64 "x\"}",
	    "\"type\" is too long" },
	{ "type_with_space", "{\"v\":1," ID ",\"type\":\"a b\"}",
	    "\"type\" has a character" },
	{ "type_with_newline", "{\"v\":1," ID ",\"type\":\"a\\n\"}",
	    "\"type\" has a character" },
	{ "no_from", "{\"v\":1," ID ",\"type\":\"a\"}", "\"from\" must be" },
	{ "from_is_long",
	    "{\"v\":1," ID ",\"type\":\"a\",\"from\":\"" X64 X16 X16 "x\"}",
	    "\"from\" is too long" },
	{ "from_not_ascii",
	    "{\"v\":1," ID ",\"type\":\"a\",\"from\":\"\xc3\xa9\"}",
	    "\"from\" has a character" },
	{ "cause_is_long", "{" HEAD ",\"cause\":\"" X64 "x\",\"body\":{}}",
	    "\"cause\" is too long" },
	{ "cause_of_64", "{" HEAD ",\"cause\":\"" X64 "\",\"body\":{}}", NULL },
	{ "cause_with_space", "{" HEAD ",\"cause\":\"a b\",\"body\":{}}",
	    "\"cause\" has a character" },
	{ "cause_is_null", "{" HEAD ",\"cause\":null,\"body\":{}}",
	    "\"cause\" must be a string" },
	{ "key_of_128", "{" HEAD ",\"key\":\"" X64 X64 "\",\"body\":{}}",
	    NULL },
	{ "key_is_long", "{" HEAD ",\"key\":\"" X64 X64 "x\",\"body\":{}}",
	    "\"key\" is too long" },

	{ "no_at", "{\"v\":1," ID ",\"type\":\"a\",\"from\":\"b\",\"body\":{}}",
	    "\"at\" must be a whole number" },
	{ "at_is_text",
	    "{\"v\":1," ID ",\"type\":\"a\",\"from\":\"b\",\"at\":\"1\"}",
	    "\"at\" must be a whole number" },
	{ "at_is_negative",
	    "{\"v\":1," ID ",\"type\":\"a\",\"from\":\"b\",\"at\":-1}",
	    "\"at\" must be a whole number" },
	{ "at_is_broken",
	    "{\"v\":1," ID ",\"type\":\"a\",\"from\":\"b\",\"at\":1.5}",
	    "\"at\" must be a whole number" },
	{ "deadline_is_text", "{" HEAD ",\"deadline\":\"1\",\"body\":{}}",
	    "\"deadline\" must be a whole number" },

	{ "no_body", "{" HEAD "}", "\"body\" must be an object" },
	{ "body_is_a_list", "{" HEAD ",\"body\":[]}", "\"body\" must be" },
	{ "body_is_null", "{" HEAD ",\"body\":null}", "\"body\" must be" },
	{ "body_twice", "{" HEAD ",\"body\":{},\"body\":{}}", "stands twice" },
	{ "key_twice_in_body", "{" HEAD ",\"body\":{\"a\":1,\"a\":2}}",
	    "stands twice" },

	{ "reply", "{" HEAD ",\"ok\":true,\"body\":{}}", NULL },
	{ "reply_without_body", "{" HEAD ",\"ok\":true}", "\"body\" must be" },
	{ "ok_is_a_number", "{" HEAD ",\"ok\":1,\"body\":{}}",
	    "\"ok\" must be true or false" },
	{ "ok_is_null", "{" HEAD ",\"ok\":null,\"body\":{}}",
	    "\"ok\" must be true or false" },
	{ "error_reply",
	    "{" HEAD ",\"ok\":false,\"error\":{\"code\":\"busy\","
	    "\"text\":\"full\"}}",
	    NULL },
	{ "error_missing", "{" HEAD ",\"ok\":false,\"body\":{}}",
	    "\"error\" must be an object" },
	{ "error_without_text",
	    "{" HEAD ",\"ok\":false,\"error\":{\"code\":\"busy\"}}",
	    "\"code\" and \"text\"" },
	{ "error_code_is_a_number",
	    "{" HEAD ",\"ok\":false,\"error\":{\"code\":1,\"text\":\"\"}}",
	    "\"code\" and \"text\"" },
	{ "retry_after_is_negative",
	    "{" HEAD ",\"ok\":false,\"error\":{\"code\":\"busy\","
	    "\"text\":\"\",\"retry_after_ms\":-1}}",
	    "\"retry_after_ms\" must be" },
};

static void
every_envelope_is_taken_or_refused_as_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		const char *refusal =
		    cases[i].refusal != NULL ? cases[i].refusal : "";
		struct envelope in;
		struct err err = { 0 };
		int rc = envelope_decode(
		    &in, cases[i].text, strlen(cases[i].text), &err);

		if ((rc < 0) != (cases[i].refusal != NULL))
			fail_msg("%s: %d %s", cases[i].name, rc, err.text);
		if (rc < 0 && (err.code != ERR_INVALID || in.root != NULL ||
				  strstr(err.text, refusal) == NULL))
			fail_msg(
			    "%s: refused with: %s", cases[i].name, err.text);
		envelope_release(&in);
	}
}

static void
a_request_keeps_its_fields(void **state)
{
	static const char text[] = "{" HEAD ",\"deadline\":1763906500000,"
				   "\"cause\":\"c\",\"key\":\"k\","
				   "\"body\":{\"a\":7}}";
	struct envelope in;
	struct err err;

	(void)state;
	assert_int_equal(envelope_decode(&in, text, strlen(text), &err), 0);
	assert_string_equal(in.id, "01ARYZ6S41TSV4RRFFQ69G5FAV");
	assert_string_equal(in.type, "task.create");
	assert_string_equal(in.from, "api.main");
	assert_string_equal(in.cause, "c");
	assert_string_equal(in.key, "k");
	assert_int_equal(in.at_ms, 1763906400123);
	assert_int_equal(in.deadline_ms, 1763906500000);
	assert_false(in.is_reply);
	assert_int_equal(json_int(json_get(in.body, "a"), 0), 7);
	envelope_release(&in);
	envelope_release(&in);
}

static void
an_envelope_too_large_is_not_parsed(void **state)
{
	struct envelope in;
	struct err err;
	struct buf text;

	(void)state;
	buf_init(&text);
	memset(buf_grow(&text, ENVELOPE_MAX_LARGE_BYTES + 1), 'x',
	    ENVELOPE_MAX_LARGE_BYTES + 1);
	assert_int_equal(envelope_decode(&in, text.data, text.size, &err), -1);
	assert_int_equal(err.code, ERR_INVALID);
	assert_non_null(strstr(err.text, "4194305 bytes"));
	buf_release(&text);
}

static const struct envelope_head full = {
	.id = "01ARYZ6S41TSV4RRFFQ69G5FAV",
	.type = "task.create",
	.from = "api.main",
	.cause = "01ARYZ6S41TSV4RRFFQ69G5FAW",
	.key = "00ff",
	.at_ms = 1763906400123,
	.deadline_ms = 1763906500000,
};

static const struct envelope_head least = {
	.id = "01ARYZ6S41TSV4RRFFQ69G5FAV",
	.type = "beat",
	.from = "api.main",
};

static void
must_decode(struct envelope *in, const struct buf *text)
{
	struct err err;

	if (envelope_decode(in, text->data, text->size, &err) < 0)
		fail_msg("%s: %s", text->data, err.text);
}

static void
what_is_encoded_decodes_to_the_same(void **state)
{
	struct envelope in;
	struct buf body, text;

	(void)state;
	buf_init(&body);
	buf_init(&text);
	buf_adds(&body, "{\"a\":7}");
	envelope_encode(&text, &full, &body);
	must_decode(&in, &text);
	assert_false(in.is_reply);
	assert_string_equal(in.id, full.id);
	assert_string_equal(in.type, full.type);
	assert_string_equal(in.from, full.from);
	assert_string_equal(in.cause, full.cause);
	assert_string_equal(in.key, full.key);
	assert_int_equal(in.at_ms, full.at_ms);
	assert_int_equal(in.deadline_ms, full.deadline_ms);
	assert_int_equal(json_int(json_get(in.body, "a"), 0), 7);
	envelope_release(&in);
	buf_release(&body);
	buf_release(&text);
}

static void
an_empty_body_is_an_object(void **state)
{
	struct envelope in;
	struct buf body, text;

	(void)state;
	buf_init(&body);
	buf_init(&text);
	envelope_encode(&text, &least, NULL);
	must_decode(&in, &text);
	assert_string_equal(in.cause, "");
	assert_string_equal(in.key, "");
	assert_int_equal(in.deadline_ms, 0);
	assert_int_equal(json_count(in.body), 0);
	envelope_release(&in);
	buf_reset(&text);
	envelope_encode_ok(&text, &least, &body);
	must_decode(&in, &text);
	assert_true(in.is_reply);
	assert_true(in.ok);
	envelope_release(&in);
	buf_release(&body);
	buf_release(&text);
}

static void
an_error_keeps_code_text_and_patience(void **state)
{
	struct envelope in;
	struct err err;
	struct buf text;

	(void)state;
	buf_init(&text);
	for (int code = ERR_NONE + 1; code < ERR_COUNT; code++) {
		buf_reset(&text);
		err_set(&err, (enum err_code)code, "a \"b\"\n%d", code);
		envelope_encode_error(&text, &least, &err, code * 100L);
		must_decode(&in, &text);
		assert_true(in.is_reply);
		assert_false(in.ok);
		assert_null(in.body);
		assert_int_equal(in.error.code, code);
		assert_string_equal(in.error.text, err.text);
		assert_int_equal(in.retry_after_ms, code * 100L);
		envelope_release(&in);
	}
	buf_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_envelope_is_taken_or_refused_as_named),
		cmocka_unit_test(a_request_keeps_its_fields),
		cmocka_unit_test(an_envelope_too_large_is_not_parsed),
		cmocka_unit_test(what_is_encoded_decodes_to_the_same),
		cmocka_unit_test(an_empty_body_is_an_object),
		cmocka_unit_test(an_error_keeps_code_text_and_patience),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
