/* Configuration rows against an environment of the test's own. */

#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/buf.h"
#include "libcommon/cfg.h"
#include "libcommon/err.h"

struct test_cfg {
	const char *text;
	const char *secret;
	const char *path;
	const char *list;
	int64_t seconds;
	bool flag;
	int colour;
};

static const char *const colours[] = { "red", "green", "blue", NULL };

static const struct cfg_item items[] = {
	CFG_STR("T_TEXT", struct test_cfg, text, "hello", "a text"),
	CFG_SECRET("T_SECRET", struct test_cfg, secret, "a secret"),
	CFG_PATH("T_PATH", struct test_cfg, path, "./data", "a path"),
	CFG_CSV("T_LIST", struct test_cfg, list, "a,b", "a list"),
	CFG_INT(
	    "T_SECONDS", struct test_cfg, seconds, "30", 0, 64, "s", "a time"),
	CFG_BOOL("T_FLAG", struct test_cfg, flag, "true", "a flag"),
	CFG_CHOICE(
	    "T_COLOUR", struct test_cfg, colour, "green", colours, "a colour"),
	CFG_RETIRED("T_OLD", "tasks are recovered by lease"),
};

static const struct cfg_table table = { items, N_OF(items) };

static int
begin(void **state)
{
	(void)state;
	return clearenv();
}

static void
must_load(struct test_cfg *cfg)
{
	struct err err;

	memset(cfg, 0, sizeof(*cfg));
	if (cfg_load(cfg, &table, &err) < 0)
		fail_msg("%s", err.text);
}

static void
must_refuse(const char *text)
{
	struct test_cfg cfg = { 0 };
	struct err err;

	assert_int_equal(cfg_load(&cfg, &table, &err), -1);
	assert_int_equal(err.code, ERR_INVALID);
	assert_string_equal(err.text, text);
	assert_null(cfg.text);
	assert_null(cfg.secret);
}

static void
nothing_set_gives_the_defaults(void **state)
{
	struct test_cfg cfg;
	char here[512], want[600];

	(void)state;
	must_load(&cfg);
	assert_string_equal(cfg.text, "hello");
	assert_string_equal(cfg.secret, "");
	assert_non_null(getcwd(here, sizeof(here)));
	snprintf(want, sizeof(want), "%s/data", here);
	assert_string_equal(cfg.path, want);
	assert_string_equal(cfg.list, "a,b");
	assert_int_equal(cfg.seconds, 30);
	assert_true(cfg.flag);
	assert_int_equal(cfg.colour, 1);
	cfg_release(&cfg, &table);
	cfg_release(&cfg, &table);
}

static void
values_are_trimmed_and_empty_means_default(void **state)
{
	struct test_cfg cfg;

	(void)state;
	setenv("T_TEXT", " \t two words \n", 1);
	setenv("T_SECONDS", "  ", 1);
	setenv("T_FLAG", "", 1);
	setenv("T_LIST", " x , ,y z,, ", 1);
	setenv("T_COLOUR", " Blue ", 1);
	must_load(&cfg);
	assert_string_equal(cfg.text, "two words");
	assert_int_equal(cfg.seconds, 30);
	assert_true(cfg.flag);
	assert_string_equal(cfg.list, "x,y z");
	assert_int_equal(cfg.colour, 2);
	cfg_release(&cfg, &table);
}

