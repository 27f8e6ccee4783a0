/* Which update is to blame when a gateway dies again and again. */

#include "services/task-engine/store/suspects.h"

#include "services/task-engine/delivery/deaths.h"
#include "services/task-engine/delivery/trial.h"
#include "services/task-engine/store/replies.h"
#include "services/task-engine/store/store.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

static const char *const verdicts[] = {
	[TRIAL_UPDATE_GO] = "go",
	[TRIAL_UPDATE_WAIT] = "wait",
	[TRIAL_UPDATE_SKIP] = "skip",
};

/* update NULL: a process begins, after a clean stop or not. */
struct step {
	const char *claim, *update;
	bool was_clean;
	enum trial_update verdict;
	bool is_news;
};

static void
take(struct world *w, const char *instance, const struct step *step)
{
	enum trial_update verdict;
	bool is_news;

	if (!step->update) {
		DONE(deaths_note(w->store, instance, step->was_clean, w->now_ms,
		    w->arena, &w->err));
		return;
	}
	DONE(trial_name(w->store, instance, step->update, w->now_ms, &verdict,
	    &is_news, &w->err));
	if (verdict != step->verdict || is_news != step->is_news)
		fail_msg(
		    "%s: %s, news %d", step->claim, verdicts[verdict], is_news);
}

static void
the_last_that_was_named_is_to_blame(void **state)
{
	static const struct step steps[] = {
		{ "a process", NULL },
		{ "survives", "1" },
		{ "is to blame", "2" },
		{ "another process", NULL },
		{ "told again, and innocent", "1" },
		{ "the second time", "2" },
		{ "asked again by the same process", "2" },
		{ "a third process", NULL },
		{ "still innocent", "1" },
		{ "the third time", "2", false, TRIAL_UPDATE_SKIP, true },
		{ "told once", "2", false, TRIAL_UPDATE_SKIP, false },
		{ "goes on behind it", "3" },
		{ "a fourth process", NULL },
		{ "stays poison", "2", false, TRIAL_UPDATE_SKIP, false },
		{ "a clean stop", NULL, true },
		{ "remembered", "2", false, TRIAL_UPDATE_SKIP, false },
		{ "forgotten", "3" },
		{ "once more", NULL },
		{ "and only once", "3" },
	};
	static const struct step elsewhere = { "another's", "2" };
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
	static const struct step named = { "named", "1" };
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
