/* What tools do, for whom, with whose authority, and what a turn tells of it. */

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/defs.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/turn/tools.h"
#include "services/task-engine/turn/turns.h"
#include "tests/unit/task-engine-turn/room.h"
#include "tests/unit/task-engine-turn/world.h"

/* What a call comes to, for which role; told: part of its result. */
static const struct {
	const char *name;
	enum role role;
	const char *tool, *arguments, *told;
	bool is_refused;
} calls[] = {
	{ "a member has a task made", ROLE_MEMBER, "create_task",
	    "{\"title\":\"T\",\"description\":\"D\"}", "\"task_id\":\"made-1\"",
	    false },
	{ "a guest does not", ROLE_GUEST, "create_task",
	    "{\"title\":\"T\",\"description\":\"D\"}", "no such tool", true },
	{ "one's own task is shown", ROLE_GUEST, "lookup_task",
	    "{\"task_id\":\"mine\"}", "\"status\":\"open\"", false },
	{ "others' are not", ROLE_MEMBER, "lookup_task",
	    "{\"task_id\":\"others\"}", "there is no such task", true },
	{ "an operator sees them", ROLE_OPERATOR, "lookup_task",
	    "{\"task_id\":\"others\"}", "\"status\":\"open\"", false },
	{ "G-44: none of another workspace", ROLE_OVERLORD, "lookup_task",
	    "{\"task_id\":\"elsewhere\"}", "there is no such task", true },
	{ "G-44: nor closed", ROLE_OVERLORD, "update_task",
	    "{\"task_id\":\"elsewhere\",\"status\":\"closed\"}",
	    "there is no such task", true },
	{ "a member closes none", ROLE_MEMBER, "update_task",
	    "{\"task_id\":\"mine\",\"status\":\"closed\"}", "no such tool",
	    true },
	{ "an operator closes one", ROLE_OPERATOR, "update_task",
	    "{\"task_id\":\"others\",\"status\":\"closed\"}",
	    "\"status\":\"succeeded\"", false },
	{ "and routes none", ROLE_OPERATOR, "update_task",
	    "{\"task_id\":\"others\",\"priority\":\"p1\"}", "only an admin",
	    true },
	{ "an admin does", ROLE_ADMIN, "update_task",
	    "{\"task_id\":\"others\",\"priority\":\"p1\"}",
	    "\"priority\":\"p1\"", false },
	{ "nothing is no change", ROLE_ADMIN, "update_task",
	    "{\"task_id\":\"others\"}", "what is to change", true },
	{ "a window that is none", ROLE_ADMIN, "update_task",
	    "{\"task_id\":\"others\",\"due_in\":\"soon\"}", "", true },
	{ "arguments that were too long", ROLE_ADMIN, "update_task",
	    "\"(too long)\"", "longer than 65536 bytes", true },
	{ "one without a name", ROLE_ADMIN, "unnamed", "{}", "no such tool",
	    true },
	{ "an objective is stored", ROLE_MEMBER, "create_objective",
	    "{\"title\":\"T\",\"prompt\":\"P\"}",
	    "\"objective_id\":\"obj_made\"", false },
	{ "and what it does today is said", ROLE_MEMBER, "create_objective",
	    "{\"title\":\"T\",\"prompt\":\"P\"}", "It is not run yet", false },
	{ "every six hours, of UTC", ROLE_MEMBER, "create_objective",
	    "{\"title\":\"T\",\"prompt\":\"P\"}",
	    "\"active\":true,\"trigger_type\":\"schedule\",\"cron_expr\":"
	    "\"0 */6 * * *\",\"timezone\":\"UTC\"",
	    false },
	{ "or paused", ROLE_MEMBER, "create_objective",
	    "{\"title\":\"T\",\"prompt\":\"P\",\"active\":false}",
	    "\"active\":false", false },
	{ "a guest stores none", ROLE_GUEST, "create_objective",
	    "{\"title\":\"T\",\"prompt\":\"P\"}", "no such tool", true },
	{ "what is wrong is said", ROLE_MEMBER, "create_objective",
	    "{\"title\":\"T\",\"prompt\":\"P\",\"cron_expr\":\"wrong\"}",
	    "cron_expr: is wrong", true },
	{ "a prompt is needed", ROLE_MEMBER, "create_objective",
	    "{\"title\":\"T\"}", "prompt is missing", true },
	{ "nobody says for whom", ROLE_OVERLORD, "create_objective",
	    "{\"title\":\"T\",\"prompt\":\"P\",\"asked_as\":\"overlord\"}",
	    "there is no argument \\\"asked_as\\\"", true },
	{ "objectives are listed", ROLE_GUEST, "list_objectives", "{}",
	    "\"objective_id\":\"obj_there\"", false },
	{ "and that there are no more", ROLE_GUEST, "list_objectives", "{}",
	    "\"has_more\":false", false },
	{ "behind the newest there are none", ROLE_GUEST, "list_objectives",
	    "{\"skip\":1}", "\"objectives\":[]", false },
	{ "one's own is changed", ROLE_MEMBER, "update_objective",
	    "{\"objective_id\":\"obj_mine\",\"prompt\":\"P\"}",
	    "\"objective_id\":\"obj_there\"", false },
	{ "as whoever asks now", ROLE_MEMBER, "update_objective",
	    "{\"objective_id\":\"obj_mine\",\"prompt\":\"P\"}",
	    "\"title\":\"member\"", false },
	{ "a guest changes none", ROLE_GUEST, "update_objective",
	    "{\"objective_id\":\"obj_mine\",\"prompt\":\"P\"}", "no such tool",
	    true },
	{ "others' are not there for a member", ROLE_MEMBER, "update_objective",
	    "{\"objective_id\":\"obj_others\",\"active\":false}",
	    "there is no such objective", true },
	{ "an operator may not pause them", ROLE_OPERATOR, "update_objective",
	    "{\"objective_id\":\"obj_others\",\"active\":false}",
	    "Access denied", true },
	{ "an admin may", ROLE_ADMIN, "update_objective",
	    "{\"objective_id\":\"obj_others\",\"active\":false}",
	    "\"active\":false", false },
	{ "and asks for nothing by that", ROLE_ADMIN, "update_objective",
	    "{\"objective_id\":\"obj_others\",\"active\":true}",
	    "\"title\":\"A title\"", false },
	{ "G-05: nobody rewrites another's", ROLE_OVERLORD, "update_objective",
	    "{\"objective_id\":\"obj_others\",\"prompt\":\"P\"}",
	    "only whoever asked for it", true },
	{ "G-44: none that is not here", ROLE_OVERLORD, "update_objective",
	    "{\"objective_id\":\"obj_nothing\",\"active\":false}",
	    "there is no such objective", true },
	{ "an objective without a change", ROLE_ADMIN, "update_objective",
	    "{\"objective_id\":\"obj_mine\"}", "what is to change", true },
	{ "one's own is deleted", ROLE_MEMBER, "update_objective",
	    "{\"objective_id\":\"obj_mine\",\"deleted\":true}",
	    "\"deleted\":true", false },
	{ "not deleted is no change", ROLE_MEMBER, "update_objective",
	    "{\"objective_id\":\"obj_mine\",\"deleted\":false}",
	    "what is to change", true },
	{ "nor is half a deletion", ROLE_MEMBER, "update_objective",
	    "{\"objective_id\":\"obj_mine\",\"deleted\":true,"
	    "\"active\":false}",
	    "is not changed as well", true },
	{ "an operator deletes none of others", ROLE_OPERATOR,
	    "update_objective",
	    "{\"objective_id\":\"obj_others\",\"deleted\":true}",
	    "Access denied", true },
	{ "an admin does", ROLE_ADMIN, "update_objective",
	    "{\"objective_id\":\"obj_others\",\"deleted\":true}",
	    "\"deleted\":true", false },
	{ "its id alone is none", ROLE_ADMIN, "update_objective",
	    "{\"objective_id\":\"obj_\",\"active\":false}",
	    "objective_id must have", true },
	{ "an event is one of those there are", ROLE_ADMIN, "update_objective",
	    "{\"objective_id\":\"obj_mine\",\"event_key\":\"x\"}",
	    "event_key must be one", true },
	{ "notes are written", ROLE_MEMBER, "write_file",
	    "{\"path\":\"a/b.md\",\"content\":\"x\"}", "\"size_bytes\":1",
	    false },
	{ "a guest writes none", ROLE_GUEST, "write_file",
	    "{\"path\":\"a.md\",\"content\":\"x\"}", "no such tool", true },
	{ "G-43: no way out", ROLE_OVERLORD, "write_file",
	    "{\"path\":\"../x.md\",\"content\":\"x\"}", "a path is one", true },
	{ "G-48: nor an absolute one", ROLE_OVERLORD, "read_file",
	    "{\"path\":\"/etc/passwd\"}", "a path is one", true },
	{ "nothing hidden", ROLE_OVERLORD, "write_file",
	    "{\"path\":\".tmp-x\",\"content\":\"x\"}", "a path is one", true },
	{ "a guest reads notes", ROLE_GUEST, "list_files", "{}", "\"files\":[]",
	    false },
	{ "an action is proposed", ROLE_GUEST, "propose_action",
	    "{\"type\":\"run_command\",\"target\":\"ls\",\"summary\":"
	    "\"s\",\"payload\":{\"args\":[\"-l\"]}}",
	    "\"action_id\":\"act_1\"", false },
	{ "of a known type", ROLE_OVERLORD, "propose_action",
	    "{\"type\":\"rm\",\"target\":\"ls\",\"summary\":\"s\"}",
	    "type must be one", true },
	{ "a message is judged", ROLE_MEMBER, "moderation_triage",
	    "{\"message\":\"I will kill you\",\"channel\":\"#x\"}",
	    "\"severity\":\"critical\",\"labels\":[\"violence\"]", false },
	{ "of 5000 bytes at most", ROLE_MEMBER, "moderation_triage",
	    "{\"message\":\"\"}", "1 to 5000", true },
	{ "a note is drafted", ROLE_MEMBER, "draft_escalation",
	    "{\"topic\":\"Spam\",\"summary\":\"It floods.\",\"urgency\":"
	    "\"high\",\"evidence\":[\"a\",\"b\"],\"next_step\":\"Mute.\"}",
	    "{\"draft\":\"**Escalation: Spam** (urgency: high)\\n\\nIt "
	    "floods.\\n\\nEvidence:\\n- a\\n- b\\n\\nNext step: Mute.\"}",
	    false },
	{ "with evidence", ROLE_MEMBER, "draft_escalation",
	    "{\"topic\":\"Spam\",\"summary\":\"It floods.\",\"urgency\":"
	    "\"high\",\"evidence\":[]}",
	    "1 to 20 items", true },
	{ "an answer is drafted", ROLE_MEMBER, "draft_faq_answer",
	    "{\"question\":\"When?\",\"key_points\":[\"At seven.\",\"Or "
	    "eight.\"],\"tone\":\"friendly\",\"include_follow_up\":true}",
	    "**When?**\\n\\nThanks for asking! At seven.\\n\\nOr "
	    "eight.\\n\\nDoes that help?",
	    false },
	{ "in a tone that is one", ROLE_MEMBER, "draft_faq_answer",
	    "{\"question\":\"When?\",\"key_points\":[\"x\"],\"tone\":"
	    "\"rude\"}",
	    "tone must be one", true },
	{ "a skill is proposed", ROLE_MEMBER, "learn_skill",
	    "{\"name\":\"jq-tips\",\"content\":\"Use -r.\"}",
	    "\"action_id\":\"act_1\"", false },
	{ "G-43: its name is no path", ROLE_OVERLORD, "learn_skill",
	    "{\"name\":\"../../x\",\"content\":\"x\"}", "the name of a skill",
	    true },
};