static const struct {
	const char *name, *value, *error;
} wrong[] = {
	{ "T_SECONDS", "65",
	    "T_SECONDS is \"65\"; allowed: whole number, 0 to 64 s" },
	{ "T_SECONDS", "-1",
	    "T_SECONDS is \"-1\"; allowed: whole number, 0 to 64 s" },
	{ "T_SECONDS", "1.5",
	    "T_SECONDS is \"1.5\"; allowed: whole number, 0 to 64 s" },
	{ "T_SECONDS", "1s",
	    "T_SECONDS is \"1s\"; allowed: whole number, 0 to 64 s" },
	{ "T_SECONDS", "+1",
	    "T_SECONDS is \"+1\"; allowed: whole number, 0 to 64 s" },
	{ "T_SECONDS", "0x10",
	    "T_SECONDS is \"0x10\"; allowed: whole number, 0 to 64 s" },
	{ "T_SECONDS", "-",
	    "T_SECONDS is \"-\"; allowed: whole number, 0 to 64 s" },
	{ "T_SECONDS", "99999999999999999999",
	    "T_SECONDS is \"99999999999999999999\"; allowed: whole number, 0 "
	    "to 64 s" },
	{ "T_FLAG", "maybe", "T_FLAG is \"maybe\"; allowed: true or false" },
	{ "T_COLOUR", "pink",
	    "T_COLOUR is \"pink\"; allowed: one of red, green, blue" },
	{ "T_TEXT", "a\nb",
	    "T_TEXT is \"a\\nb\"; allowed: one line of UTF-8 text" },
	{ "T_TEXT", "a\x1b",
	    "T_TEXT is \"a\\x1b\"; allowed: one line of UTF-8 text" },
	{ "T_TEXT", "a\xff",
	    "T_TEXT is \"a\\xff\"; allowed: one line of UTF-8 text" },
	{ "T_PATH", "a\xff",
	    "T_PATH is \"a\\xff\"; allowed: one line of UTF-8 text" },
	{ "T_LIST", "a,\xff",
	    "T_LIST is \"a,\\xff\"; allowed: one line of UTF-8 text" },
	{ "T_SECONDS", "\xff",
	    "T_SECONDS is \"\\xff\"; allowed: whole number, 0 to 64 s" },
	{ "T_SECRET", "hush\nhush", "T_SECRET is not one line of UTF-8 text" },
};

static void
a_bad_value_names_variable_value_and_range(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(wrong); i++) {
		clearenv();
		setenv(wrong[i].name, wrong[i].value, 1);
		must_refuse(wrong[i].error);
	}
}

static void
several_bad_values_are_named_together(void **state)
{
	(void)state;
	setenv("T_SECONDS", "x", 1);
	setenv("T_FLAG", "y", 1);
	must_refuse("T_SECONDS is \"x\"; allowed: whole number, 0 to 64 s; "
		    "T_FLAG is \"y\"; allowed: true or false");
}

static void
bounds_are_allowed(void **state)
{
	struct test_cfg cfg;

	(void)state;
	setenv("T_SECONDS", "0", 1);
	must_load(&cfg);
	assert_int_equal(cfg.seconds, 0);
	cfg_release(&cfg, &table);
	setenv("T_SECONDS", "064", 1);
	must_load(&cfg);
	assert_int_equal(cfg.seconds, 64);
	cfg_release(&cfg, &table);
}

static void
booleans_have_eight_words(void **state)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = { { "1", true }, { "TRUE", true }, { "yes", true },
		{ "On", true }, { "0", false }, { "false", false },
		{ "No", false }, { "off", false } };
	struct test_cfg cfg;

	(void)state;
	for (size_t i = 0; i < N_OF(words); i++) {
		setenv("T_FLAG", words[i].word, 1);
		must_load(&cfg);
		assert_int_equal(cfg.flag, words[i].value);
		cfg_release(&cfg, &table);
	}
}

static void
paths_become_absolute(void **state)
{
	static const struct {
		const char *value, *want;
	} paths[] = { { "/srv/x", "/srv/x" }, { "x/y", "/tmp/x/y" },
		{ "./x", "/tmp/x" }, { ".//./x", "/tmp/x" }, { ".", "/tmp" },
		{ "./", "/tmp" }, { "../x", "/tmp/../x" } };
	struct test_cfg cfg;

	(void)state;
	assert_int_equal(chdir("/tmp"), 0);
	for (size_t i = 0; i < N_OF(paths); i++) {
		setenv("T_PATH", paths[i].value, 1);
		must_load(&cfg);
		assert_string_equal(cfg.path, paths[i].want);
		cfg_release(&cfg, &table);
	}
	assert_int_equal(chdir("/"), 0);
	setenv("T_PATH", "./x", 1);
	must_load(&cfg);
	assert_string_equal(cfg.path, "/x");
	cfg_release(&cfg, &table);
	setenv("T_PATH", ".", 1);
	must_load(&cfg);
	assert_string_equal(cfg.path, "/");
	cfg_release(&cfg, &table);
}

