/* Numbers of what was found: whose, where, and for how long. */

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/defs.h"
#include "proto/search.h"
#include "services/task-engine/commands/found.h"

static const struct search_hit hits[] = {
	{ .path = "tide.md" },
	{ .path = "docs/harbour.md" },
};

static const struct {
	const char *name, *place, *who, *number;
	const char *want; /* NULL: nothing */
} cases[] = {
	{ "the first", "c1", "telegram:42", "1", "tide.md" },
	{ "the last", "c1", "telegram:42", "2", "docs/harbour.md" },
	{ "one behind it", "c1", "telegram:42", "3", NULL },
	{ "none", "c1", "telegram:42", "0", NULL },
	{ "another form of it", "c1", "telegram:42", "02", "docs/harbour.md" },
	{ "a path", "c1", "telegram:42", "tide.md", NULL },
	{ "nothing", "c1", "telegram:42", "", NULL },
	{ "a sign before it", "c1", "telegram:42", "+1", NULL },
	{ "a blank before it", "c1", "telegram:42", " 1", NULL },
	{ "words behind it", "c1", "telegram:42", "1 2", NULL },
	{ "a large number", "c1", "telegram:42", "18446744073709551617", NULL },
	{ "somebody else's", "c1", "telegram:4", "1", NULL },
	{ "another place's", "c", "telegram:42", "1", NULL },
	{ "halves of both", "c1 telegram:42", "", "1", NULL },
};

static void
a_number_means_the_last_search_of_its_person_and_place(void **state)
{
	struct found *found = found_new();

	(void)state;
	found_note(found, "c1", "telegram:42", hits, N_OF(hits));
	for (size_t i = 0; i < N_OF(cases); i++) {
		const char *got = found_path(
		    found, cases[i].place, cases[i].who, cases[i].number);
		const char *want = cases[i].want;

		if ((got == NULL) != (want == NULL) ||
		    (want && strcmp(got, want) != 0))
			fail_msg("%s: %s", cases[i].name, got ? got : "none");
	}
	found_free(&found);
	assert_null(found);
}

static void
a_later_search_takes_the_place_of_an_earlier_one(void **state)
{
	struct found *found = found_new();

	(void)state;
	found_note(found, "c1", "a", hits, N_OF(hits));
	found_note(found, "c1", "a", hits + 1, 1);
	assert_string_equal(
	    found_path(found, "c1", "a", "1"), "docs/harbour.md");
	assert_null(found_path(found, "c1", "a", "2"));
	found_note(found, "c1", "a", NULL, 0);
	assert_null(found_path(found, "c1", "a", "1"));
	found_free(&found);
}

static void
the_oldest_are_forgotten(void **state)
{
	struct found *found = found_new();
	char who[16];

	(void)state;
	for (int i = 0; i < 513; i++) {
		snprintf(who, sizeof(who), "u:%d", i);
		found_note(found, "c1", who, hits, 1);
	}
	assert_null(found_path(found, "c1", "u:0", "1"));
	assert_non_null(found_path(found, "c1", "u:1", "1"));
	assert_non_null(found_path(found, "c1", "u:512", "1"));
	/* Who searches again is not among the oldest. */
	found_note(found, "c1", "u:1", hits, 1);
	found_note(found, "c1", "u:new", hits, 1);
	assert_non_null(found_path(found, "c1", "u:1", "1"));
	assert_null(found_path(found, "c1", "u:2", "1"));
	found_free(&found);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_number_means_the_last_search_of_its_person_and_place),
		cmocka_unit_test(
		    a_later_search_takes_the_place_of_an_earlier_one),
		cmocka_unit_test(the_oldest_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
