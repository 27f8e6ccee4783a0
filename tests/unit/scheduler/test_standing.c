/* What of the daemons' standing is told, when, and how often. */

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "proto/beat.h"
#include "proto/bounds.h"
#include "services/scheduler/roster.h"
#include "services/scheduler/standing.h"

/* One component over time; told: what the look brings, and the engine takes
 * it unless it is lost. */
struct look {
	int64_t at_s;
	const char *state, *message;
	bool needs_person;
	const char *told; /* NULL: nothing */
	bool is_lost;
};

enum { LOOKS_MAX = 8 };

static const struct {
	const char *claim;
	struct look looks[LOOKS_MAX];
} cases[] = {
	{ "well_after_ten_seconds",
	    { { 1, "healthy", "" }, { 10, "healthy", "" },
		{ 11, "healthy", "", false, "healthy" },
		{ 99, "healthy", "" } } },
	{ "nothing_of_a_start",
	    { { 1, "starting", "" }, { 500, "starting", "" } } },
	{ "at_once_what_a_person_has_to_mend",
	    { { 1, "degraded", "token", true, "degraded" },
		{ 2, "degraded", "token", true } } },
	{ "another_reason_is_news",
	    { { 1, "degraded", "token", true, "degraded" },
		{ 2, "degraded", "webhook", true, "degraded" } } },
	{ "late_what_may_go_by_itself",
	    { { 1, "degraded", "502", false },
		{ 100, "degraded", "503", false },
		{ 121, "degraded", "502", false, "degraded" },
		{ 122, "degraded", "504", false } } },
	{ "not_what_comes_and_goes",
	    { { 1, "healthy", "" }, { 11, "healthy", "", false, "healthy" },
		{ 20, "degraded", "" }, { 130, "healthy", "" },
		{ 139, "degraded", "" }, { 145, "healthy", "" },
		{ 200, "healthy", "" } } },
	{ "a_restart_in_between_changes_nothing",
	    { { 1, "degraded", "token", true, "degraded" },
		{ 2, "starting", "" }, { 3, "degraded", "token", true } } },
	{ "recovery_counts_from_its_beginning",
	    { { 1, "degraded", "token", true, "degraded" },
		{ 50, "healthy", "" }, { 59, "healthy", "" },
		{ 60, "healthy", "", false, "healthy" } } },
	{ "again_until_the_engine_has_it",
	    { { 1, "degraded", "token", true, "degraded", true },
		{ 2, "degraded", "token", true, "degraded", true },
		{ 3, "degraded", "token", true, "degraded" },
		{ 4, "degraded", "token", true } } },
	{ "given_up_after_half_a_minute",
	    { { 1, "failing", "" }, { 30, "failing", "" },
		{ 31, "failing", "", false, "failing" } } },
	{ "silence_after_two_minutes",
	    { { 1, "stale", "" }, { 120, "stale", "" },
		{ 121, "stale", "", false, "stale" } } },
};

static void
look(struct standing *standing, const struct look *l, const char *claim)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(65536);
	struct component component = {
		.name = "gateway-telegram",
		.state = l->state,
		.message = l->message,
		.needs_person = l->needs_person,
	};
	const struct health health = {
		.components = &component,
		.n_components = 1,
	};
	const struct roster_time now = {
		.mono_ms = l->at_s * 1000,
		.unix_s = 9000 + l->at_s,
	};
	struct health_changed out;

	standing_look(standing, &health, &now, &out, arena);
	if (out.n_changes != (l->told != NULL) ||
	    (l->told && strcmp(out.changes[0].state, l->told) != 0))
		fail_msg("%s: at %d s %zu changes", claim, (int)l->at_s,
		    out.n_changes);
	if (!l->is_lost)
		standing_told(standing);
}

static void
what_lasts_is_told_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		AUTO(standing_free)
		struct standing *standing = standing_new();

		for (size_t j = 0; cases[i].looks[j].state; j++)
			look(standing, &cases[i].looks[j], cases[i].claim);
	}
}

static void
many_are_told_in_turn(void **state)
{
	enum { N = BOUND_HEALTH_CHANGES + 5 };
	AUTO(arena_free)
	struct arena *arena = arena_new(256 * 1024);
	AUTO(standing_free)
	struct standing *standing = standing_new();
	struct component components[N];
	const struct health health = { .components = components,
		.n_components = N };
	const struct roster_time now = { .mono_ms = 1000, .unix_s = 77 };
	struct health_changed out;

	(void)state;
	for (size_t i = 0; i < N; i++)
		components[i] = (struct component){
			.name = arena_printf(arena, "api.%zu", i),
			.state = "degraded",
			.message = "why",
			.needs_person = true,
		};
	standing_look(standing, &health, &now, &out, arena);
	assert_int_equal(out.n_changes, BOUND_HEALTH_CHANGES);
	assert_int_equal(out.changes[0].since_unix, 77);
	assert_string_equal(out.changes[0].message, "why");
	standing_told(standing);
	standing_look(standing, &health, &now, &out, arena);
	assert_int_equal(out.n_changes, 5);
	standing_told(standing);
	standing_look(standing, &health, &now, &out, arena);
	assert_int_equal(out.n_changes, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_lasts_is_told_once),
		cmocka_unit_test(many_are_told_in_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
