/* Due windows as people write them. */

#include "services/task-engine/conversation/due_window.h"

#include <string.h>

#include "libcommon/err.h"
#include "tests/unit/unit.h"

enum { HOUR = 3600, DAY = 24 * HOUR };

static const struct {
	const char *text;
	int64_t seconds; /* 0: refused */
} cases[] = {
	{ "2d", 2 * DAY },
	{ "2h", 2 * HOUR },
	{ "90m", 90 * 60 },
	{ "1h30m", 90 * 60 },
	{ "1.5h", 90 * 60 },
	{ "2D", 2 * DAY },
	{ "1d12h", DAY + 12 * HOUR },
	{ "0.5d", DAY / 2 },
	{ "1h0.5m", HOUR + 30 },
	{ "30s", 30 },
	{ "1s", 1 },
	{ "366d", 366 * DAY },
	{ "31622400s", 366 * DAY },
	{ "0h1s", 1 },
	/* and what is none */
	{ "", 0 },
	{ "2", 0 },
	{ "h", 0 },
	{ "2x", 0 },
	{ "0h", 0 },
	{ "0.0001s", 0 },
	{ "-2h", 0 },
	{ "+2h", 0 },
	{ "367d", 0 },
	{ "366d1s", 0 },
	{ "8784h1s", 0 },
	{ "99999999999999999999d",
	    0 }, /* overflowed the predecessor's (G-25) */
	{ "9223372036854775808s", 0 },
	{ "9999999999d", 0 },
	{ "1e3h", 0 },
	{ "1.h", 0 },
	{ ".5h", 0 },
	{ "1.5.5h", 0 },
	{ "1.5h30m", 0 }, /* a fraction only in the last part */
	{ "30m1h", 0 },	  /* the largest first */
	{ "1h1h", 0 },
	{ "2h ", 0 },
	{ "2 h", 0 },
	{ "\xd9\xa2h", 0 }, /* an Arabic two */
	{ "tomorrow", 0 },
};

static void
windows_are_what_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct err err;
		int64_t seconds = 0;
		int got = due_window_parse(cases[i].text, &seconds, &err);

		if (got != (cases[i].seconds ? 0 : -1) ||
		    (got == 0 && seconds != cases[i].seconds))
			fail_msg("\"%s\": %d, %lld", cases[i].text, got,
			    (long long)seconds);
	}
}

static void
an_error_says_what_and_how(void **state)
{
	struct err err;
	int64_t seconds;

	(void)state;
	assert_int_equal(due_window_parse("2 weeks", &seconds, &err), -1);
	assert_int_equal(err.code, ERR_INVALID);
	assert_non_null(strstr(err.text, "`2 weeks`"));
	assert_non_null(strstr(err.text, "1h30m"));
	assert_int_equal(due_window_parse("400d", &seconds, &err), -1);
	assert_non_null(strstr(err.text, "366 days"));
}

static void
what_begins_with_a_digit_is_meant_as_one(void **state)
{
	(void)state;
	assert_true(due_window_is_meant("2weeks"));
	assert_false(due_window_is_meant("run"));
	assert_false(due_window_is_meant(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_are_what_the_table_says),
		cmocka_unit_test(an_error_says_what_and_how),
		cmocka_unit_test(what_begins_with_a_digit_is_meant_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
