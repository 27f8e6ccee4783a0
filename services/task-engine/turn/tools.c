/* The tools: which there are, who may use them, and how one is called. */

#include "services/task-engine/turn/tools.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/log.h"
#include "services/task-engine/config.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/tasks/blame.h"
#include "services/task-engine/turn/turn.h"
#include "services/task-engine/turn/usage.h"

enum {
	/* of one result: about what a person reads of a page */
	MAX_RESULT_BYTES = 16 * 1024,
	/* a model that only errs is stopped before its steps are used up */
	MAX_REFUSED = 8,
};

// clang-format off
const struct tool tool_table[] = {
	{ "search_knowledge", "tool.search_knowledge", TOOL_READS,
	    "Searches the workspace's Markdown. Gives sections with path, line "
	    "and text, best first.",
	    search_fields, SEARCH_FIELDS, tool_search },
	{ "open_knowledge", "tool.open_knowledge", TOOL_READS,
	    "Reads one document of the workspace.",
	    open_fields, OPEN_FIELDS, tool_open },
	{ "read_file", "tool.read_file", TOOL_READS,
	    "Reads one of your own notes in this conversation.",
	    read_fields, READ_FIELDS, tool_read_file },
	{ "list_files", "tool.list_files", TOOL_READS,
	    "Lists your own notes in this conversation.",
	    NULL, 0, tool_list_files },
	{ "write_file", "tool.write_file", TOOL_CHANGES,
	    "Writes one of your own notes in this conversation.",
	    write_fields, WRITE_FIELDS, tool_write_file },
	{ "create_task", "tool.create_task", TOOL_CHANGES,
	    "Queues work that is done later and told in this place. Not for "
	    "what you can answer now.",
	    create_task_fields, CREATE_TASK_FIELDS, tool_create_task },
	{ "lookup_task", "tool.lookup_task", TOOL_READS,
	    "Shows how a task stands.",
	    lookup_task_fields, LOOKUP_TASK_FIELDS, tool_lookup_task },
	{ "update_task", "tool.update_task", TOOL_CHANGES,
	    "Closes an open task, or changes how one is routed.",
	    update_task_fields, UPDATE_TASK_FIELDS, tool_update_task },
	{ "create_objective", "tool.create_objective", TOOL_CHANGES,
	    "Stores work that is due again and again, by a schedule. Only if "
	    "the message itself asks for it.",
	    create_objective_fields, CREATE_OBJECTIVE_FIELDS,
	    tool_create_objective },
	{ "list_objectives", "tool.list_objectives", TOOL_READS,
	    "Lists the objectives of the workspace, newest first.",
	    list_objectives_fields, LIST_OBJECTIVES_FIELDS,
	    tool_list_objectives },
	{ "update_objective", "tool.update_objective", TOOL_CHANGES,
	    "Changes, pauses, resumes or deletes an objective. Only if the "
	    "message itself asks for it.",
	    update_objective_fields, UPDATE_OBJECTIVE_FIELDS,
	    tool_update_objective },
	{ "moderation_triage", "tool.moderation_triage", TOOL_READS,
	    "Judges a reported message by fixed words, and says what a "
	    "moderator would do. Changes nothing.",
	    moderate_fields, MODERATE_FIELDS, tool_moderate },
	{ "draft_escalation", "tool.draft_escalation", TOOL_READS,
	    "Formats a note to the people who run this place. Sends nothing.",
	    escalate_fields, ESCALATE_FIELDS, tool_escalate },
	{ "draft_faq_answer", "tool.draft_faq_answer", TOOL_READS,
	    "Formats an answer to a question that many ask. Sends nothing.",
	    faq_fields, FAQ_FIELDS, tool_faq },
	{ "propose_action", "action.propose", TOOL_CHANGES,
	    "Proposes something in the outside world: a request, a mail, a "
	    "command. An admin sees it and decides. Only if the message itself "
	    "asks for it.",
	    propose_fields, PROPOSE_FIELDS, tool_propose },
	{ "learn_skill", "tool.learn_skill", TOOL_CHANGES,
	    "Proposes to keep how something is done here, for all later "
	    "conversations of the workspace. An admin decides.",
	    skill_fields, SKILL_FIELDS, tool_learn_skill },
};
// clang-format on

