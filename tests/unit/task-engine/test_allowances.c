/* How often something may be done in a window. */

#include "services/task-engine/store/allowances.h"

#include "services/task-engine/store/replies.h"
#include "services/task-engine/store/store.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

enum { LIMIT = 2, WINDOW_MS = 1000 };

static void
so_many_in_a_window(void **state)
{
	static const struct {
		const char *claim, *key;
		int64_t limit, at_ms;
		int wanted; /* 1: used up */
	} cases[] = {
		{ "nothing is allowed", "none", 0, 0, 1 },
		{ "the first", "a", LIMIT, 0, 0 },
		{ "the last", "a", LIMIT, 1, 0 },
		{ "used up", "a", LIMIT, 2, 1 },
		{ "a refusal does not count", "a", LIMIT, 3, 1 },
		{ "another key has its own", "b", LIMIT, 3, 0 },
		{ "a limit that was raised", "a", LIMIT + 1, 4, 0 },
		{ "a limit that was lowered", "a", LIMIT - 1, 5, 1 },
		{ "to the end of the window", "a", LIMIT, 999, 1 },
		{ "a new window", "a", LIMIT, 1000, 0 },
		{ "from its own first", "a", LIMIT, 1999, 0 },
		{ "and no further", "a", LIMIT, 1999, 1 },
		{ "the clock was set back", "a", LIMIT, -5000, 0 },
		{ "and the window with it", "a", LIMIT, -4999, 0 },
		{ "which has an end too", "a", LIMIT, -4998, 1 },
	};
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	DONE(store_begin(w->store, &w->err));
	for (size_t i = 0; i < N_OF(cases); i++)
		expect(w,
		    allowance_take(w->store, cases[i].key, cases[i].limit,
			WINDOW_MS, w->now_ms + cases[i].at_ms, &w->err),
		    cases[i].wanted, cases[i].claim);
	DONE(store_commit(w->store, &w->err));
	world_close(w);
}

static void
what_was_used_outlives_a_restart_and_goes_when_it_is_over(void **state)
{
	struct world world, *w = &world;
	int64_t n;

	(void)state;
	world_open(w);
	DONE(store_begin(w->store, &w->err));
	DONE(allowance_take(w->store, "a", 1, WINDOW_MS, w->now_ms, &w->err));
	DONE(store_commit(w->store, &w->err));
	world_reopen(w);
	DONE(store_begin(w->store, &w->err));
	OTHER(allowance_take(
	    w->store, "a", 1, WINDOW_MS, w->now_ms + 1, &w->err));
	DONE(store_tidy(w->store, w->now_ms + WINDOW_MS - 1, 10, &n, &w->err));
	assert_int_equal(n, 0);
	DONE(store_tidy(w->store, w->now_ms + WINDOW_MS, 10, &n, &w->err));
	assert_int_equal(n, 1);
	DONE(store_commit(w->store, &w->err));
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_many_in_a_window),
		cmocka_unit_test(
		    what_was_used_outlives_a_restart_and_goes_when_it_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
