/* Who is answered by a model, and how often. */

#include "services/task-engine/conversation/safety.h"

#include "libcommon/defs.h"
#include "tests/unit/unit.h"

static const struct safety_options open_house = {
	.is_enabled = true,
	.allow_dm = true,
	.require_mention = true,
	.allowed_roles = "",
	.allowed_context_ids = "",
	.limit = 2,
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
	{ "a DM is answered", { true, true, true, "", "", 0, 1 },
	    { "c1", "t:1", "", DM }, SAFETY_ALLOWED },
	{ "switched off", { false, true, true, "", "", 0, 1 },
	    { "c1", "t:1", "", DM }, SAFETY_DISABLED },
	{ "no DMs", { true, false, true, "", "", 0, 1 },
	    { "c1", "t:1", "", DM }, SAFETY_DM_DISABLED },
	{ "no DMs does not touch groups", { true, false, true, "", "", 0, 1 },
	    { "c1", "t:1", "", GROUP, .is_addressed = true }, SAFETY_ALLOWED },
	{ "groups need a mention", { true, true, true, "", "", 0, 1 },
	    { "c1", "t:1", "", GROUP }, SAFETY_MENTION_REQUIRED },
	{ "unless that is off", { true, true, false, "", "", 0, 1 },
	    { "c1", "t:1", "", GROUP }, SAFETY_ALLOWED },
	{ "another context", { true, true, true, "", "c2,c3", 0, 1 },
	    { "c1", "t:1", "", DM }, SAFETY_CONTEXT_NOT_ALLOWED },
	{ "a context of the list", { true, true, true, "", "c2,C1", 0, 1 },
	    { "c1", "t:1", "", DM }, SAFETY_ALLOWED },
	{ "a guest has no role", { true, true, true, "member", "", 0, 1 },
	    { "c1", "t:1", "", DM }, SAFETY_ROLE_NOT_ALLOWED },
	{ "half a role is none", { true, true, true, "members", "", 0, 1 },
	    { "c1", "t:1", "member", DM }, SAFETY_ROLE_NOT_ALLOWED },
	{ "a role of the list", { true, true, true, "admin,Member", "", 0, 1 },
	    { "c1", "t:1", "member", DM }, SAFETY_ALLOWED },
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
	const struct safety_question ann = { "c1", "t:1", "", DM };
	const struct safety_question ben = { "c1", "t:2", "", DM };
	const struct safety_question elsewhere = { "c2", "t:1", "", DM };

	(void)state;
	assert_int_equal(safety_check(s, &ann, 1000), SAFETY_ALLOWED);
	assert_int_equal(safety_check(s, &ann, 2000), SAFETY_ALLOWED);
	assert_int_equal(safety_check(s, &ann, 3000), SAFETY_RATE_LIMITED);
	assert_int_equal(safety_check(s, &ben, 3000), SAFETY_ALLOWED);
	assert_int_equal(safety_check(s, &elsewhere, 3000), SAFETY_ALLOWED);
	/* The refused one did not count. */
	assert_int_equal(safety_check(s, &ann, 61000), SAFETY_ALLOWED);
	assert_int_equal(safety_check(s, &ann, 61500), SAFETY_RATE_LIMITED);
	assert_int_equal(safety_check(s, &ann, 62000), SAFETY_ALLOWED);
}

static void
admins_have_no_limit(void **state)
{
	AUTO(safety_free)
	struct safety *s = safety_new(&open_house);
	const struct safety_question q = { "c1", "local", "overlord", DM };

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(safety_check(s, &q, 1000), SAFETY_ALLOWED);
}

static void
a_clock_set_back_locks_nobody_out(void **state)
{
	AUTO(safety_free)
	struct safety *s = safety_new(&open_house);
	const struct safety_question q = { "c1", "t:1", "", DM };

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
		cmocka_unit_test(admins_have_no_limit),
		cmocka_unit_test(a_clock_set_back_locks_nobody_out),
		cmocka_unit_test(who_waits_is_told_and_a_group_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
