/* Log lines, read back from the descriptor that they were written to. */

#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/clock.h"
#include "libcommon/log.h"

static int pipe_ends[2];
static int real_stderr;
static char seen[8192];

static int
begin(void **state)
{
	(void)state;
	real_stderr = dup(STDERR_FILENO);
	if (pipe2(pipe_ends, O_NONBLOCK) < 0)
		return -1;
	dup2(pipe_ends[1], STDERR_FILENO);
	log_init("tester", LOG_LEVEL_INFO);
	log_context_clear();
	return 0;
}

static int
end(void **state)
{
	(void)state;
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	return 0;
}

/* What was logged since the last call, without the first line's time. */
static const char *
logged(void)
{
	ssize_t size = read(pipe_ends[0], seen, sizeof(seen) - 1);

	seen[size > 0 ? size : 0] = '\0';
	return size > 25 ? seen + 25 : "";
}

static void
a_line_has_time_level_program_and_id(void **state)
{
	int64_t before = clock_unix_ms();
	char stamp[CLOCK_RFC3339_SIZE] = "";
	int64_t at;

	(void)state;
	log_info("task-created", "task=%d", 7);
	assert_string_equal(logged(), "info tester task-created task=7\n");
	assert_int_equal(seen[19], '.');
	assert_int_equal(seen[23], 'Z');
	memcpy(stamp, seen, 19);
	stamp[19] = 'Z';
	assert_int_equal(clock_parse_rfc3339(stamp, &at), 0);
	assert_true(at >= before - 1000 && at <= clock_unix_ms());
}

static void
levels_below_the_least_are_silent(void **state)
{
	(void)state;
	log_debug("x", "a=%d", 1);
	assert_string_equal(logged(), "");
	log_set_level(LOG_LEVEL_ERROR);
	log_info("x", "a=%d", 1);
	log_warn("x", "a=%d", 1);
	assert_string_equal(logged(), "");
	log_error("x", "a=%d", 1);
	assert_string_equal(logged(), "error tester x a=1\n");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("x", "a=%d", 2);
	assert_string_equal(logged(), "debug tester x a=2\n");
	log_warn("x", "a=%d", 3);
	assert_string_equal(logged(), "warn tester x a=3\n");
}

static void
level_names_lead_back(void **state)
{
	enum log_level level;

	(void)state;
	for (int i = 0; i < LOG_LEVEL_COUNT; i++) {
		const char *name = log_level_name((enum log_level)i);

		assert_int_equal(log_level_parse(name, &level), 0);
		assert_int_equal(level, i);
	}
	assert_int_equal(log_level_parse("loud", &level), -1);
	assert_int_equal(log_level_parse("", &level), -1);
}

static void
context_is_in_every_line_until_cleared(void **state)
{
	(void)state;
	log_context("M1", "C1");
	log_info("x", "a=%d", 1);
	assert_string_equal(logged(), "info tester x msg=M1 cause=C1 a=1\n");
	assert_string_equal(log_context_origin(), "C1");
	log_context("M2", "");
	log_info("x", "a=%d", 1);
	assert_string_equal(logged(), "info tester x msg=M2 a=1\n");
	assert_string_equal(log_context_origin(), "M2");
	log_context_clear();
	log_info("x", "a=%d", 1);
	assert_string_equal(logged(), "info tester x a=1\n");
}

static const struct {
	const char *in, *out;
} scrubs[] = {
	{ "plain \xe2\x82\xac", "plain \xe2\x82\xac" },
	{ "two\nlines", "two\\x0alines" },
	{ "\x1b[31mred", "\\x1b[31mred" },
	{ "bell\x07 del\x7f", "bell\\x07 del\\x7f" },
	{ "c1 \xc2\x9b"
	  "31m",
	    "c1 \\xc2\\x9b31m" },
	{ "\xff\xc3", "\\xff\\xc3" },
	{ "rtl \xe2\x80\xae"
	  "x",
	    "rtl \\xe2\\x80\\xaex" },
};

static void
no_value_forges_a_line_or_drives_a_terminal(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(scrubs); i++) {
		char want[256];

		log_info("x", "v=%s", scrubs[i].in);
		snprintf(
		    want, sizeof(want), "info tester x v=%s\n", scrubs[i].out);
		assert_string_equal(logged(), want);
	}
	log_context("a\nb", "");
	log_info("x", "a=%d", 1);
	assert_string_equal(logged(), "info tester x msg=a\\x0ab a=1\n");
}

static void
check_long(char fill, size_t size)
{
	char text[5000];
	size_t length;

	memset(text, fill, size);
	text[size] = '\0';
	log_info("x", "v=%s", text);
	(void)logged();
	length = strlen(seen);
	assert_true(length <= 2048);
	assert_true(length > 2000);
	assert_ptr_equal(strchr(seen, '\n'), seen + length - 1);
	assert_string_equal(seen + length - 7, " (cut)\n");
}

static void
long_lines_are_cut_and_say_so(void **state)
{
	(void)state;
	check_long('a', 4999);
	check_long('a', 2040);
	check_long('\x01', 4999);
	check_long('\x01', 600);
	check_long('\xff', 4999);
}

static void
errno_survives(void **state)
{
	(void)state;
	errno = ENOSPC;
	log_info("x", "a=%d", 1);
	assert_int_equal(errno, ENOSPC);
	(void)logged();
}

static const struct {
	const char *in, *out;
} quotes[] = {
	{ "", "\"\"" },
	{ "a b", "\"a b\"" },
	{ "say \"hi\"", "\"say \\\"hi\\\"\"" },
	{ "back\\slash", "\"back\\\\slash\"" },
	{ "a\nb\tc", "\"a\\nb\\x09c\"" },
	{ "\xff\xe2\x82\xac", "\"\\xff\xe2\x82\xac\"" },
};

static void
quotes_hide_what_confuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(quotes); i++)
		assert_string_equal(log_quote(quotes[i].in), quotes[i].out);
}

static void
quotes_are_cut_at_200_bytes(void **state)
{
	char text[301];
	const char *quoted;

	(void)state;
	memset(text, '\x01', 300);
	text[300] = '\0';
	quoted = log_quote(text);
	assert_int_equal(strlen(quoted), 200 * 4 + 2 + 3);
	assert_string_equal(quoted + 801, "\"...");
	memset(text, 'a', 300);
	text[200] = '\0';
	assert_int_equal(strlen(log_quote(text)), 202);
}

static void
eight_quotes_live_at_once(void **state)
{
	const char *kept[8];

	(void)state;
	for (int i = 0; i < 8; i++)
		kept[i] = log_quote((char[]){ (char)('a' + i), '\0' });
	for (int i = 0; i < 8; i++)
		assert_int_equal(kept[i][1], 'a' + i);
}

#define LOG_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOG_TEST(a_line_has_time_level_program_and_id),
		LOG_TEST(levels_below_the_least_are_silent),
		LOG_TEST(level_names_lead_back),
		LOG_TEST(context_is_in_every_line_until_cleared),
		LOG_TEST(no_value_forges_a_line_or_drives_a_terminal),
		LOG_TEST(long_lines_are_cut_and_say_so),
		LOG_TEST(errno_survives),
		LOG_TEST(quotes_hide_what_confuses),
		LOG_TEST(quotes_are_cut_at_200_bytes),
		LOG_TEST(eight_quotes_live_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