const size_t n_tools = N_OF(tool_table);

bool
tools_is_change(const char *name)
{
	for (size_t i = 0; i < n_tools; i++)
		if (strcmp(tool_table[i].name, name) == 0)
			return tool_table[i].class == TOOL_CHANGES;
	return false;
}

struct llm_tool *
tools_describe(void)
{
	struct llm_tool *tools = xcalloc(n_tools, sizeof(*tools));

	for (size_t i = 0; i < n_tools; i++) {
		const struct tool *tool = &tool_table[i];
		struct buf schema;

		assert(tool->n_fields <= TOOL_MAX_FIELDS);
		buf_init(&schema);
		tool_schema(tool->fields, tool->n_fields, &schema);
		tools[i] = (struct llm_tool){ .name = tool->name,
			.description = tool->help,
			.schema = buf_steal(&schema) };
	}
	return tools;
}

void
tools_free(struct llm_tool **slot)
{
	struct llm_tool *tools = STEAL(*slot);

	for (size_t i = 0; tools && i < n_tools; i++) {
		char *schema = (char *)(uintptr_t)tools[i].schema;

		free(schema);
	}
	free(tools);
}

/* One look at the role for all rows; each is checked again when called. */
int
tools_choose(struct turn *turn, struct err *err)
{
	const struct turns_options *o = &turn->turns->options;
	struct policy_facts facts = {
		.kind = turn->asker.kind,
		.is_linked = *turn->asker.user_id != '\0',
		.is_own = true,
	};
	struct llm_tool *chosen =
	    arena_alloc(turn->arena, n_tools * sizeof(*chosen));
	size_t n = 0;

	if (policy_role(o->policy, &turn->asker,
		turn->work.context.workspace_id, &facts.role, err) < 0)
		return -1;
	for (size_t i = 0; i < n_tools; i++)
		if (policy_decide(policy_find(tool_table[i].operation),
			&facts) == POLICY_ALLOWED)
			chosen[n++] = turn->turns->tools[i];
	turn->talk.tools = chosen;
	turn->talk.n_tools = n;
	return 0;
}

/* Also what it may not use is unknown to it. */
static const struct tool *
find_tool(const struct turn *turn, const char *name)
{
	for (size_t i = 0; i < n_tools; i++) {
		if (strcmp(tool_table[i].name, name) != 0)
			continue;
		for (size_t k = 0; k < turn->talk.n_tools; k++)
			if (turn->talk.tools[k].name == tool_table[i].name)
				return &tool_table[i];
	}
	return NULL;
}

static int
check_policy(struct turn *turn, const struct tool *tool, struct err *err)
{
	const struct context_row *x = &turn->work.context;
	const struct policy_target target = {
		.workspace_id = x->workspace_id,
		.connector = x->connector,
		.external_id = x->external_id,
		.asked_by = turn->asker.name,
	};
	int got = turn_find_asker(turn, err);

	if (got == 1)
		return err_set(
		    err, ERR_REFUSED, "whoever asked has no access any more");
	if (got < 0)
		return -1;
	return policy_check(turn->turns->options.policy, &turn->asker,
	    tool->operation, &target, err);
}

static bool
is_same_call(
    const struct turn_call *call, const struct llm_want *want, const char *args)
{
	AUTO(buf_release)
	struct buf theirs = { 0 };

	if (strcmp(call->want.name, want->name) != 0)
		return false;
	buf_init(&theirs);
	tool_canonical_args(call->want.arguments, &theirs);
	return strcmp(theirs.data, args) == 0;
}

