/* What people know of daemons that come and go. */

#include "services/task-engine/store/components.h"

#include <string.h>

#include "libcommon/arena.h"
#include "services/task-engine/store/store.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

enum { EVERY_MS = 5 * 60 * 1000 };

/* One component over time, as the scheduler reports it. */
static const struct step {
	const char *claim;
	int64_t at_s;
	const char *state, *message;
	bool needs_person;
	const char *news; /* NULL: none */
	bool is_unheard;  /* nobody could be told */
} steps[] = {
	{ "well from the beginning", 0, "healthy", "", false, NULL },
	{ "trouble", 10, "degraded", "502", false, "trouble" },
	{ "of another kind", 20, "missing", "gone", false, NULL },
	{ "over", 30, "healthy", "", false, "" },
	{ "too soon again", 40, "degraded", "502", false, NULL },
	{ "over, and nobody knows", 50, "healthy", "", false, NULL },
	{ "still too soon", 309, "degraded", "502", false, NULL },
	{ "late enough", 310, "degraded", "502", false, "trouble" },
	{ "switched off", 320, "disabled", "", false, "" },
	{ "a person is needed", 700, "degraded", "token", true, "! token" },
	{ "for the same", 1100, "degraded", "token", true, NULL },
	{ "for something else", 1200, "degraded", "webhook", true,
	    "! webhook" },
	{ "over at last", 1300, "healthy", "", false, "", true },
	{ "which is told later", 1400, "healthy", "", false, "" },
	{ "nobody can hear", 2000, "degraded", "token", true, "! token", true },
	{ "told once somebody can", 2001, "degraded", "token", true,
	    "! token" },
	{ "a clock that was set back", 1500, "degraded", "webhook", true,
	    "! webhook" },
};

static void
take(struct world *w, const struct step *step)
{
	const struct component_row row = {
		.name = "gateway-telegram",
		.state = step->state,
		.message = step->message,
		.needs_person = step->needs_person,
		.since_ms = step->at_s * 1000,
	};
	struct component_row *news;
	int64_t now_ms = INT64_C(1000000000) + step->at_s * 1000;
	size_t n;

	assert_true(store_component_put(w->store, &row, &w->err) >= 0);
	DONE(store_components_news(
	    w->store, now_ms, EVERY_MS, w->arena, &news, &n, &w->err));
	if (n != (step->news != NULL) ||
	    (n && strcmp(news[0].news, step->news) != 0))
		fail_msg("%s: %zu, %s", step->claim, n, n ? news[0].news : "");
	if (n && !step->is_unheard)
		DONE(store_component_told(w->store, &news[0], now_ms, &w->err));
}

static void
each_word_is_said_once_and_not_too_often(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	DONE(store_begin(w->store, &w->err));
	for (size_t i = 0; i < N_OF(steps); i++)
		take(w, &steps[i]);
	DONE(store_commit(w->store, &w->err));
	world_close(w);
}

static void
what_stands_so_already_is_no_change(void **state)
{
	static const struct {
		const char *claim, *state, *message;
		bool needs_person;
		int want;
	} rows[] = {
		{ "new", "degraded", "502", false, 0 },
		{ "the same in other words", "degraded", "503", false, 1 },
		{ "a person is needed", "degraded", "503", true, 0 },
		{ "the same", "degraded", "503", true, 1 },
		{ "for something else", "degraded", "token", true, 0 },
		{ "well", "healthy", "", false, 0 },
	};
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	DONE(store_begin(w->store, &w->err));
	for (size_t i = 0; i < N_OF(rows); i++) {
		const struct component_row row = {
			.name = "indexer",
			.state = rows[i].state,
			.message = rows[i].message,
			.needs_person = rows[i].needs_person,
		};

		expect(w, store_component_put(w->store, &row, &w->err),
		    rows[i].want, rows[i].claim);
	}
	DONE(store_commit(w->store, &w->err));
	world_close(w);
}

static void
only_who_does_no_work_is_dead(void **state)
{
	static const struct component_row rows[] = {
		{ .name = "a-degraded", .state = "degraded", .message = "" },
		{ .name = "b-stale", .state = "stale", .message = "" },
		{ .name = "c-refused",
		    .state = "degraded",
		    .message = "",
		    .needs_person = true },
		{ .name = "d-disabled", .state = "disabled", .message = "" },
		{ .name = "e-failing", .state = "failing", .message = "" },
		{ .name = "f-healthy", .state = "healthy", .message = "" },
		{ .name = "g-missing", .state = "missing", .message = "" },
	};
	static const char *const dead[] = { "b-stale", "c-refused", "e-failing",
		"g-missing" };
	struct world world, *w = &world;
	const char **names;
	size_t n;

	(void)state;
	world_open(w);
	DONE(store_begin(w->store, &w->err));
	for (size_t i = 0; i < N_OF(rows); i++)
		DONE(store_component_put(w->store, &rows[i], &w->err));
	DONE(store_components_dead(w->store, w->arena, &names, &n, &w->err));
	assert_int_equal(n, N_OF(dead));
	for (size_t i = 0; i < n; i++)
		assert_string_equal(names[i], dead[i]);
	DONE(store_commit(w->store, &w->err));
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_word_is_said_once_and_not_too_often),
		cmocka_unit_test(what_stands_so_already_is_no_change),
		cmocka_unit_test(only_who_does_no_work_is_dead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