static void
a_secret_vanishes_from_the_environment_block(void **state)
{
	static char block[] = "T_SECRET=hush-hush";
	static char again[] = "T_SECRET=hush-again";
	static char *entries[] = { block, again, NULL };
	char **old = environ;
	struct test_cfg cfg;

	(void)state;
	environ = entries;
	must_load(&cfg);
	environ = old;
	assert_string_equal(cfg.secret, "hush-hush");
	assert_memory_equal(block, "T_SECRET=\0\0\0\0\0\0\0\0\0", 18);
	assert_memory_equal(again, "T_SECRET=\0\0\0\0\0\0\0\0\0\0", 19);
	cfg_release(&cfg, &table);
}

static void
write_file(const char *path, const char *text, size_t size)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static char secret_path[32];

static int
make_secret_file(void **state)
{
	int fd;

	(void)state;
	snprintf(secret_path, sizeof(secret_path), "/tmp/test-cfg-XXXXXX");
	fd = mkstemp(secret_path);
	if (fd < 0 || close(fd) < 0 || clearenv() != 0)
		return -1;
	return setenv("T_SECRET_FILE", secret_path, 1);
}

static int
remove_secret_file(void **state)
{
	(void)state;
	return unlink(secret_path);
}

static const struct {
	const char *content, *secret;
} files[] = {
	{ "hush", "hush" },
	{ "hush\n", "hush" },
	{ "hush\r\n", "hush" },
	{ " hush ", " hush " },
};

static void
a_secret_may_lie_in_a_file(void **state)
{
	struct test_cfg cfg;

	(void)state;
	for (size_t i = 0; i < N_OF(files); i++) {
		write_file(
		    secret_path, files[i].content, strlen(files[i].content));
		must_load(&cfg);
		assert_string_equal(cfg.secret, files[i].secret);
		cfg_release(&cfg, &table);
	}
}

static void
secret_files_are_refused_without_showing_them(void **state)
{
	char big[16 * 1024 + 1];
	char want[256];

	(void)state;
	memset(big, 'x', sizeof(big));
	write_file(secret_path, big, sizeof(big));
	snprintf(want, sizeof(want),
	    "T_SECRET_FILE: %s is larger than 16384 bytes", secret_path);
	must_refuse(want);
	write_file(secret_path, "a\0b", 3);
	snprintf(want, sizeof(want),
	    "T_SECRET_FILE: %s holds a NUL byte; allowed: one line of UTF-8 "
	    "text",
	    secret_path);
	must_refuse(want);
	write_file(secret_path, "hush\nhush\n", 10);
	must_refuse("T_SECRET is not one line of UTF-8 text");
	setenv("T_SECRET_FILE", "/nonexistent/x", 1);
	must_refuse("T_SECRET_FILE: cannot open /nonexistent/x: "
		    "No such file or directory");
}

/* Who names a file wants a secret, and would not look for its absence. */
static void
an_empty_secret_file_is_refused(void **state)
{
	static const char *const empty[] = { "", "\n", "\r\n", " \t\n",
		"\n\n" };
	char want[256];

	(void)state;
	snprintf(want, sizeof(want),
	    "T_SECRET_FILE: %s is empty: put the secret into it, or unset "
	    "T_SECRET_FILE",
	    secret_path);
	for (size_t i = 0; i < N_OF(empty); i++) {
		write_file(secret_path, empty[i], strlen(empty[i]));
		must_refuse(want);
	}
}

static void
a_secret_is_not_waited_for(void **state)
{
	char want[256];

	(void)state;
	assert_int_equal(unlink(secret_path), 0);
	assert_int_equal(mkfifo(secret_path, 0600), 0);
	snprintf(want, sizeof(want), "T_SECRET_FILE: %s is not a regular file",
	    secret_path);
	alarm(20);
	must_refuse(want);
	alarm(0);
}

static void
a_secret_given_twice_is_refused_and_wiped(void **state)
{
	(void)state;
	setenv("T_SECRET", "hush", 1);
	must_refuse("T_SECRET and T_SECRET_FILE are both set; allowed: one of "
		    "them");
	assert_string_equal(getenv("T_SECRET"), "");
}