static bool
is_repeated(const struct turn *turn, const struct llm_want *want)
{
	AUTO(buf_release)
	struct buf args = { 0 };

	buf_init(&args);
	tool_canonical_args(want->arguments, &args);
	for (size_t i = 0; i < turn->talk.n_calls; i++)
		if (is_same_call(&turn->talk.calls[i], want, args.data))
			return true;
	return false;
}

static struct turn_call *
add_call(struct turn *turn, struct turn_call call)
{
	struct talk *talk = &turn->talk;

	if (talk->n_calls == talk->n_call_room) {
		struct turn_call *more;

		talk->n_call_room =
		    talk->n_call_room ? 2 * talk->n_call_room : 8;
		more =
		    arena_alloc(turn->arena, talk->n_call_room * sizeof(*more));
		if (talk->n_calls)
			memcpy(
			    more, talk->calls, talk->n_calls * sizeof(*more));
		talk->calls = more;
	}
	talk->calls[talk->n_calls] = call;
	return &talk->calls[talk->n_calls++];
}

static const struct llm_want *
want_now(const struct turn *turn)
{
	return &turn->talk.wants[turn->talk.at_want];
}

/* What the model is told of an error: what is ours to know stays in the log. */
static const char *
error_result(struct turn *turn, const struct err *err)
{
	const char *text = err->text;
	AUTO(buf_release)
	struct buf out = { 0 };
	struct json_out json;

	if (err->code == ERR_INTERNAL || err->code == ERR_UNAVAILABLE) {
		log_warn("tool-failed", "turn=%" PRId64 " tool=%s why=%s",
		    turn->work.turn_id, log_quote(want_now(turn)->name),
		    log_quote(err->text));
		text = "it cannot be done now";
	}
	buf_init(&out);
	json_out_init(&json, &out);
	json_out_object(&json, NULL);
	json_out_str(&json, "error", text);
	json_out_object_end(&json);
	return arena_strndup(turn->arena, out.data, out.size);
}

static const char *
good_result(struct turn *turn, const struct buf *result)
{
	return arena_strndup(turn->arena, result->data, result->size);
}

static struct turn_call
make_call(const struct turn *turn, const char *result, bool is_error)
{
	const struct talk *talk = &turn->talk;

	return (struct turn_call){
		.step = talk->step,
		.said = talk->at_want == 0
			    ? talk->messages[talk->n_messages - 1].text
			    : "",
		.want = *want_now(turn),
		.result = result,
		.took_ms = clock_mono_ms() - turn->notes.since_mono_ms,
		.is_error = is_error,
	};
}

/* What it wanted has its result. */
static void
settle(struct turn *turn, const struct turn_call *call)
{
	struct talk *talk = &turn->talk;

	log_info("tool-called",
	    "turn=%" PRId64 " step=%" PRId64 " tool=%s ok=%s",
	    turn->work.turn_id, call->step, log_quote(call->want.name),
	    call->is_error ? "false" : "true");
	talk->n_refused = call->is_error ? talk->n_refused + 1 : 0;
	turn_say(turn, (struct llm_message){ .role = LLM_TOOL,
			   .text = call->result,
			   .want_id = call->want.id,
			   .name = call->want.name,
			   .is_error = call->is_error });
	talk->at_want++;
}

/* A change and the record that it was made are one. */
static int
run_change(struct turn *turn, const struct tool *tool,
    const struct tool_value *args, struct err *err)
{
	struct store *store = turn->turns->options.store;
	struct talk *talk = &turn->talk;
	size_t n_calls = talk->n_calls, n_recorded = talk->n_recorded;
	size_t n_proposed = turn_n_proposed(turn);
	AUTO(buf_release)
	struct buf result = { 0 };

	buf_init(&result);
	if (store_begin(store, err) < 0)
		return -1;
	if (tool->run(turn, args, &result, err) == 0) {
		add_call(
		    turn, make_call(turn, good_result(turn, &result), false));
		if (usage_record(turn, err) == 0 &&
		    tools_record(turn, clock_unix_ms(), err) == 0 &&
		    store_commit(store, err) == 0) {
			usage_recorded(turn);
			settle(turn, &talk->calls[n_calls]);
			return 0;
		}
	}
	if (store_is_in_transaction(store))
		store_rollback(store);
	talk->n_calls = n_calls;
	talk->n_recorded = n_recorded;
	turn_forget_proposed(turn, n_proposed);
	return -1;
}

