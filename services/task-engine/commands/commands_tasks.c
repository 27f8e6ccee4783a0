/* What the commands about tasks do. */

#include "services/task-engine/commands/commands_tasks.h"

#include <inttypes.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "services/task-engine/config.h"
#include "services/task-engine/conversation/arguments.h"
#include "services/task-engine/conversation/command.h"
#include "services/task-engine/conversation/quote.h"
#include "services/task-engine/conversation/say.h"
#include "services/task-engine/delivery/connectors.h"
#include "services/task-engine/commands/allowed.h"
#include "services/task-engine/commands/commands.h"
#include "services/task-engine/commands/pick.h"
#include "services/task-engine/tasks/stop.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/objectives/monitor.h"
#include "services/task-engine/objectives/objective.h"
#include "services/task-engine/policy/names.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/objectives.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/store/tasks.h"
#include "services/task-engine/tasks/notify.h"
#include "services/task-engine/tasks/tasks.h"
#include "services/task-engine/turn/routed.h"

enum {
	TITLE_MAX = 72, /* the predecessor's */
	TASK_DUE_S = 24 * 60 * 60,
	LISTED_MAX = 20,
	DAY_S = 24 * 60 * 60,
};

/* Whether the place hears of its end; else it must be looked up. */
static bool
will_be_said(const struct svc *svc, const char *instance)
{
	struct notify_policies policies;

	engine_cfg_notify(svc->cfg, &policies);
	return connector_is_told(instance) && policies.success != NOTIFY_ADMIN;
}

static int
say_queued(struct svc *svc, const struct heard *heard,
    const struct task_row *row, struct arena *arena, struct err *err)
{
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	say_task_queued(&text, row->task.id,
	    will_be_said(svc, row->instance)
		? NULL
		: name_artifact(arena, row->task.id, heard->now_ms));
	return heard_reply(svc, heard, text.data, err);
}

int
command_task(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err)
{
	const struct context_row *x = heard->context;
	struct task_row row = {
		.task = {
			.title = quote_title(command->argument, TITLE_MAX,
			    arena),
			.prompt = command->argument,
			.route_class = "task",
			.priority = "p2",
			.assigned_lane = "operations",
			.due_at_unix = heard->now_ms / 1000 + TASK_DUE_S,
			.source_connector = x->connector,
			.source_external_id = x->external_id,
			.source_user_id = heard->message->actor,
			.source_text = heard->message->text,
		},
		.asked_by = heard->actor->name,
		.asked_as = role_name(heard->role),
		.instance = heard->message->instance,
		.source_message_seq = heard->message->seq,
	};
	int got = allowed_task(svc, heard, arena, err);

	if (got != 0)
		return got < 0 ? -1 : 0;
	/* Without a run key there is no earlier one to be found. */
	if (task_queue(svc->store, x, &row, heard->now_ms, arena, err) != 0)
		return -1;
	return say_queued(svc, heard, &row, arena, err);
}

/* It came too late, as the text says, and nothing was changed. */
static int
too_late(struct svc *svc, const struct heard *heard, struct arena *arena,
    struct err *err)
{
	const char *text =
	    arena_printf(arena, "That cannot be done: %s.", err->text);

	return err->code == ERR_CONFLICT ? heard_reply(svc, heard, text, err)
					 : -1;
}

/*
 * An operator sees all of a workspace where admins are among themselves, or
 * alone; nothing of another room is told in public.
 */
static int
choose_view(struct svc *svc, const struct heard *heard, enum task_view *out,
    struct err *err)
{
	const struct context_row *x = heard->context;
	const struct policy_target target = {
		.workspace_id = x->workspace_id,
		.connector = x->connector,
		.external_id = x->external_id,
		.asked_by = "",
	};

	*out = TASKS_OWN;
	if (policy_check(
		&svc->policy, heard->actor, "command.tasks", &target, err) == 0)
		*out = x->is_admin || x->is_direct ? TASKS_OF_WORKSPACE
						   : TASKS_HERE;
	else if (err->code != ERR_REFUSED)
		return -1;
	return 0;
}

