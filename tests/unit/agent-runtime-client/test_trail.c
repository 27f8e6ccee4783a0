/* One message's way through the log. */

#include "tests/unit/unit.h"

#include "libcommon/defs.h"
#include "services/agent-runtime/trail.h"

/* In the order of a log; the trail begins with the message A. */
static const struct {
	const char *line;
	bool is_taken;
} lines[] = {
	{ "t info api http-taken msg=A cause= path=/chat", true },
	{ "t info task-engine turn-started msg=B cause=A", true },
	{ "t info indexer searched msg=C cause=B hits=3", true },
	{ "t info indexer searched msg=D cause=E hits=3", false },
	{ "t info task-engine turn-done msg=B cause=A", true },
	{ "t info gateway sent cause=\"C\"", true },
	{ "t info task-engine noted key=A", true },
	{ "t info task-engine noted key=AB", false },
	{ "t info task-engine text=\"nomsg=A\"", false },
	{ "", false },
	{ "t info api nothing", false },
};

static void
what_came_of_a_message_belongs_to_it(void **state)
{
	struct trail *trail = trail_new("A");

	(void)state;
	for (size_t i = 0; i < N_OF(lines); i++)
		if (trail_takes(trail, lines[i].line) != lines[i].is_taken)
			fail_msg("%s", lines[i].line);
	trail_free(&trail);
	assert_null(trail);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_came_of_a_message_belongs_to_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
