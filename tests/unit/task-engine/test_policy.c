/* The whole policy table, and what a context may read. */

#include "services/task-engine/policy/policy.h"

#include <string.h>

#include "libcommon/err.h"
#include "proto/routes.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/policy/scope.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

static const struct actor guest = { ACTOR_GUEST, "telegram:42", "telegram",
	"" };
static const struct actor tool = { ACTOR_TOOL, "tool:ci", "codex", "ci" };
static const struct actor local = { ACTOR_LOCAL, "local", "", "" };

/* operation, then who may: guest, tool, local */
static const struct {
	const char *operation;
	bool guest, tool, local;
} wanted[] = {
	{ "gateway.hello", false, false, false },
	{ "gateway.cursor", false, false, false },
	{ "message.inbound", false, false, false },
	{ "delivery.claim", false, false, false },
	{ "delivery.result", false, false, false },
	{ "upkeep", false, false, false },
	{ "engine.ready", false, false, false },
	{ "access.check", false, false, false },
	{ "chat.delivered", false, false, false },
	{ "command.help", true, true, true },
	{ "command.task", true, true, true },
	{ "command.search", true, true, true },
	{ "command.open", true, true, true },
	{ "command.status", true, true, true },
	{ "message.answer", true, true, true },
	{ "chat.turn", false, true, true },
	{ "chat.result", false, true, true },
	{ "task.create", false, true, true },
	{ "task.get", false, true, true },
	{ "task.list", false, true, true },
	{ "task.retry", false, true, true },
	{ "task.cancel", false, true, true },
	{ "engine.status", false, false, true },
	{ "heartbeat.read", false, false, true },
	{ "info.read", false, false, true },
	{ "workspace.list", false, false, true },
	{ "context.list", false, false, true },
	{ "token.add", false, false, true },
	{ "token.list", false, false, true },
	{ "token.revoke", false, false, true },
};

static bool
may(const struct actor *actor, const char *operation,
    const struct policy_target *target)
{
	struct err err = { 0 };
	int got = policy_check(actor, operation, target, &err);

	assert_true(got == 0 || err.code == ERR_REFUSED);
	assert_true(got == 0 || *err.text);
	return got == 0;
}

static void
the_table_is_what_was_decided(void **state)
{
	(void)state;
	assert_int_equal(n_policy_rows, N_OF(wanted));
	for (size_t i = 0; i < N_OF(wanted); i++) {
		const char *operation = wanted[i].operation;

		if (!policy_find(operation))
			fail_msg("%s has no row", operation);
		if (may(&guest, operation, NULL) != wanted[i].guest ||
		    may(&tool, operation, NULL) != wanted[i].tool ||
		    may(&local, operation, NULL) != wanted[i].local)
			fail_msg("%s is decided otherwise", operation);
		assert_true(*policy_find(operation)->help);
	}
}

static void
own_means_own(void **state)
{
	static const struct policy_target own = { "codex", "ci", "" };
	static const struct policy_target other = { "codex", "cli", "local" };
	static const struct policy_target asked = { "codex", "cli", "tool:ci" };
	static const struct policy_target nobody = { "", "", "" };

	(void)state;
	for (size_t i = 0; i < n_policy_rows; i++) {
		const struct policy_row *row = &policy_rows[i];

		if (!row->own_only)
			continue;
		assert_true(may(&tool, row->operation, &own));
		assert_true(may(&tool, row->operation, &asked));
		assert_false(may(&tool, row->operation, &other));
		assert_false(may(&tool, row->operation, &nobody));
		assert_true(may(&local, row->operation, &other));
	}
}

static void
every_handler_and_command_has_a_row(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(doors_check_policy(&err), 0);
	/* And every request that may be sent to the engine. */
	for (size_t i = 0; i < n_routes; i++)
		if (routes[i].how == ROUTE_REQ &&
		    (routes[i].to & SVC_BIT(SVC_TASK_ENGINE)))
			assert_non_null(policy_find(routes[i].type));
}

static void
kinds_are_read_from_names(void **state)
{
	(void)state;
	assert_int_equal(actor_kind_of("local"), ACTOR_LOCAL);
	assert_int_equal(actor_kind_of("tool:local"), ACTOR_TOOL);
	assert_int_equal(actor_kind_of("telegram:local"), ACTOR_GUEST);
	assert_int_equal(actor_kind_parse("local"), ACTOR_LOCAL);
	assert_int_equal(actor_kind_parse("overlord"), ACTOR_GUEST);
}

static const struct {
	const char *path;
	bool is_readable;
} paths[] = {
	{ "welcome.md", true },
	{ "guide/pairing.md", true },
	{ "logs/chats/telegram/-42.md", true },
	{ "logs/chats/telegram/-42.md.md", false },
	{ "logs/chats/telegram/-43.md", false },
	{ "logs/other.md", false },
	{ "inbox/telegram/-42/1-a.md", true },
	{ "inbox/telegram/-421/1-a.md", false },
	{ "tasks/2026/11/22/x.md", false },
	{ "memory/contexts/x.md", false },
	{ "context/SOUL.md", false },
	{ "skills/a.md", false },
	{ "scratch/x.md", false },
	{ "ops/heartbeat.md", false },
	{ "logsbook.md", true },
};

static void
a_guest_reads_shared_and_own_files_only(void **state)
{
	struct world world, *w = &world;
	struct search_scope scope;

	(void)state;
	world_open(w);
	struct context_row x =
	    world_context(w, "telegram", "-42", "community", "-42");

	DONE(
	    policy_scope(w->store, ACTOR_GUEST, &x, w->arena, &scope, &w->err));
	for (size_t i = 0; i < N_OF(paths); i++)
		if (policy_may_read(&scope, paths[i].path) !=
		    paths[i].is_readable)
			fail_msg("%s", paths[i].path);
	world_close(w);
}

static void
the_local_person_reads_all_where_it_is_private(void **state)
{
	struct world world, *w = &world;
	struct search_scope scope;

	(void)state;
	world_open(w);
	DONE(policy_scope(
	    w->store, ACTOR_LOCAL, &w->context, w->arena, &scope, &w->err));
	assert_true(policy_may_read(&scope, "logs/chats/telegram/-43.md"));
	struct context_row room =
	    world_context(w, "telegram", "-42", "community", "-42");

	DONE(policy_scope(
	    w->store, ACTOR_LOCAL, &room, w->arena, &scope, &w->err));
	assert_false(policy_may_read(&scope, "logs/chats/telegram/-43.md"));
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_what_was_decided),
		cmocka_unit_test(own_means_own),
		cmocka_unit_test(every_handler_and_command_has_a_row),
		cmocka_unit_test(kinds_are_read_from_names),
		cmocka_unit_test(a_guest_reads_shared_and_own_files_only),
		cmocka_unit_test(
		    the_local_person_reads_all_where_it_is_private),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
