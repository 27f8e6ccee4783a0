/* The whole policy table, the roles behind it, and what a context may read. */

#include "services/task-engine/policy/policy.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "proto/routes.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/people/actors.h"
#include "services/task-engine/policy/scope.h"
#include "services/task-engine/store/people.h"
#include "services/task-engine/store/store.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

/* Who may be meant by a letter in the table below. */
static const struct {
	char letter;
	struct policy_facts facts;
} askers[] = {
	{ 'g', { ACTOR_ACCOUNT, ROLE_GUEST, false, false, false } },
	{ 'G', { ACTOR_ACCOUNT, ROLE_GUEST, false, false, true } },
	{ 'y', { ACTOR_ACCOUNT, ROLE_GUEST, false, true, false } },
	{ 'v', { ACTOR_ACCOUNT, ROLE_VIEWER, true, false, false } },
	{ 'm', { ACTOR_ACCOUNT, ROLE_MEMBER, true, false, false } },
	{ 'p', { ACTOR_ACCOUNT, ROLE_OPERATOR, true, false, false } },
	{ 'a', { ACTOR_ACCOUNT, ROLE_ADMIN, true, false, false } },
	{ 'o', { ACTOR_ACCOUNT, ROLE_OVERLORD, true, false, false } },
	/* A tool in its own session and elsewhere, whatever its role. */
	{ 's', { ACTOR_TOOL, ROLE_OVERLORD, true, true, false } },
	{ 't', { ACTOR_TOOL, ROLE_OVERLORD, true, false, false } },
	{ 'l', { ACTOR_LOCAL, ROLE_OVERLORD, false, false, false } },
};

static const struct {
	const char *operation;
	const char *who; /* letters of askers, in their order */
} wanted[] = {
	{ "gateway.hello", "" },
	{ "gateway.cursor", "" },
	{ "update.suspect", "" },
	{ "message.inbound", "" },
	{ "attachment.put", "" },
	{ "membership.changed", "" },
	{ "membership.list", "" },
	{ "button.pressed", "" },
	{ "delivery.claim", "" },
	{ "delivery.result", "" },
	{ "command.catalogue", "" },
	{ "command.complete", "" },
	{ "document.changed", "" },
	{ "embed.request", "" },
	{ "upkeep", "" },
	{ "health.changed", "" },
	{ "engine.ready", "" },
	{ "access.check", "" },
	{ "chat.delivered", "" },

	{ "command.help", "gGyvmpaostl" },
	{ "command.whoami", "gGyvmpaostl" },
	{ "command.pair", "gGyvmpaol" },
	{ "command.admin-channel", "aol" },
	{ "command.admin-channel.global", "ol" },
	{ "command.task", "Gvmpaostl" },
	{ "command.tasks", "ypaosl" },
	{ "command.cancel", "ypaosl" },
	{ "command.done", "paol" },
	{ "command.route", "aol" },
	{ "command.monitor", "Gvmpaostl" },
	{ "command.search", "Gvmpaostl" },
	{ "command.open", "Gvmpaostl" },
	{ "command.status", "Gvmpaostl" },
	{ "command.prompt", "aol" },
	{ "command.forget", "mpaol" },
	{ "command.forget.everything", "aol" },
	{ "message.answer", "gGyvmpaostl" },

	{ "tool.search_knowledge", "gGyvmpaostl" },
	{ "tool.open_knowledge", "gGyvmpaostl" },
	{ "tool.read_file", "gGyvmpaostl" },
	{ "tool.list_files", "gGyvmpaostl" },
	{ "tool.write_file", "mpaostl" },
	{ "tool.create_task", "mpaostl" },
	{ "tool.lookup_task", "ypaosl" },
	{ "tool.update_task", "paol" },
	{ "tool.create_objective", "mpaostl" },
	{ "tool.list_objectives", "ypaosl" },
	{ "tool.update_objective", "mpaostl" },
	{ "tool.update_objective.others", "aol" },
	{ "tool.moderation_triage", "mpaostl" },
	{ "tool.draft_escalation", "mpaostl" },
	{ "tool.draft_faq_answer", "mpaostl" },
	{ "tool.learn_skill", "mpaostl" },

	{ "action.propose", "gGyvmpaostl" },
	{ "command.approve", "aol" },
	{ "command.deny", "aol" },
	{ "command.pending-actions", "aol" },
	{ "command.approve-action", "aol" },
	{ "command.deny-action", "aol" },
	{ "button.approve", "aol" },
	{ "button.deny", "aol" },
	{ "action.http_request", "aol" },
	{ "action.webhook", "aol" },
	{ "action.send_email", "aol" },
	{ "action.smtp_email", "aol" },
	{ "action.run_command", "aol" },
	{ "action.shell_command", "aol" },
	{ "action.learn_skill", "aol" },

	{ "chat.turn", "sl" },
	{ "chat.result", "sl" },
	{ "task.create", "sl" },
	{ "task.get", "sl" },
	{ "task.list", "sl" },
	{ "task.retry", "sl" },
	{ "task.cancel", "sl" },

	{ "engine.status", "l" },
	{ "heartbeat.read", "l" },
	{ "info.read", "l" },
	{ "workspace.list", "l" },
	{ "workspace.get", "l" },
	{ "context.list", "l" },
	{ "context.get", "l" },
	{ "search.find", "l" },
	{ "action.list", "l" },
	{ "action.approve", "l" },
	{ "action.deny", "l" },
	{ "token.add", "l" },
	{ "token.list", "l" },
	{ "token.revoke", "l" },
	{ "audit.list", "l" },
	{ "audit.verify", "l" },
	{ "trace.why", "l" },
	{ "trace.simulate", "l" },

	{ "pairing.start", "l" },
	{ "pairing.lookup", "l" },
	{ "pairing.approve", "l" },
	{ "pairing.deny", "l" },
	{ "identity.list", "l" },
	{ "identity.role", "l" },
	{ "identity.unlink", "l" },
};

