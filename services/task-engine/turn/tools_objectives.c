/* The tools that make, show and change objectives. */

#include <stdbool.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/utf8.h"
#include "services/task-engine/conversation/quote.h"
#include "services/task-engine/objectives/cron.h"
#include "services/task-engine/objectives/objective.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/objectives.h"
#include "services/task-engine/turn/tools.h"
#include "services/task-engine/turn/turn.h"

enum {
	TITLE_MAX = 120,
	PROMPT_MAX = 4000,
	ZONE_MAX = 64,
	ID_MIN = 8, /* "obj_" and four of it */
	ID_MAX = 100,
	N_SHOWN = 20,
	SHOWN_PROMPT = 200,
};

#define CRON_HELP                                                              \
	"five fields, minute hour day month weekday, as in 0 9 * * mon-fri, "  \
	"or @daily, @hourly, @every 90m"

static const char *const triggers[] = { "schedule", "event", NULL };
static const char *const events[] = { "markdown.updated", NULL };

const struct tool_field create_objective_fields[CREATE_OBJECTIVE_FIELDS] = {
	[CREATE_OBJECTIVE_TITLE] = { "title", TOOL_TEXT, true, 1, TITLE_MAX,
	    NULL, "what it is, in a few words" },
	[CREATE_OBJECTIVE_PROMPT] = { "prompt", TOOL_TEXT, true, 1, PROMPT_MAX,
	    NULL, "what is to be done each time, with all that is needed" },
	[CREATE_OBJECTIVE_CRON] = { "cron_expr", TOOL_TEXT, false, 1,
	    CRON_TEXT_MAX, NULL,
	    CRON_HELP "; every six hours if it is not given" },
	[CREATE_OBJECTIVE_ZONE] = { "timezone", TOOL_TEXT, false, 1, ZONE_MAX,
	    NULL, "of its clock, as in Europe/Berlin; UTC if not given" },
	[CREATE_OBJECTIVE_ACTIVE] = { "active", TOOL_BOOL, false, 0, 0, NULL,
	    "false: it is stored and waits until it is resumed" },
};

const struct tool_field list_objectives_fields[LIST_OBJECTIVES_FIELDS] = {
	[LIST_OBJECTIVES_SKIP] = { "skip", TOOL_INT, false, 0,
	    OBJECTIVES_KEPT_OF_WORKSPACE, NULL,
	    "leaves out so many of the newest, to see those behind them" },
};

const struct tool_field update_objective_fields[UPDATE_OBJECTIVE_FIELDS] = {
	[UPDATE_OBJECTIVE_ID] = { "objective_id", TOOL_TEXT, true, ID_MIN,
	    ID_MAX, NULL, "its id, or how it begins" },
	[UPDATE_OBJECTIVE_TITLE] = { "title", TOOL_TEXT, false, 1, TITLE_MAX,
	    NULL, "what it is, in a few words" },
	[UPDATE_OBJECTIVE_PROMPT] = { "prompt", TOOL_TEXT, false, 1, PROMPT_MAX,
	    NULL, "what is to be done each time, as a whole" },
	[UPDATE_OBJECTIVE_TRIGGER] = { "trigger_type", TOOL_TEXT, false, 0, 0,
	    triggers, "schedule, with cron_expr; event, with event_key" },
	[UPDATE_OBJECTIVE_EVENT] = { "event_key", TOOL_TEXT, false, 0, 0,
	    events, "markdown.updated: a document of the workspace changes" },
	[UPDATE_OBJECTIVE_CRON] = { "cron_expr", TOOL_TEXT, false, 1,
	    CRON_TEXT_MAX, NULL, CRON_HELP },
	[UPDATE_OBJECTIVE_ZONE] = { "timezone", TOOL_TEXT, false, 1, ZONE_MAX,
	    NULL, "of its clock, as in Europe/Berlin" },
	[UPDATE_OBJECTIVE_ACTIVE] = { "active", TOOL_BOOL, false, 0, 0, NULL,
	    "false pauses it, true resumes it" },
	[UPDATE_OBJECTIVE_DELETED] = { "deleted", TOOL_BOOL, false, 0, 0, NULL,
	    "true deletes it for good; with nothing else" },
};

