/* The log file turns over at its size, and five files are kept. */

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/agent-runtime/logfile.h"

enum { LINE_BYTES = 1024 * 1024 };

static char dir[] = "/tmp/test-logfile-XXXXXX";

static int
make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test-logfile-XXXXXX");
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static const char *
path(int number)
{
	static char text[128];

	snprintf(text, sizeof(text),
	    number == 0 ? "%s/agent-runtime.log" : "%s/agent-runtime.log.%d",
	    dir, number);
	return text;
}

static int
remove_dir(void **state)
{
	(void)state;
	for (int i = 0; i <= LOGFILE_KEPT; i++)
		unlink(path(i));
	return rmdir(dir);
}

static void
write_lines(char first, int n)
{
	struct logfile *l;
	struct err err;
	char *line = xcalloc(1, LINE_BYTES + 1);

	assert_int_equal(logfile_open(&l, dir, &err), 0);
	memset(line, first, LINE_BYTES);
	for (int i = 0; i < n; i++)
		logfile_write(l, line);
	logfile_close(&l);
	free(line);
}

static char
first_of(int number)
{
	FILE *f = fopen(path(number), "r");
	int c;

	if (f == NULL)
		return '-';
	c = fgetc(f);
	fclose(f);
	return (char)c;
}

static void
files_turn_over_and_five_are_kept(void **state)
{
	static const char letters[] = "abcdefg";
	struct stat st;

	(void)state;
	for (size_t i = 0; letters[i] != '\0'; i++)
		write_lines(letters[i], 10);
	for (int i = 0; i < LOGFILE_KEPT; i++)
		assert_int_equal(first_of(i), letters[6 - i]);
	assert_int_equal(first_of(LOGFILE_KEPT), '-');
	assert_int_equal(stat(path(0), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 10 * (LINE_BYTES + 1));
}

static void
what_is_there_is_continued(void **state)
{
	struct stat st;

	(void)state;
	write_lines('a', 1);
	write_lines('b', 1);
	assert_int_equal(stat(path(0), &st), 0);
	assert_int_equal(st.st_size, 2 * (LINE_BYTES + 1));
}

static int
move_away(const char *from)
{
	char to[128];

	snprintf(to, sizeof(to), "%s/agent-runtime.log.1", dir);
	return rename(from, to);
}

static int
empty(const char *name)
{
	return truncate(name, 0);
}

static void
a_file_that_is_taken_away_is_begun_anew(void **state)
{
	static const struct {
		const char *name;
		int (*take_away)(const char *path);
	} cases[] = {
		{ "deleted", unlink },
		{ "moved away", move_away },
		{ "emptied", empty },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct logfile *l;
		struct stat st;
		struct err err;

		print_message("%s\n", cases[i].name);
		assert_int_equal(logfile_open(&l, dir, &err), 0);
		logfile_write(l, "before");
		assert_int_equal(cases[i].take_away(path(0)), 0);
		logfile_write(l, "after");
		logfile_close(&l);
		assert_int_equal(stat(path(0), &st), 0);
		assert_int_equal(st.st_size, strlen("after\n"));
		assert_int_equal(st.st_mode & 0777, 0600);
		unlink(path(0));
	}
}

static void
what_cannot_be_written_is_counted_later(void **state)
{
	struct rlimit limit, tight;
	struct logfile *l;
	struct err err;
	char text[256] = "";
	FILE *f;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(logfile_open(&l, dir, &err), 0);
	getrlimit(RLIMIT_FSIZE, &limit);
	tight = limit;
	tight.rlim_cur = 0;
	setrlimit(RLIMIT_FSIZE, &tight);
	logfile_write(l, "lost");
	logfile_write(l, "lost");
	setrlimit(RLIMIT_FSIZE, &limit);
	logfile_write(l, "kept");
	logfile_close(&l);
	f = fopen(path(0), "r");
	assert_non_null(f);
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	assert_string_equal(
	    text, "(2 lines could not be written here)\nkept\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    files_turn_over_and_five_are_kept, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
		    what_is_there_is_continued, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
		    a_file_that_is_taken_away_is_begun_anew, make_dir,
		    remove_dir),
		cmocka_unit_test_setup_teardown(
		    what_cannot_be_written_is_counted_later, make_dir,
		    remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