/* P-103: each role has rights of its own. */
static void
the_table_is_what_was_decided(void **state)
{
	(void)state;
	assert_int_equal(n_policy_rows, N_OF(wanted));
	for (size_t i = 0; i < N_OF(wanted); i++) {
		const struct policy_row *row = policy_find(wanted[i].operation);
		char who[N_OF(askers) + 1] = "";
		size_t n = 0;

		if (!row)
			fail_msg("%s has no row", wanted[i].operation);
		for (size_t k = 0; k < N_OF(askers); k++)
			if (policy_decide(row, &askers[k].facts) ==
			    POLICY_ALLOWED)
				who[n++] = askers[k].letter;
		if (strcmp(who, wanted[i].who) != 0)
			fail_msg("%s: may %s, wanted %s", row->operation, who,
			    wanted[i].who);
		assert_true(*row->help);
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
roles_are_read_from_their_names(void **state)
{
	enum role role;

	(void)state;
	for (unsigned i = 0; i < ROLE_COUNT; i++)
		assert_int_equal(role_read(role_name((enum role)i)), i);
	assert_true(role_parse("Admin", &role));
	assert_int_equal(role, ROLE_ADMIN);
	assert_false(role_parse("guest", &role));
	assert_false(role_parse("root", &role));
	assert_false(role_parse("", &role));
	assert_int_equal(role_read(""), ROLE_GUEST);
}

static void
add_person(struct world *w, const char *user_id, const char *account)
{
	const struct identity_row identity = {
		.id = user_id,
		.user_id = user_id,
		.connector = "telegram",
		.connector_user_id = account,
	};

	DONE(store_user_add(w->store, user_id, user_id, w->now_ms, &w->err));
	DONE(store_identity_add(w->store, &identity, w->now_ms, &w->err));
}

static struct actor
account(struct world *w, const char *id)
{
	struct people people = { .store = w->store };
	struct actor out;

	DONE(people_account(&people, "telegram", id, w->arena, &out, &w->err));
	return out;
}

/* Roles of "42" (linked), "7" (a guest) and a capped "42". */
static void
roles_count_in_their_workspace(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	struct context_row red =
	    world_context(w, "telegram", "-1", "community", "-1");
	struct context_row blue =
	    world_context(w, "telegram", "-2", "community", "-2");
	struct context_row own =
	    world_context(w, "telegram", "7", "private", "7");

	DONE(store_begin(w->store, &w->err));
	add_person(w, "u42", "42");
	add_person(w, "u9", "9");
	DONE(store_role_put(
	    w->store, "u42", red.workspace_id, ROLE_ADMIN, &w->err));
	DONE(store_role_put(w->store, "u42", "*", ROLE_VIEWER, &w->err));
	DONE(store_role_put(w->store, "u9", "*", ROLE_OVERLORD, &w->err));
	DONE(store_commit(w->store, &w->err));

	const struct {
		const char *name, *account, *workspace_id;
		enum role role;
	} rows[] = {
		{ "admin there", "42", red.workspace_id, ROLE_ADMIN },
		{ "viewer elsewhere", "42", blue.workspace_id, ROLE_VIEWER },
		{ "viewer for all", "42", "*", ROLE_VIEWER },
		{ "admin somewhere", "42", NULL, ROLE_ADMIN },
		{ "overlord there", "9", red.workspace_id, ROLE_OVERLORD },
		{ "guest", "7", red.workspace_id, ROLE_GUEST },
		{ "guest at home", "7", own.workspace_id, ROLE_MEMBER },
		{ "another at that home", "42", own.workspace_id, ROLE_VIEWER },
	};
	const struct policy policy = { w->store, "" };

	for (size_t i = 0; i < N_OF(rows); i++) {
		struct actor actor = account(w, rows[i].account);
		enum role role;

		DONE(policy_role(
		    &policy, &actor, rows[i].workspace_id, &role, &w->err));
		if (role != rows[i].role)
			fail_msg("%s: %s", rows[i].name, role_name(role));
		actor.is_capped = true;
		actor.cap = ROLE_MEMBER;
		DONE(policy_role(
		    &policy, &actor, rows[i].workspace_id, &role, &w->err));
		assert_int_equal(role, role_weaker(rows[i].role, ROLE_MEMBER));
	}
	world_close(w);
}

static void
refusals_say_what_why_and_who_can_allow_it(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	struct context_row red =
	    world_context(w, "telegram", "-1", "community", "-1");
	const struct policy policy = { w->store, "task,search" };
	const struct policy_target here = { red.workspace_id, "telegram", "-1",
		"" };
	const struct actor guest = account(w, "7");
	const struct actor tool = { .kind = ACTOR_TOOL,
		.name = "tool:ci",
		.connector = "codex",
		.external_id = "ci" };
	const struct policy_target other = { w->context.workspace_id, "codex",
		"s1", "local" };
	const struct {
		const struct actor *actor;
		const char *operation;
		const struct policy_target *target;
		const char *says;
	} rows[] = {
		{ &guest, "command.status", &here,
		    "AGENT_RUNTIME_GUEST_COMMANDS" },
		{ &guest, "token.add", NULL, "data/run/admin.token" },
		{ &tool, "token.add", NULL, "only its own chat and tasks" },
		{ &tool, "task.get", &other, "codex ci" },
	};

	DONE(policy_check(&policy, &guest, "command.task", &here, &w->err));
	for (size_t i = 0; i < N_OF(rows); i++) {
		FAILS(policy_check(&policy, rows[i].actor, rows[i].operation,
			  rows[i].target, &w->err),
		    ERR_REFUSED);
		if (!strstr(w->err.text, rows[i].says))
			fail_msg("%s", w->err.text);
	}
	world_close(w);
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
	const struct policy policy = { w->store, "" };
	const struct actor guest = account(w, "7");

	DONE(policy_scope(&policy, &guest, &x, w->arena, &scope, &w->err));
	for (size_t i = 0; i < N_OF(paths); i++)
		if (policy_may_read(&scope, paths[i].path) !=
		    paths[i].is_readable)
			fail_msg("%s", paths[i].path);
	world_close(w);
}

static void
a_thread_reads_what_its_channel_reads(void **state)
{
	struct world world, *w = &world;
	struct search_scope scope;

	(void)state;
	world_open(w);
	struct context_row channel =
	    world_context(w, "telegram", "-42", "community", "-42");
	struct context_row thread =
	    world_context(w, "telegram", "-42/9", "community", "-42");
	const struct policy policy = { w->store, "" };
	const struct actor guest = account(w, "7");

	thread.parent_external_id = "-42";
	DONE(policy_scope(&policy, &guest, &thread, w->arena, &scope, &w->err));
	assert_true(policy_may_read(&scope, "logs/chats/telegram/-42.md"));
	assert_true(policy_may_read(&scope, "logs/chats/telegram/-42%2F9.md"));
	assert_true(policy_may_read(&scope, "inbox/telegram/-42/a.md"));
	assert_true(policy_may_read(&scope,
	    arena_printf(w->arena, "memory/contexts/%s.md", channel.id)));
	/* The channel does not read its threads. */
	DONE(
	    policy_scope(&policy, &guest, &channel, w->arena, &scope, &w->err));
	assert_false(policy_may_read(&scope, "logs/chats/telegram/-42%2F9.md"));
	world_close(w);
}

static void
an_admin_reads_all_only_among_admins(void **state)
{
	static const char private[] = "logs/chats/telegram/-43.md";
	struct world world, *w = &world;
	struct search_scope scope;

	(void)state;
	world_open(w);
	struct context_row room =
	    world_context(w, "telegram", "-42", "community", "-42");
	const struct policy policy = { w->store, "" };
	const struct actor local = { .kind = ACTOR_LOCAL, .name = "local" };

	DONE(store_begin(w->store, &w->err));
	add_person(w, "u42", "42");
	DONE(store_role_put(
	    w->store, "u42", room.workspace_id, ROLE_ADMIN, &w->err));
	DONE(store_commit(w->store, &w->err));

	const struct actor admin = account(w, "42"), guest = account(w, "7");
	struct context_row admins = room;

	admins.is_admin = true;
	const struct {
		const char *name;
		const struct actor *actor;
		const struct context_row *context;
		bool reads_all;
	} rows[] = {
		{ "admin in public", &admin, &room, false },
		{ "admin among admins", &admin, &admins, true },
		{ "guest among admins", &guest, &admins, false },
		{ "local in its session", &local, &w->context, true },
		{ "local in public", &local, &room, false },
		{ "admin in a session", &admin, &w->context, false },
	};

	for (size_t i = 0; i < N_OF(rows); i++) {
		DONE(policy_scope(&policy, rows[i].actor, rows[i].context,
		    w->arena, &scope, &w->err));
		if (policy_may_read(&scope, private) != rows[i].reads_all)
			fail_msg("%s", rows[i].name);
	}
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_what_was_decided),
		cmocka_unit_test(every_handler_and_command_has_a_row),
		cmocka_unit_test(roles_are_read_from_their_names),
		cmocka_unit_test(roles_count_in_their_workspace),
		cmocka_unit_test(refusals_say_what_why_and_who_can_allow_it),
		cmocka_unit_test(a_guest_reads_shared_and_own_files_only),
		cmocka_unit_test(a_thread_reads_what_its_channel_reads),
		cmocka_unit_test(an_admin_reads_all_only_among_admins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