static int
list(struct svc *svc, const struct heard *heard, const char *state,
    struct arena *arena, struct err *err)
{
	struct task_shown shown = {
		.workspace_id = heard->context->workspace_id,
		.context_id = heard->context->id,
		.asked_by = heard->actor->name,
		.state = state,
		.limit = LISTED_MAX + 1,
	};
	struct task tasks[LISTED_MAX];
	struct task_row *rows;
	AUTO(buf_release)
	struct buf text = { 0 };
	size_t n, n_rows;

	if (choose_view(svc, heard, &shown.view, err) < 0 ||
	    store_tasks_shown(svc->store, &shown, arena, &rows, &n_rows, err) <
		0)
		return -1;
	n = n_rows > LISTED_MAX ? LISTED_MAX : n_rows;
	for (size_t i = 0; i < n; i++)
		tasks[i] = rows[i].task;
	buf_init(&text);
	say_tasks(&text, tasks, n, state, n_rows > n);
	return heard_reply(svc, heard, text.data, err);
}

int
command_tasks(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err)
{
	const char *state;

	if (args_tasks(&state, command->argument, arena, err) < 0)
		return heard_misused(svc, heard, command, err);
	return list(svc, heard, state, arena, err);
}

static int
say_ended(struct svc *svc, const struct heard *heard, const char *task_id,
    const char *did, const char *note, struct err *err)
{
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	say_task_ended(&text, task_id, did, note);
	return heard_reply(svc, heard, text.data, err);
}

int
command_cancel(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err)
{
	struct task_choice choice;
	struct task_row row;
	int64_t turn_id;
	int got;

	if (args_cancel(&choice, command->argument, arena, err) < 0)
		return heard_misused(svc, heard, command, err);
	got = pick_task(
	    svc, heard, choice.id, "command.cancel", arena, &row, err);
	if (got != 0)
		return got < 0 ? -1 : 0;
	if (task_cancel(svc->store, heard->actor, &row, heard->context->id,
		heard->now_ms, arena, &turn_id, err) < 0)
		return too_late(svc, heard, arena, err);
	if (turn_id)
		stop_after_commit(svc, turn_id);
	return say_ended(svc, heard, row.task.id, "cancelled", "", err);
}

int
command_done(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err)
{
	struct task_choice choice;
	struct task_row row;
	int got;

	if (args_done(&choice, command->argument, arena, err) < 0)
		return heard_misused(svc, heard, command, err);
	got =
	    pick_task(svc, heard, choice.id, "command.done", arena, &row, err);
	if (got != 0)
		return got < 0 ? -1 : 0;
	if (task_close(svc->store, heard->actor, &row, choice.note,
		heard->now_ms, arena, err) < 0)
		return too_late(svc, heard, arena, err);
	return say_ended(svc, heard, row.task.id, "closed", choice.note, err);
}

static int
say_route(struct svc *svc, const struct heard *heard,
    const struct task_row *row, const struct route_choice *choice,
    struct err *err)
{
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	say_routed(&text, row->task.id, choice, row->task.due_at_unix);
	if (choice->is_run && row->is_draft)
		buf_adds(&text,
		    "\nIts result is a draft for the admin channels: nothing "
		    "is sent where it was said.");
	return heard_reply(svc, heard, text.data, err);
}

/* The authority is looked up where the task is, not where this is typed. */
static int
run(struct svc *svc, const struct heard *heard, struct task_row *row,
    struct arena *arena, struct err *err)
{
	enum role role;

	if (policy_role(&svc->policy, heard->actor, row->task.workspace_id,
		&role, err) < 0)
		return -1;
	return task_run(
	    svc->store, heard->actor, role, row, heard->now_ms, arena, err);
}

