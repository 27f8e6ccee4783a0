/* Who is answered by a model, and how often. */

#include "services/task-engine/conversation/safety.h"

#include <stdio.h>

#include "libcommon/defs.h"
#include "tests/unit/unit.h"

static const struct safety_options open_house = {
	.is_enabled = true,
	.allow_dm = true,
	.require_mention = true,
	.allowed_roles = "",
	.allowed_context_ids = "",
	.limits = { [SAFETY_PERSON] = 2 },
	.window_ms = 60000,
};

#define DM .is_direct = true
#define GROUP .is_direct = false

static const struct {
	const char *claim;
	struct safety_options options;
	struct safety_question question;
	enum safety_verdict verdict;
} cases[] = {
	{ "a DM is answered", { true, true, true, "", "", { 0 }, 1 },
	    { "t:1", "c1", "w1", "", DM }, SAFETY_ALLOWED },
	{ "switched off", { false, true, true, "", "", { 0 }, 1 },
	    { "t:1", "c1", "w1", "", DM }, SAFETY_DISABLED },
	{ "no DMs", { true, false, true, "", "", { 0 }, 1 },
	    { "t:1", "c1", "w1", "", DM }, SAFETY_DM_DISABLED },
	{ "no DMs does not touch groups",
	    { true, false, true, "", "", { 0 }, 1 },
	    { "t:1", "c1", "w1", "", GROUP, .is_addressed = true },
	    SAFETY_ALLOWED },
	{ "groups need a mention", { true, true, true, "", "", { 0 }, 1 },
	    { "t:1", "c1", "w1", "", GROUP }, SAFETY_MENTION_REQUIRED },
	{ "unless that is off", { true, true, false, "", "", { 0 }, 1 },
	    { "t:1", "c1", "w1", "", GROUP }, SAFETY_ALLOWED },
	{ "another context", { true, true, true, "", "c2,c3", { 0 }, 1 },
	    { "t:1", "c1", "w1", "", DM }, SAFETY_CONTEXT_NOT_ALLOWED },
	{ "a context of the list", { true, true, true, "", "c2,C1", { 0 }, 1 },
	    { "t:1", "c1", "w1", "", DM }, SAFETY_ALLOWED },
	{ "a guest has no role", { true, true, true, "member", "", { 0 }, 1 },
	    { "t:1", "c1", "w1", "", DM }, SAFETY_ROLE_NOT_ALLOWED },
	{ "half a role is none", { true, true, true, "members", "", { 0 }, 1 },
	    { "t:1", "c1", "w1", "member", DM }, SAFETY_ROLE_NOT_ALLOWED },
	{ "a guest, by that name", { true, true, true, "guest", "", { 0 }, 1 },
	    { "t:1", "c1", "w1", "guest", DM }, SAFETY_ALLOWED },
	{ "a member is no guest", { true, true, true, "guest", "", { 0 }, 1 },
	    { "t:1", "c1", "w1", "member", DM }, SAFETY_ROLE_NOT_ALLOWED },
	{ "off is said before the DM rule",
	    { false, false, true, "member", "c9", { 0 }, 1 },
	    { "t:1", "c1", "w1", "guest", DM }, SAFETY_DISABLED },
	{ "the DM rule before the context",
	    { true, false, true, "member", "c9", { 0 }, 1 },
	    { "t:1", "c1", "w1", "guest", DM }, SAFETY_DM_DISABLED },
	{ "the mention before the context",
	    { true, true, true, "member", "c9", { 0 }, 1 },
	    { "t:1", "c1", "w1", "guest", GROUP }, SAFETY_MENTION_REQUIRED },
	{ "the context before the role",
	    { true, true, true, "member", "c9", { 0 }, 1 },
	    { "t:1", "c1", "w1", "guest", DM }, SAFETY_CONTEXT_NOT_ALLOWED },
	{ "work may be asked for in a DM",
	    { true, false, true, "", "", { 0 }, 1 },
	    { "t:1", "c1", "w1", "guest", DM, .is_work = true },
	    SAFETY_ALLOWED },
	{ "and without a mention", { true, true, true, "", "", { 0 }, 1 },
	    { "t:1", "c1", "w1", "guest", GROUP, .is_work = true },
	    SAFETY_ALLOWED },
	{ "but not of everybody", { true, true, true, "member", "", { 0 }, 1 },
	    { "t:1", "c1", "w1", "guest", GROUP, .is_work = true },
	    SAFETY_ROLE_NOT_ALLOWED },
	{ "nor when it is off", { false, true, true, "", "", { 0 }, 1 },
	    { "t:1", "c1", "w1", "guest", GROUP, .is_work = true },
	    SAFETY_DISABLED },
	{ "a role of the list",
	    { true, true, true, "admin,Member", "", { 0 }, 1 },
	    { "t:1", "c1", "w1", "member", DM }, SAFETY_ALLOWED },
};

