/* Where a session was left, as text. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "services/gateway-discord/cursor.h"

#define HEAD                                                                   \
	"{\"session\":\"s\",\"url\":\"wss://h\",\"user\":\"1\",\"app\":\"2\","

static const struct {
	const char *name, *text;
	bool is_ours;
} rows[] = {
	{ "whole", HEAD "\"seq\":7,\"shard\":0,\"shards\":1}", true },
	{ "empty", "", false },
	{ "not JSON", "7", false },
	{ "cut off", HEAD, false },
	{ "without a sequence", HEAD "\"shard\":0,\"shards\":1}", false },
	{ "a sequence that is none",
	    HEAD "\"seq\":-1,\"shard\":0,\"shards\":1}", false },
	{ "a sequence in words", HEAD "\"seq\":\"7\",\"shard\":0,\"shards\":1}",
	    false },
	{ "without a session",
	    "{\"url\":\"wss://h\",\"user\":\"1\",\"app\":\"2\",\"seq\":1,"
	    "\"shard\":0,\"shards\":1}",
	    false },
};

static void
what_is_not_ours_is_empty(void **state)
{
	struct cursor got;

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		if (cursor_read(&got, rows[i].text) != rows[i].is_ours)
			fail_msg("%s", rows[i].name);
		if (!rows[i].is_ours && *got.session_id)
			fail_msg("%s: %s", rows[i].name, got.session_id);
	}
}

static void
what_is_written_is_read_again(void **state)
{
	const struct cursor want = {
		.session_id = "abc\"def",
		.resume_url = "wss://us-east1-b.discord.gg",
		.seq = 9007199254740991,
		.shard = 3,
		.n_shards = 4,
		.user_id = "110000000000000001",
		.application_id = "110000000000000002",
		.has_content = true,
	};
	AUTO(buf_release)
	struct buf text = { 0 };
	struct cursor got;

	(void)state;
	buf_init(&text);
	cursor_write(&want, &text);
	assert_true(text.size < 1024);
	assert_true(cursor_read(&got, text.data));
	assert_string_equal(got.session_id, want.session_id);
	assert_string_equal(got.resume_url, want.resume_url);
	assert_string_equal(got.user_id, want.user_id);
	assert_string_equal(got.application_id, want.application_id);
	assert_int_equal(got.seq, want.seq);
	assert_int_equal(got.shard, 3);
	assert_int_equal(got.n_shards, 4);
	assert_true(got.has_content);
}

/* The engine keeps at most 1 KiB. */
static void
the_longest_fits(void **state)
{
	struct cursor cursor = { .seq = INT64_MAX };
	AUTO(buf_release)
	struct buf text = { 0 };

	(void)state;
	memset(cursor.session_id, 'x', sizeof(cursor.session_id) - 1);
	memset(cursor.resume_url, 'x', sizeof(cursor.resume_url) - 1);
	memset(cursor.user_id, 'x', sizeof(cursor.user_id) - 1);
	memset(cursor.application_id, 'x', sizeof(cursor.application_id) - 1);
	buf_init(&text);
	cursor_write(&cursor, &text);
	assert_true(text.size <= 1024);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_ours_is_empty),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(the_longest_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
