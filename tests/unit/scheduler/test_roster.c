/* What is made of beats, of silence, and of what serve says. */

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/bus.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "proto/beat.h"
#include "services/scheduler/roster.h"
#include "services/scheduler/supervision.h"

enum { STALE_MS = 120 * 1000, NEVER = -1 };

static const struct bus_peer api = { SVC_API, "main" };

static struct roster_time
at(int64_t s)
{
	/* Wall time that has jumped back does not matter. */
	return (struct roster_time){ .mono_ms = s * 1000, .unix_s = 5000 - s };
}

/* One daemon, heard at 100 s by a roster made at 0, seen at seen_s. */
static const struct {
	const char *name;
	const char *said; /* NULL: never heard */
	int64_t proof_ms;
	int64_t seen_s;
	const char *want, *overall;
} cases[] = {
	{ "not_heard_of_at_first", NULL, 0, 1, "starting", "starting" },
	{ "not_heard_of_just_before", NULL, 0, 15, "starting", "starting" },
	{ "never_heard_of", NULL, 0, 16, "missing", "degraded" },
	{ "healthy", "healthy", 0, 101, "healthy", "healthy" },
	{ "two_missed_beats", "healthy", 0, 115, "healthy", "healthy" },
	{ "three_missed_beats", "healthy", 0, 117, "stale", "degraded" },
	{ "silent_while_starting", "starting", NEVER, 117, "stale",
	    "degraded" },
	{ "starting", "starting", NEVER, 101, "starting", "starting" },
	{ "degraded", "degraded", 0, 101, "degraded", "degraded" },
	{ "disabled", "disabled", NEVER, 101, "disabled", "idle" },
	{ "disabled_and_silent", "disabled", NEVER, 117, "stale", "degraded" },
	{ "stopped", "stopped", 0, 101, "stopped", "idle" },
	{ "stopped_for_good", "stopped", 0, 117, "missing", "degraded" },
	{ "nothing_to_prove", "healthy", NEVER, 101, "healthy", "healthy" },
	{ "old_proof", "healthy", STALE_MS, 100, "healthy", "healthy" },
	{ "too_old_a_proof", "healthy", STALE_MS + 1, 100, "stale",
	    "degraded" },
	{ "proofs_age_between_beats", "healthy", STALE_MS - 1000, 102, "stale",
	    "degraded" },
	{ "who_admits_it_is_believed", "degraded", STALE_MS * 2, 101,
	    "degraded", "degraded" },
};

static void
say(struct roster *roster, const struct bus_peer *who, const char *state,
    int64_t proof_ms, int64_t s)
{
	struct beat_counter counter = { "n", 7 };
	const struct beat beat = {
		.state = state,
		.text = "why",
		.version = "1",
		.pid = 42,
		.proof_age_ms = proof_ms,
		.counters = &counter,
		.n_counters = 1,
	};
	struct roster_time now = at(s);

	roster_beat(roster, who, &beat, &now);
}

static void
states_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(65536);
		struct roster_time start = at(0), seen = at(cases[i].seen_s);
		AUTO(roster_free)
		struct roster *roster = roster_new(&start, STALE_MS);
		struct health health;

		roster_expect(roster, &api);
		if (cases[i].said)
			say(roster, &api, cases[i].said, cases[i].proof_ms,
			    100);
		roster_view(roster, &seen, &health, arena);
		assert_int_equal(health.n_components, 1);
		if (strcmp(health.components[0].state, cases[i].want) != 0 ||
		    strcmp(health.overall, cases[i].overall) != 0)
			fail_msg("%s: %s, overall %s", cases[i].name,
			    health.components[0].state, health.overall);
		assert_int_equal(health.components[0].stale,
		    strcmp(cases[i].want, "stale") == 0);
	}
}

static void
the_worst_is_the_whole(void **state)
{
	static const struct bus_peer who[] = { { SVC_API, "main" },
		{ SVC_INDEXER, "main" } };
	static const struct {
		const char *a, *b, *want;
	} rows[] = {
		{ "healthy", "disabled", "healthy" },
		{ "healthy", "starting", "starting" },
		{ "starting", "degraded", "degraded" },
		{ "healthy", "degraded", "degraded" },
		{ "disabled", "disabled", "idle" },
		{ "disabled", "stopped", "idle" },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(65536);
		struct roster_time now = at(1);
		AUTO(roster_free)
		struct roster *roster = roster_new(&now, STALE_MS);
		struct health health;

		roster_view(roster, &now, &health, arena);
		assert_string_equal(health.overall, "unknown");
		say(roster, &who[0], rows[i].a, NEVER, 1);
		say(roster, &who[1], rows[i].b, NEVER, 1);
		roster_view(roster, &now, &health, arena);
		assert_string_equal(health.overall, rows[i].want);
	}
}