static void
add_fields(struct json_out *json, const struct objective_row *row)
{
	json_out_str(json, "objective_id", row->id);
	json_out_str(json, "title", row->title);
	json_out_strn(json, "prompt", row->prompt,
	    utf8_cut(row->prompt, strlen(row->prompt), SHOWN_PROMPT));
	json_out_bool(json, "active", row->is_active);
	json_out_str(json, "trigger_type", row->trigger_type);
	if (*row->event_key)
		json_out_str(json, "event_key", row->event_key);
	if (*row->cron_expr)
		json_out_str(json, "cron_expr", row->cron_expr);
	json_out_str(json, "timezone", row->timezone);
	tool_add_time(json, "next_due", row->next_run_unix);
	tool_add_time(json, "ends", row->ends_at_unix);
}

static void
add_objective(const struct objective_row *row, struct buf *out)
{
	struct json_out json;

	json_out_init(&json, out);
	json_out_object(&json, NULL);
	add_fields(&json, row);
	json_out_str(&json, "note", OBJECTIVE_NOT_RUN);
	json_out_object_end(&json);
}

/* What a run reads must not have it make more runs, for ever. */
static int
check_depth(const struct turn *turn, struct err *err)
{
	if (!turn->work.has_task || turn->work.task.depth == 0)
		return 0;
	return err_set(err, ERR_REFUSED,
	    "this task was made by a turn: it may neither make nor change "
	    "objectives; a person asks for that in a conversation");
}

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

static const char *
title_of(const struct turn *turn, const struct tool_value *value)
{
	return quote_title(value->text, TITLE_MAX, turn->arena);
}

static const char *
given_or(const struct tool_value *value, const char *otherwise)
{
	return value->is_given ? value->text : otherwise;
}

int
tool_create_objective(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err)
{
	const struct context_row *x = &turn->work.context;
	struct objective_row row = {
		.workspace_id = x->workspace_id,
		.context_id = x->id,
		.title = title_of(turn, &args[CREATE_OBJECTIVE_TITLE]),
		.prompt = args[CREATE_OBJECTIVE_PROMPT].text,
		.trigger_type = "schedule",
		.event_key = "",
		.cron_expr =
		    given_or(&args[CREATE_OBJECTIVE_CRON], OBJECTIVE_CRON),
		.timezone =
		    given_or(&args[CREATE_OBJECTIVE_ZONE], OBJECTIVE_TIMEZONE),
		.asked_by = turn->asker.name,
		.is_active = !args[CREATE_OBJECTIVE_ACTIVE].is_given ||
			     args[CREATE_OBJECTIVE_ACTIVE].number,
	};

	if (check_depth(turn, err) < 0 || tool_take_allowances(turn, err) < 0 ||
	    find_role(turn, &row.asked_as, err) < 0 ||
	    objective_add(turn->turns->options.store, &row, clock_unix_ms(),
		turn->arena, err) < 0)
		return -1;
	add_objective(&row, out);
	return 0;
}

static struct policy_target
target_of(const struct turn *turn, const char *asked_by)
{
	const struct context_row *x = &turn->work.context;

	return (struct policy_target){
		.workspace_id = x->workspace_id,
		.connector = x->connector,
		.external_id = x->external_id,
		.asked_by = asked_by,
	};
}

/* G-44: of this workspace alone; and nothing of another room in public. */
static int
look(struct turn *turn, const char *id_prefix, int64_t skip,
    struct objective_row **rows, size_t *n, struct err *err)
{
	const struct context_row *x = &turn->work.context;
	const struct policy_target others = target_of(turn, "");
	struct objective_shown shown = {
		.workspace_id = x->workspace_id,
		.asked_by = turn->asker.name,
		.context_id = x->is_admin || x->is_direct ? "" : x->id,
		.id_prefix = id_prefix,
		.skip = skip,
		/* one more, so that it is known that there are more */
		.limit = N_SHOWN + 1,
	};
	int got = policy_check(turn->turns->options.policy, &turn->asker,
	    "tool.list_objectives", &others, err);

	if (got < 0 && err->code != ERR_REFUSED)
		return -1;
	shown.sees_others = got == 0;
	return store_objectives_shown(
	    turn->turns->options.store, &shown, turn->arena, rows, n, err);
}

int
tool_list_objectives(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err)
{
	struct objective_row *rows;
	struct json_out json;
	size_t n;

	if (look(turn, "", args[LIST_OBJECTIVES_SKIP].number, &rows, &n, err) <
	    0)
		return -1;
	json_out_init(&json, out);
	json_out_object(&json, NULL);
	json_out_list(&json, "objectives");
	for (size_t i = 0; i < n && i < N_SHOWN; i++) {
		json_out_object(&json, NULL);
		add_fields(&json, &rows[i]);
		json_out_object_end(&json);
	}
	json_out_list_end(&json);
	json_out_bool(&json, "has_more", n > N_SHOWN);
	json_out_str(&json, "note", OBJECTIVE_NOT_RUN);
	json_out_object_end(&json);
	return 0;
}