int
command_route(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err)
{
	struct route_choice choice;
	struct task_row row;
	int got;

	if (args_route(&choice, command->argument, arena, err) < 0)
		return heard_misused(svc, heard, command, err);
	const struct task_routing routing = {
		.route_class = triage_defaults[choice.class].name,
		.priority = choice.priority,
		.lane = choice.lane,
		.due_at_unix =
		    choice.due_s ? heard->now_ms / 1000 + choice.due_s : 0,
	};

	got =
	    pick_task(svc, heard, choice.id, "command.route", arena, &row, err);
	if (got == 0 && choice.is_run)
		got = allowed_ask(svc, heard, err);
	if (got != 0)
		return got < 0 ? -1 : 0;
	/* First what may come too late: then nothing has been changed. */
	if (choice.is_run && run(svc, heard, &row, arena, err) < 0)
		return too_late(svc, heard, arena, err);
	if (task_route(svc->store, heard->actor, &row, &routing, heard->now_ms,
		arena, err) < 0)
		return -1;
	return say_route(svc, heard, &row, &choice, err);
}

/* 1: the guest has as many as a guest may have, and was told. */
static int
take_monitor(struct svc *svc, const struct heard *heard, struct arena *arena,
    struct err *err)
{
	int64_t n_live;

	if (!routed_is_guest(heard->actor))
		return 0;
	if (store_objectives_live(svc->store, heard->actor->name, heard->now_ms,
		&n_live, err) < 0)
		return -1;
	if (n_live < svc->cfg->guest_monitors)
		return 0;
	return heard_reply(svc, heard,
		   arena_printf(arena,
		       "You have %" PRId64 " live monitor(s), and a guest may "
		       "have %" PRId64 ". With a linked account there is no "
		       "such limit: say `pair` to me in a direct message. The "
		       "people who run me can also raise "
		       "AGENT_RUNTIME_GUEST_MONITORS.",
		       n_live, svc->cfg->guest_monitors),
		   err) < 0
		   ? -1
		   : 1;
}

static int
say_monitor(struct svc *svc, const struct heard *heard,
    const struct objective_row *row, struct err *err)
{
	char at[CLOCK_RFC3339_SIZE];
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	buf_addf(&text, "Monitor stored: `%s` (`%s` %s). " OBJECTIVE_NOT_RUN,
	    row->id, row->cron_expr, row->timezone);
	if (row->ends_at_unix) {
		clock_rfc3339(at, row->ends_at_unix * 1000);
		buf_addf(&text, " It ends at %s, as a guest's does.", at);
	}
	return heard_reply(svc, heard, text.data, err);
}

/* Whoever asked is told which bound was reached. */
static int
add_monitor(struct svc *svc, const struct heard *heard,
    struct objective_row *row, struct arena *arena, struct err *err)
{
	if (objective_add(svc->store, row, heard->now_ms, arena, err) == 0)
		return say_monitor(svc, heard, row, err);
	if (err->code != ERR_BUSY)
		return -1;
	return heard_reply(svc, heard,
	    arena_printf(arena, "Nothing is stored: %s.", err->text), err);
}

int
command_monitor(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err)
{
	struct objective_row row = {
		.workspace_id = heard->context->workspace_id,
		.context_id = heard->context->id,
		.prompt = monitor_prompt(command->argument, arena),
		.trigger_type = "schedule",
		.event_key = "",
		.cron_expr = OBJECTIVE_CRON,
		.timezone = OBJECTIVE_TIMEZONE,
		.asked_by = heard->actor->name,
		.asked_as = role_name(heard->role),
		.is_active = true,
	};
	int got = allowed_ask(svc, heard, err);

	if (got == 0)
		got = take_monitor(svc, heard, arena, err);
	if (got != 0)
		return got < 0 ? -1 : 0;
	row.title = arena_printf(arena, "Monitor: %s",
	    quote_title(command->argument,
		TITLE_MAX - (sizeof("Monitor: ") - 1), arena));
	if (routed_is_guest(heard->actor))
		row.ends_at_unix =
		    heard->now_ms / 1000 + svc->cfg->guest_monitor_days * DAY_S;
	return add_monitor(svc, heard, &row, arena, err);
}
