/* Who belongs to the suite. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "services/agent-runtime/suite.h"

#define FIXED "task-engine indexer scheduler api "

static const struct {
	const char *name, *instances, *want;
} good[] = {
	{ "none", "", FIXED },
	{ "the default",
	    "gateway-telegram.main,gateway-discord.main,imap-ingest.main",
	    FIXED "gateway-telegram gateway-discord imap-ingest " },
	{ "a second instance", "gateway-telegram.main,gateway-telegram.b",
	    FIXED "gateway-telegram gateway-telegram.b " },
	{ "only a door", "gateway-telegram.sink!",
	    FIXED "gateway-telegram.sink! " },
};

static void
members_are_the_fixed_and_the_listed(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(good); i++) {
		struct suite suite;
		struct buf out;
		struct err err;

		buf_init(&out);
		if (suite_plan(&suite, good[i].instances, &err) < 0)
			fail_msg("%s: %s", good[i].name, err.text);
		for (size_t m = 0; m < suite.n_members; m++) {
			char name[64];

			suite_member_name(&suite.members[m], name);
			buf_addf(&out, "%s%s ", name,
			    suite.members[m].is_started ? "" : "!");
		}
		if (strcmp(out.data, good[i].want) != 0)
			fail_msg("%s: %s", good[i].name, out.data);
		buf_release(&out);
	}
}

static const struct {
	const char *instances, *want;
} bad[] = {
	{ "gateway-telegram", "\"gateway-telegram\" has no instance" },
	{ "api.main", "\"api\" is no connector" },
	{ "nobody.main", "\"nobody\" is no connector" },
	{ "gateway-telegram.a/b", "\"a/b\" is no name" },
	{ "gateway-telegram.", "\"\" is no name" },
	{ "gateway-telegram.a,gateway-telegram.a!", "is there twice" },
	{ "!", "\"\" has no instance" },
};

static void
bad_lists_are_refused_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(bad); i++) {
		struct suite suite;
		struct err err;

		if (suite_plan(&suite, bad[i].instances, &err) != -1)
			fail_msg("%s: accepted", bad[i].instances);
		if (strstr(err.text, bad[i].want) == NULL)
			fail_msg("%s: %s", bad[i].instances, err.text);
	}
}

static void
there_is_a_limit(void **state)
{
	struct suite suite;
	struct err err;
	struct buf list;

	(void)state;
	buf_init(&list);
	for (int i = 0; i < SUITE_MAX_MEMBERS - 4; i++)
		buf_addf(&list, "gateway-telegram.i%d,", i);
	assert_int_equal(suite_plan(&suite, list.data, &err), 0);
	buf_adds(&list, "gateway-telegram.last");
	assert_int_equal(suite_plan(&suite, list.data, &err), -1);
	buf_release(&list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_the_fixed_and_the_listed),
		cmocka_unit_test(bad_lists_are_refused_by_name),
		cmocka_unit_test(there_is_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
