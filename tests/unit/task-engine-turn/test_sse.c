/* Server-sent events, whole and in pieces of every size. */

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "services/task-engine/llm/sse.h"

/* Events as "[data]" behind each other. */
static int
note(void *arg, const char *data, size_t size, struct err *err)
{
	struct buf *heard = arg;

	if (strcmp(data, "stop") == 0)
		return err_set(err, ERR_BUSY, "stopped");
	assert_int_equal(strlen(data), size);
	buf_addf(heard, "[%s]", data);
	return 0;
}

static const struct {
	const char *name, *text, *want;
} cases[] = {
	{ "nothing", "", "" },
	{ "one event", "data: a\n\n", "[a]" },
	{ "without the blank", "data:a\n\n", "[a]" },
	{ "only one blank is taken", "data:  a\n\n", "[ a]" },
	{ "CR LF", "data: a\r\n\r\ndata: b\r\n\r\n", "[a][b]" },
	{ "CR alone", "data: a\r\rdata: b\r\r", "[a][b]" },
	{ "ends of all kinds", "data: a\r\n\ndata: b\n\r\ndata: c\r\r\n",
	    "[a][b][c]" },
	{ "several lines are one event", "data: a\ndata: b\ndata:\ndata: c\n\n",
	    "[a\nb\n\nc]" },
	{ "a comment", ": hello\n\n:\ndata: a\n: in between\n\n", "[a]" },
	{ "a comment that looks like a field", ":data: x\n\ndata: a\n\n",
	    "[a]" },
	{ "other fields", "event: e\nid: 7\nretry: 3\nfoo\nfoo: x\ndata: a\n\n",
	    "[a]" },
	{ "an event without data", "event: ping\n\n\n\ndata: a\n\n", "[a]" },
	{ "data that is empty", "data:\n\n", "[]" },
	{ "data without a colon", "data\n\n", "[]" },
	{ "a longer name is another field", "database: x\n\ndata: a\n\n",
	    "[a]" },
	{ "a colon in the data", "data: a: b\n\n", "[a: b]" },
	{ "cut in its line", "data: a\n\ndata: b", "[a]" },
	{ "cut before its empty line", "data: a\n\ndata: b\n", "[a]" },
	{ "a byte order mark",
	    "\xef\xbb\xbf"
	    "data: a\n\n",
	    "[a]" },
	{ "a second one is no mark",
	    "\xef\xbb\xbf\xef\xbb\xbf"
	    "data: a\n\ndata: b\n\n",
	    "[b]" },
	{ "half a mark is a line",
	    "\xef\xbb"
	    "data: a\n\ndata: b\n\n",
	    "[b]" },
	{ "UTF-8", "data: Gr\xc3\xbc\xc3\x9f\x65 \xf0\x9f\x98\x80\n\n",
	    "[Gr\xc3\xbc\xc3\x9f\x65 \xf0\x9f\x98\x80]" },
};

static void
feed(struct sse *sse, const char *bytes, size_t size, struct buf *heard)
{
	/* On the heap, so that a byte too many is seen. */
	AUTO(xfree)
	char *copy = xcalloc(1, size ? size : 1);
	struct err err;

	memcpy(copy, bytes, size);
	assert_int_equal(sse_feed(sse, copy, size, note, heard, &err), 0);
}

static void
read_in_two(size_t i, size_t at)
{
	size_t size = strlen(cases[i].text);
	AUTO(sse_release)
	struct sse sse;
	AUTO(buf_release)
	struct buf heard;

	sse_init(&sse);
	buf_init(&heard);
	feed(&sse, cases[i].text, at, &heard);
	feed(&sse, cases[i].text + at, size - at, &heard);
	assert_string_equal(heard.data, cases[i].want);
}

static void
events_are_read_wherever_they_are_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		print_message("%s\n", cases[i].name);
		for (size_t at = 0; at <= strlen(cases[i].text); at++)
			read_in_two(i, at);
	}
}

static void
events_are_read_byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		AUTO(sse_release)
		struct sse sse;
		AUTO(buf_release)
		struct buf heard;

		sse_init(&sse);
		buf_init(&heard);
		for (const char *p = cases[i].text; *p; p++)
			feed(&sse, p, 1, &heard);
		assert_string_equal(heard.data, cases[i].want);
	}
}

/* What stands in front, again and again, and how that ends. */
static const struct {
	const char *name, *piece;
	size_t n;
	int want;
	size_t most_kept;
} floods[] = {
	{ "a line that does not end", "data: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    40000, -1, SSE_MAX_EVENT_BYTES },
	{ "an event that does not end", "data: aaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
	    50000, -1, SSE_MAX_EVENT_BYTES },
	{ "empty lines of one event", "data:\n", 1100000, -1,
	    SSE_MAX_EVENT_BYTES },
	{ "a comment that does not end",
	    ": aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 40000, 0, 0 },
	{ "comments without end", ":\n", 1000000, 0, 0 },
	{ "events without end", "data: a\n\n", 200000, 0, 1 },
};

static int
count(void *arg, const char *data, size_t size, struct err *err)
{
	(void)data;
	(void)err;
	*(size_t *)arg += size;
	return 0;
}

static void
a_flood_is_bounded(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(floods); i++) {
		AUTO(sse_release)
		struct sse sse;
		struct err err;
		size_t n_heard = 0;
		int rc = 0;

		print_message("%s\n", floods[i].name);
		sse_init(&sse);
		for (size_t n = 0; n < floods[i].n && rc == 0; n++)
			rc = sse_feed(&sse, floods[i].piece,
			    strlen(floods[i].piece), count, &n_heard, &err);
		assert_int_equal(rc, floods[i].want);
		if (rc < 0)
			assert_int_equal(err.code, ERR_INVALID);
		assert_true(
		    sse.line.size + sse.data.size <= 2 * floods[i].most_kept);
	}
}

static void
whoever_listens_ends_it(void **state)
{
	static const char text[] = "data: a\n\ndata: stop\n\ndata: b\n\n";
	AUTO(sse_release)
	struct sse sse;
	AUTO(buf_release)
	struct buf heard;
	struct err err;

	(void)state;
	sse_init(&sse);
	buf_init(&heard);
	assert_int_equal(
	    sse_feed(&sse, text, sizeof(text) - 1, note, &heard, &err), -1);
	assert_int_equal(err.code, ERR_BUSY);
	assert_string_equal(heard.data, "[a]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_read_wherever_they_are_split),
		cmocka_unit_test(events_are_read_byte_by_byte),
		cmocka_unit_test(a_flood_is_bounded),
		cmocka_unit_test(whoever_listens_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
