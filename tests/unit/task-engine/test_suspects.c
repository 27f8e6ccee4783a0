/* Which update is to blame when a gateway dies again and again. */

#include "services/task-engine/store/suspects.h"

#include "services/task-engine/store/replies.h"
#include "services/task-engine/store/store.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

/* update NULL: a process begins, after a clean stop or not. */
struct step {
	const char *claim, *update;
	bool was_clean;
	int64_t n;
	bool is_new;
};

static void
take(struct world *w, const char *instance, const struct step *step)
{
	bool is_new;
	int64_t n;

	if (!step->update) {
		DONE(store_suspects_begin(
		    w->store, instance, step->was_clean, &w->err));
		return;
	}
	DONE(store_suspect_name(
	    w->store, instance, step->update, w->now_ms, &n, &is_new, &w->err));
	if (n != step->n || is_new != step->is_new)
		fail_msg("%s: %d, new %d", step->claim, (int)n, is_new);
}

static void
the_last_that_was_named_is_to_blame(void **state)
{
	static const struct step steps[] = {
		{ "a process", NULL },
		{ "survives", "1", false, 1, true },
		{ "is to blame", "2", false, 1, true },
		{ "another process", NULL },
		{ "told again, and innocent", "1", false, 1, true },
		{ "the second time", "2", false, 2, true },
		{ "asked again by the same process", "2", false, 2, false },
		{ "a third process", NULL },
		{ "still innocent", "1", false, 1, true },
		{ "the third time", "2", false, 3, true },
		{ "goes on behind it", "3", false, 1, true },
		{ "a fourth process", NULL },
		{ "stays poison", "2", false, 4, true },
		{ "a clean stop", NULL, true },
		{ "remembered all the same", "2", false, 5, true },
		{ "forgotten", "3", false, 1, true },
	};
	static const struct step elsewhere = { "another's", "2", false, 1,
		true };
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	DONE(store_begin(w->store, &w->err));
	for (size_t i = 0; i < N_OF(steps); i++)
		take(w, "telegram.main", &steps[i]);
	take(w, "telegram.second", &elsewhere);
	DONE(store_commit(w->store, &w->err));
	world_close(w);
}

static void
what_nobody_repeats_is_forgotten(void **state)
{
	static const struct step named = { "named", "1", false, 1, true };
	const int64_t month_ms = INT64_C(30) * 24 * 60 * 60 * 1000;
	struct world world, *w = &world;
	int64_t n;

	(void)state;
	world_open(w);
	DONE(store_begin(w->store, &w->err));
	take(w, "telegram.main", &named);
	DONE(store_tidy(w->store, w->now_ms + month_ms, 10, &n, &w->err));
	assert_int_equal(n, 0);
	DONE(store_tidy(w->store, w->now_ms + month_ms + 1, 10, &n, &w->err));
	assert_int_equal(n, 1);
	DONE(store_commit(w->store, &w->err));
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_that_was_named_is_to_blame),
		cmocka_unit_test(what_nobody_repeats_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
