/* The tools that make, show and change tasks. */

#include <stdbool.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/utf8.h"
#include "services/task-engine/config.h"
#include "services/task-engine/conversation/due_window.h"
#include "services/task-engine/conversation/quote.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/allowances.h"
#include "services/task-engine/store/roles.h"
#include "services/task-engine/store/tasks.h"
#include "services/task-engine/tasks/tasks.h"
#include "services/task-engine/turn/tools.h"
#include "services/task-engine/turn/turn.h"

enum {
	HOUR_MS = 60 * 60 * 1000,
	DAY_MS = 24 * HOUR_MS,
	DUE_S = 24 * 60 * 60,
	SHORT_MIN = 4,
	SUMMARY_MAX = 1400,
	/* a chain of tasks that make each other ends here: what one of them
	 * reads must not keep it going for ever */
	MAX_DEPTH = 2,
	/* of a description that is looked up: the predecessor's */
	SHOWN_PROMPT = 200,
};

static const char *const priorities[] = { "p1", "p2", "p3", NULL };
static const char *const statuses[] = { "closed", NULL };
static const char *const classes[] = { "question", "issue", "task",
	"moderation", "noise", NULL };

const struct tool_field create_task_fields[CREATE_TASK_FIELDS] = {
	[CREATE_TITLE] = { "title", TOOL_TEXT, true, 1, 120, NULL,
	    "what it is, in a few words" },
	[CREATE_DESCRIPTION] = { "description", TOOL_TEXT, true, 1, 4000, NULL,
	    "what is to be done, with all that is needed for it" },
	[CREATE_PRIORITY] = { "priority", TOOL_TEXT, false, 0, 0, priorities,
	    "p1 is the most urgent; p3 if it is not given" },
};

const struct tool_field lookup_task_fields[LOOKUP_TASK_FIELDS] = {
	[LOOKUP_ID] = { "task_id", TOOL_TEXT, true, SHORT_MIN, 100, NULL,
	    "its id, or how it begins" },
};

const struct tool_field update_task_fields[UPDATE_TASK_FIELDS] = {
	[UPDATE_ID] = { "task_id", TOOL_TEXT, true, SHORT_MIN, 100, NULL,
	    "its id, or how it begins" },
	[UPDATE_STATUS] = { "status", TOOL_TEXT, false, 0, 0, statuses,
	    "closed: people have dealt with it" },
	[UPDATE_SUMMARY] = { "summary", TOOL_TEXT, false, 1, SUMMARY_MAX, NULL,
	    "with closed: how" },
	[UPDATE_CLASS] = { "route_class", TOOL_TEXT, false, 0, 0, classes,
	    "what it is" },
	[UPDATE_PRIORITY] = { "priority", TOOL_TEXT, false, 0, 0, priorities,
	    "p1 is the most urgent" },
	[UPDATE_LANE] = { "lane", TOOL_TEXT, false, 1, 64, NULL,
	    "who takes care of it" },
	[UPDATE_DUE] = { "due_in", TOOL_TEXT, false, 1, 32, NULL,
	    "how long it may take, as in 2h or 1d" },
};

static void
add_task(const struct task *task, struct buf *out)
{
	struct json_out json;

	json_out_init(&json, out);
	json_out_object(&json, NULL);
	json_out_str(&json, "task_id", task->id);
	json_out_str(&json, "title", task->title);
	json_out_strn(&json, "description", task->prompt,
	    utf8_cut(task->prompt, strlen(task->prompt), SHOWN_PROMPT));
	json_out_str(&json, "status", task->status);
	json_out_str(&json, "route_class", task->route_class);
	json_out_str(&json, "priority", task->priority);
	json_out_str(&json, "lane", task->assigned_lane);
	tool_add_time(&json, "created", task->created_at_unix);
	tool_add_time(&json, "due", task->due_at_unix);
	if (*task->result_summary)
		json_out_str(&json, "summary", task->result_summary);
	if (*task->result_path)
		json_out_str(&json, "result_path", task->result_path);
	if (*task->error_message)
		json_out_str(&json, "error", task->error_message);
	json_out_object_end(&json);
}

static int
take(struct turn *turn, const char *window, int64_t limit, int64_t window_ms,
    struct err *err)
{
	const char *key = arena_printf(
	    turn->arena, "agent.tasks.%s|%s", window, turn->asker.name);
	int got = allowance_take(turn->turns->options.store, key, limit,
	    window_ms, clock_unix_ms(), err);

	if (got != 1)
		return got;
	return err_set(err, ERR_BUSY,
	    "the agent has made as many tasks and objectives for this person "
	    "as it may in one %s: they can make more with /task and /monitor",
	    window);
}

int
tool_take_allowances(struct turn *turn, struct err *err)
{
	const struct engine_cfg *cfg = turn->turns->options.cfg;
	bool is_task = turn->work.kind == TURN_TASK;

	if (take(turn, "hour",
		is_task ? cfg->agent_autonomous_tasks_hour
			: cfg->agent_tasks_hour,
		HOUR_MS, err) < 0)
		return -1;
	return take(turn, "day",
	    is_task ? cfg->agent_autonomous_tasks_day : cfg->agent_tasks_day,
	    DAY_MS, err);
}

/* It runs as whoever asked, never with more than they have now. */
static int
find_role(struct turn *turn, const char **name_out, struct err *err)
{
	enum role role;

	if (policy_role(turn->turns->options.policy, &turn->asker,
		turn->work.context.workspace_id, &role, err) < 0)
		return -1;
	*name_out = role_name(role);
	return 0;
}

static int64_t
depth_of(const struct turn *turn)
{
	return turn->work.has_task ? turn->work.task.depth : 0;
}