/* 1: the result comes later. */
static int
run(struct turn *turn, const struct tool *tool, const struct tool_value *args,
    struct err *err)
{
	AUTO(buf_release)
	struct buf result = { 0 };
	int got;

	if (tool->class == TOOL_CHANGES)
		return run_change(turn, tool, args, err);
	buf_init(&result);
	got = tool->run(turn, args, &result, err);
	if (got == 0)
		settle(turn,
		    add_call(turn,
			make_call(turn, good_result(turn, &result), false)));
	return got;
}

static int
call_tool(struct turn *turn, const struct llm_want *want, struct err *err)
{
	struct tool_value args[TOOL_MAX_FIELDS];
	const struct tool *tool = find_tool(turn, want->name);

	if ((int64_t)turn->talk.n_calls >= turn->limits.max_calls)
		return err_set(err, ERR_REFUSED,
		    "no more tools may be used in this turn: answer with what "
		    "you have");
	if (tool == NULL)
		return err_set(err, ERR_NOT_FOUND, "there is no such tool");
	if (strcmp(want->arguments, llm_too_long) == 0)
		return err_set(err, ERR_INVALID,
		    "the arguments are longer than %d bytes",
		    LLM_MAX_ARGUMENTS_BYTES);
	if (is_repeated(turn, want))
		return err_set(err, ERR_CONFLICT,
		    "this was called before with the same arguments: its "
		    "result stands above");
	if (check_policy(turn, tool, err) < 0 ||
	    tool_read_args(tool->fields, tool->n_fields, want->arguments,
		turn->arena, args, err) < 0)
		return -1;
	return run(turn, tool, args, err);
}

/* Errors count as calls too: each is a call that its limit covers. */
static void
refuse(struct turn *turn, const struct err *err)
{
	settle(turn,
	    add_call(turn, make_call(turn, error_result(turn, err), true)));
}

/* Goes on until one answers later, or all have. */
static void
go_on(struct turn *turn)
{
	struct talk *talk = &turn->talk;

	while (talk->at_want < talk->n_wants) {
		struct err err;
		int got;

		turn->notes.since_mono_ms = clock_mono_ms();
		blame_set(turn->work.turn_id);
		got = call_tool(turn, want_now(turn), &err);
		blame_clear();
		if (got == 1)
			return;
		if (got < 0)
			refuse(turn, &err);
	}
	if (turn->deadline_mono_ms <= clock_mono_ms())
		turn_end_exhausted(turn, "its time is over");
	else if (talk->n_refused >= MAX_REFUSED)
		turn_end_exhausted(turn, "nothing that it tried worked");
	else
		turn_ground_again(turn);
}

void
tools_begin(struct turn *turn, const struct llm_want *wants, size_t n)
{
	turn->talk.wants = wants;
	turn->talk.n_wants = n;
	turn->talk.at_want = 0;
	go_on(turn);
}

void
tool_done(struct turn *turn, const struct buf *result, const struct err *err)
{
	const char *text;
	struct err too_long;

	if (result && result->size > MAX_RESULT_BYTES) {
		err_set(&too_long, ERR_INVALID,
		    "its result is too long: ask for less");
		result = NULL;
		err = &too_long;
	}
	text = result ? good_result(turn, result) : error_result(turn, err);
	settle(turn, add_call(turn, make_call(turn, text, !result)));
	go_on(turn);
}

void
tool_add_time(struct json_out *json, const char *key, int64_t at_unix)
{
	char at[CLOCK_RFC3339_SIZE];

	if (at_unix == 0)
		return;
	clock_rfc3339(at, at_unix * 1000);
	json_out_str(json, key, at);
}