static void
verdicts_are_what_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		AUTO(safety_free)
		struct safety *s = safety_new(&cases[i].options);
		enum safety_verdict got =
		    safety_check(s, &cases[i].question, 1);

		if (got != cases[i].verdict)
			fail_msg("%s: %d", cases[i].claim, got);
	}
}

static void
a_window_takes_so_many_and_then_again(void **state)
{
	AUTO(safety_free)
	struct safety *s = safety_new(&open_house);
	const struct safety_question ann = { "t:1", "c1", "w1", "", DM };
	const struct safety_question ben = { "t:2", "c1", "w1", "", DM };
	const struct safety_question elsewhere = { "t:1", "c2", "w2", "", DM };

	(void)state;
	assert_int_equal(safety_check(s, &ann, 1000), SAFETY_ALLOWED);
	assert_int_equal(safety_check(s, &ann, 2000), SAFETY_ALLOWED);
	assert_int_equal(safety_check(s, &ann, 3000), SAFETY_RATE_LIMITED);
	assert_int_equal(safety_check(s, &ben, 3000), SAFETY_ALLOWED);
	assert_int_equal(
	    safety_check(s, &elsewhere, 3000), SAFETY_RATE_LIMITED);
	/* The refused one did not count. */
	assert_int_equal(safety_check(s, &ann, 61000), SAFETY_ALLOWED);
	assert_int_equal(safety_check(s, &ann, 61500), SAFETY_RATE_LIMITED);
	assert_int_equal(safety_check(s, &ann, 62000), SAFETY_ALLOWED);
}

/* Each row is one question; of a person 3, of a room 4, of a workspace 5. */
static void
person_room_and_workspace_have_windows_of_their_own(void **state)
{
	static const struct {
		struct safety_question question;
		enum safety_verdict wanted;
	} steps[] = {
		{ { "ann", "c1", "w1", "", GROUP, .is_addressed = true },
		    SAFETY_ALLOWED },
		{ { "ann", "c1", "w1", "", GROUP, .is_addressed = true },
		    SAFETY_ALLOWED },
		{ { "ann", "c2", "w1", "", GROUP, .is_addressed = true },
		    SAFETY_ALLOWED },
		{ { "ann", "c3", "w1", "", GROUP, .is_addressed = true },
		    SAFETY_RATE_LIMITED },
		{ { "ann", "c9", "w9", "", GROUP, .is_addressed = true },
		    SAFETY_RATE_LIMITED },
		{ { "boss", "c1", "w1", "admin", GROUP, .is_addressed = true },
		    SAFETY_ALLOWED },
		{ { "ben", "c1", "w1", "", GROUP, .is_addressed = true },
		    SAFETY_ALLOWED },
		{ { "ben", "c1", "w1", "", GROUP, .is_addressed = true },
		    SAFETY_ALLOWED },
		{ { "ben", "c1", "w1", "", GROUP, .is_addressed = true },
		    SAFETY_ROOM_LIMITED },
		{ { "cay", "c1", "w1", "", GROUP, .is_addressed = true },
		    SAFETY_ROOM_LIMITED },
		{ { "cay", "c3", "w1", "", GROUP, .is_addressed = true },
		    SAFETY_WORKSPACE_LIMITED },
		{ { "boss", "c1", "w1", "overlord", GROUP,
		      .is_addressed = true },
		    SAFETY_ALLOWED },
		/* What was refused by one did not count for another. */
		{ { "ben", "c9", "w9", "", GROUP, .is_addressed = true },
		    SAFETY_ALLOWED },
		{ { "ben", "c9", "w9", "", GROUP, .is_addressed = true },
		    SAFETY_RATE_LIMITED },
		{ { "cay", "c9", "w9", "", GROUP, .is_addressed = true },
		    SAFETY_ALLOWED },
		/* Nobody else is in a direct conversation. */
		{ { "dan", "c1", "w1", "", DM }, SAFETY_ALLOWED },
	};
	const struct safety_options options = {
		.is_enabled = true,
		.allow_dm = true,
		.allowed_roles = "",
		.allowed_context_ids = "",
		.limits = { 3, 4, 5 },
		.window_ms = 60000,
	};
	AUTO(safety_free)
	struct safety *s = safety_new(&options);

	(void)state;
	for (size_t i = 0; i < N_OF(steps); i++) {
		enum safety_verdict got =
		    safety_check(s, &steps[i].question, 1000);

		if (got != steps[i].wanted)
			fail_msg("step %zu: %d", i, got);
	}
}

