/* Messages that grow: when they change, and never behind the last word. */

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/defs.h"
#include "libcommon/edits.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/markup.h"

enum { EVERY_MS = 30 };

static struct edits *edits;

/* What the platform was asked to show. */
static struct {
	struct edit *edits[64];
	char texts[64][64];
	size_t n;
	int n_ended;
} platform;

static void
open_mark(struct buf *out, const struct mark *mark, unsigned within)
{
	(void)out;
	(void)mark;
	(void)within;
}

static void
add_text(struct buf *out, const char *text, size_t size, unsigned within)
{
	(void)within;
	buf_add(out, text, size);
}

static const struct split_renderer renderer = { open_mark, open_mark,
	add_text };

static int64_t
every_ms(const char *chat_id)
{
	assert_string_equal(chat_id, "7");
	return EVERY_MS;
}

static bool
show(void *arg, struct edit *edit)
{
	(void)arg;
	platform.edits[platform.n] = edit;
	snprintf(platform.texts[platform.n], sizeof(platform.texts[0]), "%s",
	    edit->written);
	platform.n++;
	return true;
}

static void
on_end(void *arg)
{
	assert_ptr_equal(arg, &platform);
	platform.n_ended++;
}

static int
setup(void **state)
{
	static const struct edits_platform options = {
		.split = { .limit = 40,
		    .unit = UTF8_CODE_POINTS,
		    .renderer = &renderer },
		.every_ms = every_ms,
		.show = show,
	};

	(void)state;
	memset(&platform, 0, sizeof(platform));
	edits = edits_new(&options, NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	edits_free(&edits);
	return 0;
}

static void
tell(const char *id, const char *text)
{
	AUTO(json_free)
	struct json *json = NULL;
	struct envelope news = { .type = "turn.progress" };
	char body[512];
	struct err err;

	snprintf(body, sizeof(body),
	    "{\"chat_id\":\"7\",\"state\":\"working\",\"text\":\"%s\","
	    "\"edit_id\":\"%s\"}",
	    text, id);
	if (json_parse(&json, body, strlen(body), &err) < 0)
		fail_msg("%s", err.text);
	news.body = json;
	edits_take(edits, &news);
}

static void
wait_ms(int64_t ms)
{
	int64_t until_ms = clock_mono_ms() + ms;

	while (clock_mono_ms() < until_ms)
		;
}

static void
it_changes_once_in_a_while(void **state)
{
	(void)state;
	tell("1", "one");
	assert_int_equal(platform.n, 1);
	assert_string_equal(platform.texts[0], "one");
	edits_shown(platform.edits[0], 0);
	tell("1", "one two");
	assert_int_equal(platform.n, 1);
	wait_ms(EVERY_MS + 1);
	tell("1", "one two three");
	assert_int_equal(platform.n, 2);
	assert_string_equal(platform.texts[1], "one two three");
}

static void
one_that_is_under_way_is_waited_for(void **state)
{
	(void)state;
	tell("1", "one");
	wait_ms(EVERY_MS + 1);
	tell("1", "one two");
	assert_int_equal(platform.n, 1);
	tell("2", "other");
	assert_int_equal(platform.n, 2);
	/* Answers have the other connections. */
	tell("3", "third");
	assert_int_equal(platform.n, 2);
}

static void
only_its_first_message_grows(void **state)
{
	(void)state;
	tell("1", "This is one paragraph of it.\\n\\nAnd this is another one.");
	assert_string_equal(platform.texts[0], "This is one paragraph of it.");
}

static void
what_it_says_already_is_not_said_again(void **state)
{
	(void)state;
	tell("1", "This is one paragraph of it.\\n\\nAnd this is another one.");
	edits_shown(platform.edits[0], 0);
	wait_ms(EVERY_MS + 1);
	tell("1", "This is one paragraph of it.\\n\\nAnd this is a third one.");
	assert_int_equal(platform.n, 1);
}

static const struct {
	const char *name, *id, *text;
} nothing[] = {
	{ "no message", "", "text" },
	{ "no text", "1", "" },
	{ "nothing to see", "1", "  \\n " },
};

static void
nothing_is_shown_for_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(nothing); i++) {
		print_message("%s\n", nothing[i].name);
		tell(nothing[i].id, nothing[i].text);
		assert_int_equal(platform.n, 0);
	}
}

static void
a_pause_is_kept(void **state)
{
	(void)state;
	tell("1", "one");
	edits_shown(platform.edits[0], 60 * 1000);
	wait_ms(EVERY_MS + 1);
	tell("1", "one two");
	assert_int_equal(platform.n, 1);
	tell("2", "other");
	assert_int_equal(platform.n, 2);
}

static void
what_cannot_be_shown_is_given_up(void **state)
{
	(void)state;
	tell("1", "one");
	edits_shown(platform.edits[0], -1);
	wait_ms(EVERY_MS + 1);
	tell("1", "one two");
	assert_int_equal(platform.n, 1);
}

static void
the_last_word_waits_for_what_is_under_way(void **state)
{
	(void)state;
	edits_end(edits, "9", on_end, &platform);
	assert_int_equal(platform.n_ended, 1);
	tell("1", "one");
	edits_end(edits, "1", on_end, &platform);
	assert_int_equal(platform.n_ended, 1);
	edits_shown(platform.edits[0], 0);
	assert_int_equal(platform.n_ended, 2);
}

static void
nothing_comes_behind_the_last_word(void **state)
{
	(void)state;
	edits_end(edits, "1", on_end, &platform);
	tell("1", "late");
	assert_int_equal(platform.n, 0);
	tell("2", "other");
	edits_end(edits, "2", on_end, &platform);
	edits_shown(platform.edits[0], 500);
	wait_ms(EVERY_MS + 1);
	tell("2", "late");
	assert_int_equal(platform.n, 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_changes_once_in_a_while),
		TEST(one_that_is_under_way_is_waited_for),
		TEST(only_its_first_message_grows),
		TEST(what_it_says_already_is_not_said_again),
		TEST(nothing_is_shown_for_nothing),
		TEST(a_pause_is_kept),
		TEST(what_cannot_be_shown_is_given_up),
		TEST(the_last_word_waits_for_what_is_under_way),
		TEST(nothing_comes_behind_the_last_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