static void
printing_shows_values_but_no_secret(void **state)
{
	struct test_cfg cfg;
	struct buf out;

	(void)state;
	setenv("T_SECRET", "hush", 1);
	setenv("T_PATH", "/d", 1);
	setenv("T_OLD", "5", 1);
	must_load(&cfg);
	buf_init(&out);
	cfg_print(&cfg, &table, &out);
	assert_string_equal(out.data,
	    "T_TEXT=hello\nT_SECRET=(set)\nT_PATH=/d\nT_LIST=a,b\n"
	    "T_SECONDS=30\nT_FLAG=true\nT_COLOUR=green\n");
	cfg_release(&cfg, &table);
	must_load(&cfg);
	buf_reset(&out);
	cfg_print_value(&cfg, &items[1], &out);
	assert_string_equal(out.data, "");
	cfg_release(&cfg, &table);
	buf_release(&out);
}

static void
rows_have_nine_columns(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out);
	cfg_print_rows(&table, &out);
	assert_string_equal(out.data,
	    "T_TEXT\tstr\thello\t\t\t\t\t\ta text\n"
	    "T_SECRET\tsecret\t\t\t\t\t\t\ta secret\n"
	    "T_PATH\tpath\t./data\t\t\t\t\t\ta path\n"
	    "T_LIST\tcsv\ta,b\t\t\t\t\t\ta list\n"
	    "T_SECONDS\tint\t30\t0\t64\ts\t\t\ta time\n"
	    "T_FLAG\tbool\ttrue\t\t\t\t\t\ta flag\n"
	    "T_COLOUR\tchoice\tgreen\t\t\t\tred,green,blue\t\ta colour\n"
	    "T_OLD\tretired\t\t\t\t\t\t\ttasks are recovered by lease\n");
	buf_release(&out);
}

static void
what_is_allowed_is_said_for_every_type(void **state)
{
	static const char *const want[] = { "text", "text", "path",
		"list separated by commas", "whole number, 0 to 64 s",
		"true or false", "one of red, green, blue",
		"anything: it is ignored" };
	struct buf out;

	(void)state;
	buf_init(&out);
	for (size_t i = 0; i < N_OF(items); i++) {
		buf_reset(&out);
		cfg_print_allowed(&items[i], &out);
		assert_string_equal(out.data, want[i]);
	}
	buf_release(&out);
}

/* Warns with stderr in a pipe and returns what was written. */
static const char *
stderr_of_warning(void)
{
	static char text[1024];
	int saved = dup(STDERR_FILENO);
	int ends[2];
	ssize_t size;

	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	dup2(ends[1], STDERR_FILENO);
	cfg_warn_retired(&table);
	dup2(saved, STDERR_FILENO);
	size = read(ends[0], text, sizeof(text) - 1);
	text[size > 0 ? size : 0] = '\0';
	close(saved);
	close(ends[0]);
	close(ends[1]);
	return text;
}

static void
a_retired_variable_is_answered_with_one_line(void **state)
{
	const char *text;

	(void)state;
	assert_string_equal(stderr_of_warning(), "");
	setenv("T_OLD", "5", 1);
	text = stderr_of_warning();
	assert_non_null(strstr(text, "retired-setting name=T_OLD "
				     "why=\"tasks are recovered by lease\"\n"));
}

#define CFG_TEST(f) cmocka_unit_test_setup(f, begin)
#define FILE_TEST(f)                                                           \
	cmocka_unit_test_setup_teardown(f, make_secret_file, remove_secret_file)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CFG_TEST(nothing_set_gives_the_defaults),
		CFG_TEST(values_are_trimmed_and_empty_means_default),
		CFG_TEST(a_bad_value_names_variable_value_and_range),
		CFG_TEST(several_bad_values_are_named_together),
		CFG_TEST(bounds_are_allowed),
		CFG_TEST(booleans_have_eight_words),
		CFG_TEST(paths_become_absolute),
		CFG_TEST(a_secret_vanishes_from_the_environment_block),
		FILE_TEST(a_secret_may_lie_in_a_file),
		FILE_TEST(secret_files_are_refused_without_showing_them),
		FILE_TEST(an_empty_secret_file_is_refused),
		FILE_TEST(a_secret_is_not_waited_for),
		FILE_TEST(a_secret_given_twice_is_refused_and_wiped),
		CFG_TEST(printing_shows_values_but_no_secret),
		CFG_TEST(rows_have_nine_columns),
		CFG_TEST(what_is_allowed_is_said_for_every_type),
		CFG_TEST(a_retired_variable_is_answered_with_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