static void
calls_are_for_who_may(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(calls); i++) {
		room_enter(true);
		world.role = calls[i].role;
		room_ask(TURN_ANSWER);
		room_want(0, calls[i].tool, calls[i].arguments);
		assert_int_equal(world.n_calls, 2);
		if (!strstr(world.calls[1].last, calls[i].told))
			fail_msg("%s: %s", calls[i].name, world.calls[1].last);
		world_model_answers(1, "Done.", LLM_FINISH_DONE);
		if (world.recorded[0].is_error != calls[i].is_refused)
			fail_msg("%s: refused or not", calls[i].name);
		assert_false(world.is_in_transaction);
		if (calls[i].is_refused)
			assert_int_equal(world.n_tasks_made, 0);
		room_leave(NULL);
	}
	room_enter(true);
}

/* What a model hears of, by the role of whoever asked. */
#define GUESTS "search_knowledge open_knowledge read_file list_files "
#define MEMBERS GUESTS "write_file create_task lookup_task "
#define OBJECTIVES "create_objective list_objectives update_objective "
#define DRAFTS "moderation_triage draft_escalation draft_faq_answer "
#define OPERATORS                                                              \
	MEMBERS "update_task " OBJECTIVES DRAFTS "propose_action learn_skill "
static const struct {
	enum role role;
	const char *tools;
} offered[] = {
	{ ROLE_GUEST, GUESTS "lookup_task list_objectives propose_action " },
	{ ROLE_VIEWER, GUESTS "lookup_task list_objectives propose_action " },
	{ ROLE_MEMBER,
	    MEMBERS OBJECTIVES DRAFTS "propose_action learn_skill " },
	{ ROLE_OPERATOR, OPERATORS },
	{ ROLE_ADMIN, OPERATORS },
	{ ROLE_OVERLORD, OPERATORS },
};

