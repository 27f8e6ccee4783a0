/* The log is read in order, whatever becomes of its files meanwhile. */

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "services/agent-runtime/logfile.h"
#include "services/agent-runtime/logtail.h"

static char dir[64];

static const char *
path(int number)
{
	static char text[2][128];
	static int turn;
	char *out = text[turn = !turn];

	snprintf(out, sizeof(text[0]),
	    number == 0 ? "%s/agent-runtime.log" : "%s/agent-runtime.log.%d",
	    dir, number);
	return out;
}

static void
add(const char *text)
{
	FILE *f = fopen(path(0), "a");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
turn_over(const char *text)
{
	for (int i = LOGFILE_KEPT - 2; i >= 0; i--)
		(void)rename(path(i), path(i + 1));
	add(text);
}

static void
empty(const char *text)
{
	assert_int_equal(truncate(path(0), 0), 0);
	add(text);
}

static void
take_away(const char *text)
{
	unlink(path(0));
	add(text);
}

static void
turn_over_twice(const char *text)
{
	turn_over("between\n");
	turn_over(text);
}

static void
turn_over_unfinished(const char *text)
{
	add("cut o");
	turn_over(text);
}

static int
make_dir(void **state)
{
	(void)state;
	unit_folder(dir, sizeof(dir), "test-logtail");
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	for (int i = 0; i < LOGFILE_KEPT; i++) {
		unlink(path(i));
		rmdir(path(i));
	}
	return rmdir(dir);
}

static void
collect(void *arg, const char *line)
{
	buf_addf(arg, "%s ", line);
}

static const struct {
	const char *name;
	void (*change)(const char *text);
	const char *all;
} cases[] = {
	{ "lines are added", add, "old kept now then " },
	{ "the file turns over", turn_over, "old kept now then " },
	{ "the file turns over twice", turn_over_twice,
	    "old kept now between then " },
	{ "a file ends in the middle of a line", turn_over_unfinished,
	    "old kept now cut o then " },
	{ "the file is emptied", empty, "old kept now then " },
	{ "the file is deleted", take_away, "old kept now then " },
};

static void
check(size_t i, bool is_read_between)
{
	AUTO(buf_release)
	struct buf got;
	struct logtail *tail;
	struct err err;

	buf_init(&got);
	add("old\n");
	turn_over("kept\nnow\n");
	assert_int_equal(logtail_open(&tail, path(0), &err), 0);
	if (is_read_between)
		assert_int_equal(
		    logtail_read(tail, false, collect, &got, &err), 0);
	cases[i].change("then\n");
	assert_int_equal(logtail_read(tail, false, collect, &got, &err), 0);
	assert_int_equal(logtail_read(tail, true, collect, &got, &err), 0);
	assert_string_equal(got.data, cases[i].all);
	logtail_close(&tail);
	for (int n = 0; n < LOGFILE_KEPT; n++)
		unlink(path(n));
}

static void
a_follower_misses_and_doubles_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].name);
		check(i, true);
	}
}

/* "now" is not there any more when the file is emptied, so not that row. */
static void
what_turns_over_before_it_is_read_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (cases[i].change == empty)
			continue;
		print_message("%s\n", cases[i].name);
		check(i, false);
	}
}

static void
a_line_without_its_end_waits(void **state)
{
	AUTO(buf_release)
	struct buf got;
	struct logtail *tail;
	struct err err;

	(void)state;
	buf_init(&got);
	add("half");
	assert_int_equal(logtail_open(&tail, path(0), &err), 0);
	assert_int_equal(logtail_read(tail, false, collect, &got, &err), 0);
	assert_int_equal(got.size, 0);
	add(" whole\nrest");
	assert_int_equal(logtail_read(tail, false, collect, &got, &err), 0);
	assert_string_equal(got.data, "half whole ");
	assert_int_equal(logtail_read(tail, true, collect, &got, &err), 0);
	assert_string_equal(got.data, "half whole rest ");
	logtail_close(&tail);
}

static void
no_file_is_awaited_and_a_folder_is_none(void **state)
{
	AUTO(buf_release)
	struct buf got;
	struct logtail *tail;
	struct err err;

	(void)state;
	buf_init(&got);
	assert_int_equal(logtail_open(&tail, path(0), &err), 0);
	assert_int_equal(logtail_read(tail, false, collect, &got, &err), 1);
	add("here\n");
	assert_int_equal(logtail_read(tail, false, collect, &got, &err), 0);
	assert_string_equal(got.data, "here ");
	logtail_close(&tail);
	unlink(path(0));
	assert_int_equal(mkdir(path(0), 0700), 0);
	assert_int_equal(logtail_open(&tail, path(0), &err), 0);
	assert_int_equal(logtail_read(tail, true, collect, &got, &err), -1);
	assert_non_null(strstr(err.text, "directory"));
	logtail_close(&tail);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_follower_misses_and_doubles_nothing, make_dir,
		    remove_dir),
		cmocka_unit_test_setup_teardown(
		    what_turns_over_before_it_is_read_is_read, make_dir,
		    remove_dir),
		cmocka_unit_test_setup_teardown(
		    a_line_without_its_end_waits, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
		    no_file_is_awaited_and_a_folder_is_none, make_dir,
		    remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
