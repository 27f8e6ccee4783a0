/* Errors: what they carry, and what does not fit. */

#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcommon/err.h"
#include "libcommon/utf8.h"

static void
set_fills_code_and_text(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(err_set(&err, ERR_NOT_FOUND, "no task %d", 7), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.text, "no task 7");
}

static void
prefix_keeps_the_code(void **state)
{
	struct err err;

	(void)state;
	err_set(&err, ERR_BUSY, "full");
	assert_int_equal(err_prefix(&err, "import %s", "a.md"), -1);
	assert_int_equal(err.code, ERR_BUSY);
	assert_string_equal(err.text, "import a.md: full");
}

static void
text_may_be_its_own_argument(void **state)
{
	struct err err;

	(void)state;
	err_set(&err, ERR_BUSY, "full");
	err_set(&err, ERR_INVALID, "%s; %s", err.text, err.text);
	assert_string_equal(err.text, "full; full");
}

static void
long_text_is_cut_between_code_points(void **state)
{
	char euros[3 * 200 + 1];
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(euros); i++)
		euros[i] = "\xe2\x82\xac"[i % 3];
	euros[sizeof(euros) - 1] = '\0';
	err_set(&err, ERR_INVALID, "ab%s", euros);
	assert_int_equal(strlen(err.text), 2 + 3 * 84);
	assert_true(utf8_is_valid(err.text, strlen(err.text)));
	err_prefix(&err, "%s", euros);
	assert_true(strlen(err.text) < sizeof(err.text));
	assert_true(utf8_is_valid(err.text, strlen(err.text)));
}

static void
long_prefix_does_not_overflow(void **state)
{
	char text[1000];
	struct err err;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(&err, ERR_INVALID, "%s", text);
	err_prefix(&err, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	errno = ENOENT;
	err_errno(&err, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void
errno_is_named_behind_the_text(void **state)
{
	struct err err;

	(void)state;
	errno = ENOENT;
	assert_int_equal(err_errno(&err, "open %s", "x"), -1);
	assert_int_equal(err.code, ERR_INTERNAL);
	assert_string_equal(err.text, "open x: No such file or directory");
}

static void
every_code_has_a_name_that_leads_back(void **state)
{
	(void)state;
	for (int code = ERR_NONE + 1; code < ERR_COUNT; code++) {
		const char *name = err_code_name((enum err_code)code);

		assert_non_null(name);
		assert_int_equal(err_code_parse(name), code);
	}
}

static void
unknown_code_is_internal(void **state)
{
	(void)state;
	assert_int_equal(err_code_parse("teapot"), ERR_INTERNAL);
	assert_int_equal(err_code_parse(""), ERR_INTERNAL);
	assert_int_equal(err_code_parse("none"), ERR_INTERNAL);
}

static void
die_says_why_and_exits_with_the_status(void **state)
{
	char text[128] = "";
	int ends[2], status;
	ssize_t size;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDERR_FILENO);
		die(2, "no such row: %s", "x");
	}
	close(ends[1]);
	size = read(ends[0], text, sizeof(text) - 1);
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 2);
	assert_true(size > 0);
	assert_non_null(strstr(text, ": no such row: x\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_fills_code_and_text),
		cmocka_unit_test(prefix_keeps_the_code),
		cmocka_unit_test(text_may_be_its_own_argument),
		cmocka_unit_test(long_text_is_cut_between_code_points),
		cmocka_unit_test(long_prefix_does_not_overflow),
		cmocka_unit_test(errno_is_named_behind_the_text),
		cmocka_unit_test(every_code_has_a_name_that_leads_back),
		cmocka_unit_test(unknown_code_is_internal),
		cmocka_unit_test(die_says_why_and_exits_with_the_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