static void
components_have_names_and_what_was_said(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(65536);
	const struct bus_peer two = { SVC_GATEWAY_TELEGRAM, "two" };
	const struct bus_peer one = { SVC_GATEWAY_TELEGRAM, "main" };
	struct roster_time now = at(0), later = at(8);
	AUTO(roster_free)
	struct roster *roster = roster_new(&now, STALE_MS);
	struct health health;

	(void)state;
	roster_expect(roster, &two);
	roster_expect(roster, &one);
	roster_expect(roster, &one);
	say(roster, &api, "degraded", 500, 3);
	say(roster, &api, "degraded", 500, 6);
	roster_view(roster, &later, &health, arena);
	assert_int_equal(health.n_components, 3);
	assert_string_equal(health.components[0].name, "api");
	assert_string_equal(health.components[1].name, "gateway-telegram");
	assert_string_equal(health.components[2].name, "gateway-telegram.two");
	assert_string_equal(health.components[0].message, "why");
	assert_string_equal(health.components[0].base_state, "degraded");
	assert_int_equal(health.components[0].pid, 42);
	assert_int_equal(health.components[0].proof_age_ms, 2500);
	assert_int_equal(health.components[0].last_beat_at_unix, 5000 - 6);
	assert_int_equal(health.components[0].updated_at_unix, 5000 - 3);
	assert_int_equal(health.components[0].n_counters, 1);
	assert_int_equal(health.components[0].counters[0].value, 7);
	assert_int_equal(health.components[1].proof_age_ms, NEVER);
}

static int n_told;
static char last_told[128];

static void
note(const char *name, const char *was, const char *now, const char *why)
{
	(void)why;
	n_told++;
	snprintf(last_told, sizeof(last_told), "%s %s %s", name,
	    was ? was : "-", now);
}

static void
tell(struct roster *roster, int64_t s, struct arena *arena)
{
	struct roster_time now = at(s);
	struct health health;

	roster_view(roster, &now, &health, arena);
	roster_tell_changes(roster, &health, note);
}

static void
changes_are_told_once(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(65536);
	struct roster_time now = at(0);
	AUTO(roster_free)
	struct roster *roster = roster_new(&now, STALE_MS);

	(void)state;
	n_told = 0;
	say(roster, &api, "healthy", 0, 1);
	tell(roster, 1, arena);
	assert_string_equal(last_told, "api - healthy");
	tell(roster, 2, arena);
	assert_int_equal(n_told, 1);
	tell(roster, 60, arena);
	assert_string_equal(last_told, "api healthy stale");
	say(roster, &api, "healthy", 0, 61);
	tell(roster, 61, arena);
	assert_string_equal(last_told, "api stale healthy");
	assert_int_equal(n_told, 3);
}

#define REPORT(pid, state)                                                     \
	"{\"pid\":" pid ",\"daemons\":[{\"name\":\"api\",\"instance\":"        \
	"\"main\",\"state\":\"" state "\",\"last_exit\":\"signal 11\"},"       \
	"{\"name\":\"nobody\",\"instance\":\"main\",\"state\":\"failing\"},"   \
	"{\"name\":7},null]}"

static void
whoever_serve_gives_up_is_failing(void **state)
{
	static const struct {
		const char *name, *text;
		int rc;
		const char *want;
	} rows[] = {
		{ "failing", REPORT("9", "failing"), 0, "failing" },
		{ "bad_config", REPORT("9", "bad-config"), 0, "failing" },
		{ "running", REPORT("9", "running"), 0, "healthy" },
		{ "of_another_serve", REPORT("8", "failing"), 0, "healthy" },
		{ "no_list", "{\"pid\":9}", 0, "healthy" },
		{ "not_json", "{", -1, "healthy" },
		{ "empty", "", -1, "healthy" },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(65536);
		struct roster_time now = at(1);
		AUTO(roster_free)
		struct roster *roster = roster_new(&now, STALE_MS);
		struct health health;
		struct err err;

		say(roster, &api, "healthy", 0, 1);
		assert_int_equal(supervision_read(roster, rows[i].text,
				     strlen(rows[i].text), 9, &err),
		    rows[i].rc);
		roster_view(roster, &now, &health, arena);
		if (strcmp(health.components[0].state, rows[i].want) != 0)
			fail_msg(
			    "%s: %s", rows[i].name, health.components[0].state);
		roster_unmark_all(roster);
		roster_view(roster, &now, &health, arena);
		assert_string_equal(health.components[0].state, "healthy");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_are_judged),
		cmocka_unit_test(the_worst_is_the_whole),
		cmocka_unit_test(components_have_names_and_what_was_said),
		cmocka_unit_test(changes_are_told_once),
		cmocka_unit_test(whoever_serve_gives_up_is_failing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
