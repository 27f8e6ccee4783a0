/* What is wrong is said once, until it is well again. */

#include "services/task-engine/knowledge/complaints.h"

#include <stdio.h>

#include "libcommon/defs.h"
#include "tests/unit/unit.h"

static const struct {
	const char *claim;
	const char *about, *why; /* why NULL: it is well again */
	bool is_new;
} steps[] = {
	{ "the first time", "a", "broken", true },
	{ "the same again", "a", "broken", false },
	{ "of something else", "b", "broken", true },
	{ "another reason", "a", "too large", true },
	{ "the first reason again", "a", "broken", true },
	{ "well again", "a", NULL, false },
	{ "the other is remembered", "b", "broken", false },
	{ "broken once more", "a", "broken", true },
	{ "what was never broken is well", "c", NULL, false },
};

static void
each_trouble_is_news_once(void **state)
{
	struct complaints c = { .n = 0 };

	(void)state;
	for (size_t i = 0; i < N_OF(steps); i++) {
		bool is_new = false;

		if (steps[i].why)
			is_new =
			    complaint_is_new(&c, steps[i].about, steps[i].why);
		else
			complaint_over(&c, steps[i].about);
		if (is_new != steps[i].is_new)
			fail_msg("%s", steps[i].claim);
	}
	complaints_release(&c);
}

static void
more_than_fit_are_not_said(void **state)
{
	struct complaints c = { .n = 0 };
	char about[32];

	(void)state;
	for (int i = 0; i < COMPLAINTS_MAX; i++) {
		snprintf(about, sizeof(about), "file %d", i);
		assert_true(complaint_is_new(&c, about, "broken"));
	}
	assert_false(complaint_is_new(&c, "one more", "broken"));
	complaint_over(&c, "file 7");
	assert_true(complaint_is_new(&c, "one more", "broken"));
	complaints_release(&c);
	assert_int_equal(c.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_trouble_is_news_once),
		cmocka_unit_test(more_than_fit_are_not_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