static bool
is_offered(size_t row, const char *tool)
{
	char word[64];

	snprintf(word, sizeof(word), "%s ", tool);
	return strstr(offered[row].tools, word) != NULL;
}

/* One that it did not hear of it cannot call. */
static void
check_unoffered(size_t row, const char *tool)
{
	room_enter(true);
	world.role = offered[row].role;
	room_ask(TURN_ANSWER);
	room_want(0, tool, "{}");
	if (!strstr(world.calls[1].last, "there is no such tool"))
		fail_msg("%s of %s: %s", tool, role_name(offered[row].role),
		    world.calls[1].last);
	room_leave(NULL);
}

static void
tools_are_offered_by_role(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(offered); i++) {
		room_enter(true);
		world.role = offered[i].role;
		room_ask(TURN_ANSWER);
		if (strcmp(world.calls[0].tools, offered[i].tools) != 0)
			fail_msg("%s: %s", role_name(offered[i].role),
			    world.calls[0].tools);
		room_leave(NULL);
		for (size_t k = 0; k < n_tools; k++)
			if (!is_offered(i, tool_table[k].name))
				check_unoffered(i, tool_table[k].name);
	}
	room_enter(true);
}

/* Each tool is checked again when it is called, by the role as it is then. */
static void
a_role_that_was_lost_meanwhile_counts_no_more(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_tools; i++) {
		const struct policy_row *row =
		    policy_find(tool_table[i].operation);

		if (row->role == ROLE_GUEST || (row->flags & POLICY_OWN))
			continue;
		room_enter(true);
		world.role = ROLE_OVERLORD;
		room_ask(TURN_ANSWER);
		world.role = ROLE_GUEST;
		room_want(0, tool_table[i].name, "{}");
		if (!strstr(world.calls[1].last, "Access denied"))
			fail_msg(
			    "%s: %s", tool_table[i].name, world.calls[1].last);
		room_leave(NULL);
	}
	room_enter(true);
}