static int
check_depth(const struct turn *turn, struct err *err)
{
	if (depth_of(turn) < MAX_DEPTH)
		return 0;
	return err_set(err, ERR_REFUSED,
	    "this task was itself made by a task: it may make none");
}

int
tool_create_task(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err)
{
	const struct context_row *x = &turn->work.context;
	int64_t now_ms = clock_unix_ms();
	struct task_row row = {
		.task = {
			.title = quote_title(args[CREATE_TITLE].text, 120,
			    turn->arena),
			.prompt = args[CREATE_DESCRIPTION].text,
			.route_class = "task",
			.priority = args[CREATE_PRIORITY].is_given
					? args[CREATE_PRIORITY].text
					: "p3",
			.assigned_lane = "operations",
			.due_at_unix = now_ms / 1000 + DUE_S,
			.source_connector = x->connector,
			.source_external_id = x->external_id,
			.source_user_id = turn->work.has_message
					      ? turn->work.message.actor
					      : turn->work.task.task
						    .source_user_id,
			.source_text = turn->text,
			/* for what is shown of it */
			.result_summary = "",
			.result_path = "",
			.error_message = "",
		},
		.asked_by = turn->asker.name,
		.instance = turn_instance(turn),
		.depth = depth_of(turn) + 1,
	};

	if (check_depth(turn, err) < 0 || tool_take_allowances(turn, err) < 0 ||
	    find_role(turn, &row.asked_as, err) < 0)
		return -1;
	/* Without a run key there is no earlier one to be found. */
	if (task_queue(turn->turns->options.store, x, &row, now_ms, turn->arena,
		err) != 0)
		return -1;
	add_task(&row.task, out);
	return 0;
}

static int
not_found(struct err *err)
{
	return err_set(
	    err, ERR_NOT_FOUND, "there is no such task in this workspace");
}

/* Nothing of another room is told in public. */
static int
check_seen(struct turn *turn, const char *operation, const struct task_row *row,
    struct err *err)
{
	const struct context_row *x = &turn->work.context;
	const struct policy_target target = {
		.workspace_id = row->task.workspace_id,
		.connector = row->task.source_connector,
		.external_id = row->task.source_external_id,
		.asked_by = row->asked_by,
	};
	bool is_own = strcmp(row->asked_by, turn->asker.name) == 0;

	if (strcmp(row->task.workspace_id, x->workspace_id) != 0)
		return not_found(err);
	if (!is_own && !x->is_admin && !x->is_direct &&
	    strcmp(row->task.context_id, x->id) != 0)
		return not_found(err);
	if (policy_check(turn->turns->options.policy, &turn->asker, operation,
		&target, err) == 0)
		return 0;
	return err->code == ERR_REFUSED ? not_found(err) : -1;
}

static int
find_task(
    struct turn *turn, const char *id, struct task_row *out, struct err *err)
{
	struct task_row *rows;
	struct err unseen;
	size_t n, n_seen = 0;

	if (store_tasks_by_prefix(turn->turns->options.store, id, 50,
		turn->arena, &rows, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (check_seen(turn, "tool.lookup_task", &rows[i], &unseen) ==
		    0) {
			*out = rows[i];
			n_seen++;
		}
	if (n_seen == 1)
		return 0;
	return n_seen ? err_set(err, ERR_INVALID,
			    "several tasks begin so: give more of the id")
		      : not_found(err);
}

int
tool_lookup_task(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err)
{
	struct task_row row;

	if (find_task(turn, args[LOOKUP_ID].text, &row, err) < 0)
		return -1;
	add_task(&row.task, out);
	return 0;
}

static bool
is_routed(const struct tool_value *args)
{
	return args[UPDATE_CLASS].is_given || args[UPDATE_PRIORITY].is_given ||
	       args[UPDATE_LANE].is_given || args[UPDATE_DUE].is_given;
}

static const char *
given_or(const struct tool_value *value, const char *was)
{
	return value->is_given ? value->text : was;
}

static int
route(struct turn *turn, const struct tool_value *args, struct task_row *row,
    struct err *err)
{
	int64_t now_ms = clock_unix_ms(), due_s = 0;
	struct task_routing routing = {
		.route_class =
		    given_or(&args[UPDATE_CLASS], row->task.route_class),
		.priority =
		    given_or(&args[UPDATE_PRIORITY], row->task.priority),
		.lane = given_or(&args[UPDATE_LANE], row->task.assigned_lane),
		.due_at_unix = row->task.due_at_unix,
	};

	if (check_seen(turn, "command.route", row, err) < 0)
		return err_set(err, ERR_REFUSED,
		    "only an admin of the workspace routes its tasks");
	if (args[UPDATE_DUE].is_given) {
		if (due_window_parse(args[UPDATE_DUE].text, &due_s, err) < 0)
			return -1;
		routing.due_at_unix = now_ms / 1000 + due_s;
	}
	return task_route(turn->turns->options.store, &turn->asker, row,
	    &routing, now_ms, turn->arena, err);
}

int
tool_update_task(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err)
{
	struct task_row row;

	if (!args[UPDATE_STATUS].is_given && !is_routed(args))
		return err_set(err, ERR_INVALID, "say what is to change");
	if (find_task(turn, args[UPDATE_ID].text, &row, err) < 0 ||
	    check_seen(turn, "tool.update_task", &row, err) < 0 ||
	    (is_routed(args) && route(turn, args, &row, err) < 0))
		return -1;
	if (args[UPDATE_STATUS].is_given &&
	    task_close(turn->turns->options.store, &turn->asker, &row,
		args[UPDATE_SUMMARY].text, clock_unix_ms(), turn->arena,
		err) < 0)
		return -1;
	add_task(&row.task, out);
	return 0;
}