/* G-72: ten thousand strangers cost no more than four thousand, and forget nobody
 * who speaks. */
static void
what_is_remembered_is_bounded(void **state)
{
	AUTO(safety_free)
	struct safety *s = safety_new(&open_house);
	const struct safety_question ann = { "ann", "c1", "w1", "", DM };
	char name[16];

	(void)state;
	assert_int_equal(safety_check(s, &ann, 1000), SAFETY_ALLOWED);
	assert_int_equal(safety_check(s, &ann, 1000), SAFETY_ALLOWED);
	for (int i = 0; i < 10000; i++) {
		struct safety_question q = ann;

		snprintf(name, sizeof(name), "t:%d", i);
		q.person = name;
		assert_int_equal(safety_check(s, &q, 1000), SAFETY_ALLOWED);
		if (i % 1000 == 0)
			assert_int_equal(
			    safety_check(s, &ann, 1000), SAFETY_RATE_LIMITED);
	}
}

static void
admins_have_no_limit(void **state)
{
	AUTO(safety_free)
	struct safety *s = safety_new(&open_house);
	const struct safety_question q = { "local", "c1", "w1", "overlord",
		DM };

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(safety_check(s, &q, 1000), SAFETY_ALLOWED);
}

static void
a_clock_set_back_locks_nobody_out(void **state)
{
	AUTO(safety_free)
	struct safety *s = safety_new(&open_house);
	const struct safety_question q = { "t:1", "c1", "w1", "", DM };

	(void)state;
	assert_int_equal(safety_check(s, &q, 9000000), SAFETY_ALLOWED);
	assert_int_equal(safety_check(s, &q, 9000000), SAFETY_ALLOWED);
	assert_int_equal(safety_check(s, &q, 1000), SAFETY_ALLOWED);
}

static void
who_waits_is_told_and_a_group_is_not(void **state)
{
	(void)state;
	assert_string_equal(safety_notice(SAFETY_DISABLED, false), "");
	assert_string_not_equal(safety_notice(SAFETY_DISABLED, true), "");
	assert_string_not_equal(safety_notice(SAFETY_RATE_LIMITED, false), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts_are_what_the_table_says),
		cmocka_unit_test(a_window_takes_so_many_and_then_again),
		cmocka_unit_test(
		    person_room_and_workspace_have_windows_of_their_own),
		cmocka_unit_test(what_is_remembered_is_bounded),
		cmocka_unit_test(admins_have_no_limit),
		cmocka_unit_test(a_clock_set_back_locks_nobody_out),
		cmocka_unit_test(who_waits_is_told_and_a_group_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