static void
a_task_has_the_authority_of_its_asker(void **state)
{
	(void)state;
	room_enter(true);
	world.role = ROLE_MEMBER;
	room_ask(TURN_ANSWER);
	room_want(0, "create_task", "{\"title\":\"T\",\"description\":\"D\"}");
	assert_string_equal(world.task_asked_as, "member");
}

/* G-40d: what a task reads has it make no chain of tasks. */
static void
a_chain_of_tasks_ends(void **state)
{
	static const char arguments[] =
	    "{\"title\":\"T\",\"description\":\"D\"}";

	(void)state;
	for (int64_t depth = 0; depth < 4; depth++) {
		room_enter(true);
		world_queue(TURN_TASK, "as you said, do it");
		world.queued[0].task.depth = depth;
		room_wake();
		room_want(0, "create_task", arguments);
		assert_int_equal(world.n_tasks_made, depth < 2);
		if (depth < 2)
			assert_int_equal(world.task_depth, depth + 1);
		else
			assert_non_null(
			    strstr(world.calls[1].last, "may make none"));
		room_leave(NULL);
	}
	room_enter(true);
	room_ask(TURN_ANSWER);
	room_want(0, "create_task", arguments);
	assert_int_equal(world.task_depth, 1);
}

/* G-05, P-59: nor does it have work done again and again. */
static void
a_task_of_a_task_makes_no_objective(void **state)
{
	(void)state;
	for (int64_t depth = 0; depth < 3; depth++) {
		room_enter(true);
		world_queue(TURN_TASK, "as you said, do it");
		world.queued[0].task.depth = depth;
		room_wake();
		room_want(0, "create_objective",
		    "{\"title\":\"T\",\"prompt\":\"P\"}");
		room_want(1, "update_objective",
		    "{\"objective_id\":\"obj_mine\",\"active\":true}");
		assert_int_equal(world.n_tasks_made, depth == 0);
		assert_int_equal(depth == 0,
		    strstr(world.calls[2].last, "neither make nor change") ==
			NULL);
		room_leave(NULL);
	}
	room_enter(true);
	world.role = ROLE_MEMBER;
	room_ask(TURN_ANSWER);
	room_want(0, "create_objective", "{\"title\":\"T\",\"prompt\":\"P\"}");
	assert_string_equal(world.task_asked_as, "member");
}

