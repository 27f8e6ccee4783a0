/* When a daemon that died is started again. */

#include "tests/unit/unit.h"

#include "libcommon/defs.h"
#include "services/agent-runtime/backoff.h"

enum { TEN_SECONDS = 10000, FIVE_SECONDS = 5000, MINUTE = 60000 };

static void
pauses_double_from_a_tenth_of_a_second_to_thirty(void **state)
{
	static const int64_t want[] = { 100, 200, 400, 800, 1600, 3200, 6400,
		12800, 25600, 30000, 30000 };
	struct backoff b = { 0 };

	(void)state;
	/* Ten seconds up: neither quick nor long enough to be forgiven. */
	for (size_t i = 0; i < N_OF(want); i++)
		assert_int_equal(
		    backoff_after_death(&b, TEN_SECONDS, 0), want[i]);
	assert_false(backoff_is_failing(&b));
}

static void
a_minute_up_forgets_the_past(void **state)
{
	struct backoff b = { 0 };

	(void)state;
	for (int i = 0; i < 20; i++)
		backoff_after_death(&b, 0, 0);
	assert_int_equal(backoff_after_death(&b, MINUTE, 0), 100);
	assert_false(backoff_is_failing(&b));
	assert_int_equal(backoff_after_death(&b, MINUTE - 1, 0), 200);
}

static void
the_fifth_quick_death_in_a_row_is_failing(void **state)
{
	static const int64_t want[] = { 100, 200, 400, 800, 30000, 30000 };
	struct backoff b = { 0 };

	(void)state;
	for (size_t i = 0; i < N_OF(want); i++) {
		assert_int_equal(backoff_after_death(&b, 5, 0), want[i]);
		assert_int_equal(backoff_is_failing(&b), i >= 4);
	}
}

static void
a_death_that_is_not_quick_breaks_the_row(void **state)
{
	struct backoff b = { 0 };

	(void)state;
	for (int i = 0; i < 4; i++)
		backoff_after_death(&b, 5, 0);
	assert_int_equal(backoff_after_death(&b, FIVE_SECONDS, 0), 1600);
	backoff_after_death(&b, 5, 0);
	assert_false(backoff_is_failing(&b));
}

static void
jitter_takes_at_most_a_fifth(void **state)
{
	int64_t least = 100, most = 0;

	(void)state;
	for (uint32_t chance = 0; chance < 1000; chance++) {
		struct backoff b = { 0 };
		int64_t pause = backoff_after_death(&b, 0, chance);

		least = pause < least ? pause : least;
		most = pause > most ? pause : most;
	}
	assert_int_equal(most, 100);
	assert_in_range(least, 80, 82);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    pauses_double_from_a_tenth_of_a_second_to_thirty),
		cmocka_unit_test(a_minute_up_forgets_the_past),
		cmocka_unit_test(the_fifth_quick_death_in_a_row_is_failing),
		cmocka_unit_test(a_death_that_is_not_quick_breaks_the_row),
		cmocka_unit_test(jitter_takes_at_most_a_fifth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
