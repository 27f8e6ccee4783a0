/* Names of files that foreign ids get. */

#include "services/task-engine/policy/names.h"

#include <string.h>

#include "libcommon/arena.h"
#include "tests/unit/unit.h"

static const struct {
	const char *claim, *id, *name;
} cases[] = {
	{ "plain", "codex-cli", "codex-cli" },
	{ "case is kept", "Chan-A", "Chan-A" },
	{ "a sign is kept", "-100123", "-100123" },
	{ "blank", "a b", "a%20b" },
	{ "slash", "a/../b", "a%2F..%2Fb" },
	{ "leading dot", "..", "%2E." },
	{ "dots inside", "a..b", "a..b" },
	{ "percent", "50%", "50%25" },
	{ "tilde is never plain", "a~b", "a%7Eb" },
	{ "letters beyond ASCII", "\xc3\xa9", "%C3%A9" },
	{ "newline", "a\nb", "a%0Ab" },
};

static void
names_are_what_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		char name[NAME_SIZE];

		name_escape(name, cases[i].id);
		if (strcmp(name, cases[i].name) != 0)
			fail_msg("%s: %s", cases[i].claim, name);
	}
}

/* P-6 */
static void
long_ids_stay_short_and_different(void **state)
{
	char a[301], b[301], name_a[NAME_SIZE], name_b[NAME_SIZE];

	(void)state;
	memset(a, 'x', 300);
	a[300] = '\0';
	memcpy(b, a, sizeof(b));
	b[299] = 'y';
	name_escape(name_a, a);
	name_escape(name_b, b);
	assert_int_equal(strlen(name_a), 60 + 1 + 16);
	assert_string_not_equal(name_a, name_b);
	a[100] = '\0';
	name_escape(name_a, a);
	assert_string_equal(name_a, a);
}

static void
paths_lie_where_the_predecessor_put_them(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(1 << 16);

	(void)state;
	assert_string_equal(name_chat_log(arena, "telegram", "-42"),
	    "logs/chats/telegram/-42.md");
	assert_string_equal(name_artifact(arena, "t1", INT64_C(1795392000000)),
	    "tasks/2026/11/23/t1.md");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_what_the_table_says),
		cmocka_unit_test(long_ids_stay_short_and_different),
		cmocka_unit_test(paths_lie_where_the_predecessor_put_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