static void
tasks_of_turns_are_counted(void **state)
{
	(void)state;
	room_enter(true);
	world.cfg.agent_tasks_hour = 1;
	room_ask(TURN_ANSWER);
	room_want(0, "create_task", "{\"title\":\"1\",\"description\":\"D\"}");
	room_want(1, "create_task", "{\"title\":\"2\",\"description\":\"D\"}");
	assert_int_equal(world.n_tasks_made, 1);
	assert_int_equal(world.n_rolled_back, 1);
	assert_non_null(strstr(world.calls[2].last, "as many tasks"));
}

static void
notes_can_be_read_before_they_are_written(void **state)
{
	(void)state;
	room_enter(true);
	room_ask(TURN_ANSWER);
	room_want(0, "write_file", "{\"path\":\"n.md\",\"content\":\"kept\"}");
	assert_string_equal(world.file_path, "scratch/context/n.md");
	room_want(1, "read_file", "{\"path\":\"n.md\"}");
	assert_non_null(strstr(world.calls[2].last, "\"content\":\"kept\""));
	room_want(2, "read_file", "{\"path\":\"m.md\"}");
	assert_non_null(strstr(world.calls[3].last, "no such file"));
}

static void
a_change_is_told_when_the_model_is_away_later(void **state)
{
	(void)state;
	room_enter(true);
	room_ask(TURN_ANSWER);
	room_want(0, "create_task", "{\"title\":\"T\",\"description\":\"D\"}");
	world_model_answers(1, NULL, LLM_FINISH_DONE);
	assert_false(world.said[0].is_ok);
	assert_non_null(
	    strstr(world.said[0].text, "Done before: `create_task`"));
}

static void
what_a_tool_proposed_is_told_with_the_answer(void **state)
{
	(void)state;
	room_enter(true);
	room_ask(TURN_ANSWER);
	room_want(0, "propose_action",
	    "{\"type\":\"run_command\",\"target\":\"ls\",\"summary\":"
	    "\"s\"}");
	world_model_answers(1, "I proposed it.", LLM_FINISH_DONE);
	assert_int_equal(world.n_proposed, 1);
	assert_non_null(strstr(world.said[0].text, "I proposed it."));
	assert_non_null(strstr(world.said[0].text, "act_1"));
}

#define TEST(name) cmocka_unit_test_teardown(name, room_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(calls_are_for_who_may),
		TEST(tools_are_offered_by_role),
		TEST(a_role_that_was_lost_meanwhile_counts_no_more),
		TEST(a_task_has_the_authority_of_its_asker),
		TEST(a_chain_of_tasks_ends),
		TEST(a_task_of_a_task_makes_no_objective),
		TEST(tasks_of_turns_are_counted),
		TEST(notes_can_be_read_before_they_are_written),
		TEST(a_change_is_told_when_the_model_is_away_later),
		TEST(what_a_tool_proposed_is_told_with_the_answer),
	};

	return cmocka_run_group_tests(tests, room_open, room_close);
}
