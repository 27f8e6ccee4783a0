/* Times as text and back. */

#include "tests/unit/unit.h"

#include "libcommon/clock.h"
#include "libcommon/defs.h"

static const struct {
	const char *name;
	int64_t unix_ms;
	const char *text;
} times[] = {
	{ "epoch", 0, "1970-01-01T00:00:00Z" },
	{ "milliseconds_are_dropped", 999, "1970-01-01T00:00:00Z" },
	{ "before_the_epoch", -1, "1969-12-31T23:59:59Z" },
	{ "second_before_the_epoch", -1000, "1969-12-31T23:59:59Z" },
	{ "leap_day", 1709164800000, "2024-02-29T00:00:00Z" },
	{ "beyond_2038", 4102444799000, "2099-12-31T23:59:59Z" },
	{ "last_that_fits", 253402300799000, "9999-12-31T23:59:59Z" },
	{ "later_is_the_last", INT64_MAX, "9999-12-31T23:59:59Z" },
	{ "earlier_is_the_first", INT64_MIN, "0000-01-01T00:00:00Z" },
};

static void
times_are_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(times); i++) {
		char text[CLOCK_RFC3339_SIZE];

		clock_rfc3339(text, times[i].unix_ms);
		assert_string_equal(text, times[i].text);
	}
}

static void
what_was_written_reads_back(void **state)
{
	(void)state;
	for (int64_t ms = -62167219200000; ms <= 253402300799000;
	     ms += 86399000LL * 97) {
		char text[CLOCK_RFC3339_SIZE];
		int64_t again;

		clock_rfc3339(text, ms);
		assert_int_equal(clock_parse_rfc3339(text, &again), 0);
		assert_true(again == ms);
	}
}

static const char *const wrong[] = {
	"",
	"2024",
	"2024-01-01T00:00:00",
	"2024-01-01T00:00:00z",
	"2024-01-01T00:00:00Z ",
	" 2024-01-01T00:00:0Z",
	"2024-01-01 00:00:00Z",
	"2024-01-01T00:00:00+00:00",
	"2024-01-01T00:00:00.000Z",
	"2024-13-01T00:00:00Z",
	"2024-00-01T00:00:00Z",
	"2024-02-30T00:00:00Z",
	"2023-02-29T00:00:00Z",
	"2024-01-00T00:00:00Z",
	"2024-01-01T24:00:00Z",
	"2024-01-01T00:60:00Z",
	"2024-01-01T00:00:60Z",
	"-024-01-01T00:00:00Z",
	"2024-0x-01T00:00:00Z",
};

static void
other_forms_are_refused(void **state)
{
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < N_OF(wrong); i++)
		if (clock_parse_rfc3339(wrong[i], &ms) == 0)
			fail_msg("accepted: %s", wrong[i]);
}

static void
clocks_run(void **state)
{
	int64_t before = clock_mono_ns();

	(void)state;
	/* 2026, and 2100: a clock beyond is not ours to judge. */
	assert_true(clock_unix_ms() > 1767225600000);
	assert_true(clock_unix_ms() < 4102444800000);
	assert_true(clock_mono_ns() >= before);
	assert_true(clock_mono_ms() >= before / 1000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_written),
		cmocka_unit_test(what_was_written_reads_back),
		cmocka_unit_test(other_forms_are_refused),
		cmocka_unit_test(clocks_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