static int
find_objective(struct turn *turn, const char *id, struct objective_row *out,
    struct err *err)
{
	struct objective_row *rows;
	size_t n;

	if (look(turn, id, 0, &rows, &n, err) < 0)
		return -1;
	if (n == 0)
		return err_set(err, ERR_NOT_FOUND,
		    "there is no such objective in this workspace");
	if (n > 1)
		return err_set(err, ERR_INVALID,
		    "several objectives begin so: give more of the id");
	*out = rows[0];
	return 0;
}

static const char *
given(const struct tool_value *value)
{
	return value->is_given ? value->text : NULL;
}

static struct objective_change
read_change(const struct turn *turn, const struct tool_value *args)
{
	const struct tool_value *title = &args[UPDATE_OBJECTIVE_TITLE];

	return (struct objective_change){
		.title = title->is_given ? title_of(turn, title) : NULL,
		.prompt = given(&args[UPDATE_OBJECTIVE_PROMPT]),
		.trigger_type = given(&args[UPDATE_OBJECTIVE_TRIGGER]),
		.event_key = given(&args[UPDATE_OBJECTIVE_EVENT]),
		.cron_expr = given(&args[UPDATE_OBJECTIVE_CRON]),
		.timezone = given(&args[UPDATE_OBJECTIVE_ZONE]),
		.has_active = args[UPDATE_OBJECTIVE_ACTIVE].is_given,
		.is_active = args[UPDATE_OBJECTIVE_ACTIVE].number,
	};
}

/*
 * G-05: it runs with the authority of whoever asked for it, so nobody else
 * says what it does; an admin may have it paused, and go on as it was.
 */
static int
check_change(struct turn *turn, const struct objective_row *row,
    struct objective_change *change, struct err *err)
{
	const struct policy_target target = target_of(turn, row->asked_by);

	if (strcmp(row->asked_by, turn->asker.name) == 0)
		return find_role(turn, &change->asked_as, err);
	if (policy_check(turn->turns->options.policy, &turn->asker,
		"tool.update_objective.others", &target, err) < 0)
		return -1;
	if (!objective_is_rewritten(change))
		return 0;
	return err_set(err, ERR_REFUSED,
	    "only whoever asked for it changes what it does, as it runs with "
	    "their authority; an admin of the workspace may pause, resume and "
	    "delete it");
}

static int
delete_objective(struct turn *turn, const struct objective_row *row,
    struct buf *out, struct err *err)
{
	struct json_out json;

	if (objective_delete(turn->turns->options.store, row, turn->asker.name,
		clock_unix_ms(), turn->arena, err) < 0)
		return -1;
	json_out_init(&json, out);
	json_out_object(&json, NULL);
	json_out_str(&json, "objective_id", row->id);
	json_out_str(&json, "title", row->title);
	json_out_bool(&json, "deleted", true);
	json_out_object_end(&json);
	return 0;
}

static bool
is_deleted(const struct tool_value *args)
{
	return args[UPDATE_OBJECTIVE_DELETED].is_given &&
	       args[UPDATE_OBJECTIVE_DELETED].number;
}

/* A change that is half a deletion is a mistake. */
static int
check_wish(const struct objective_change *change, bool deletes, struct err *err)
{
	bool changes = change->has_active || objective_is_rewritten(change);

	if (deletes && changes)
		return err_set(err, ERR_INVALID,
		    "deleted: what is deleted is not changed as well");
	if (!deletes && !changes)
		return err_set(err, ERR_INVALID, "say what is to change");
	return 0;
}

int
tool_update_objective(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err)
{
	struct objective_change change = read_change(turn, args);
	struct objective_row row;

	if (check_wish(&change, is_deleted(args), err) < 0 ||
	    check_depth(turn, err) < 0 ||
	    find_objective(turn, args[UPDATE_OBJECTIVE_ID].text, &row, err) <
		0 ||
	    check_change(turn, &row, &change, err) < 0)
		return -1;
	if (is_deleted(args))
		return delete_objective(turn, &row, out, err);
	if (objective_update(turn->turns->options.store, &row, &change,
		turn->asker.name, clock_unix_ms(), turn->arena, err) < 0)
		return -1;
	add_objective(&row, out);
	return 0;
}
