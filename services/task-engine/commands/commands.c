/* What the commands do. */

#include "services/task-engine/commands/commands.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "services/task-engine/conversation/command.h"
#include "services/task-engine/conversation/say.h"
#include "services/task-engine/commands/commands_actions.h"
#include "services/task-engine/commands/commands_forget.h"
#include "services/task-engine/commands/commands_people.h"
#include "services/task-engine/commands/commands_prompt.h"
#include "services/task-engine/commands/commands_tasks.h"
#include "services/task-engine/commands/lookup.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/turns.h"

typedef int (*run_fn)(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err);

int
commands_allowed(
    struct svc *svc, const struct heard *heard, bool *may_out, struct err *err)
{
	memset(may_out, 0, COMMAND_ID_COUNT * sizeof(*may_out));
	for (size_t i = 0; i < n_command_rows; i++) {
		const struct command_row *row = &command_rows[i];

		if (heard_may(svc, heard, row->operation, err) == 0)
			may_out[row->id] = true;
		else if (err->code != ERR_REFUSED)
			return -1;
	}
	return 0;
}

static int
run_help(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err)
{
	bool may[COMMAND_ID_COUNT];
	AUTO(buf_release)
	struct buf text = { 0 };

	(void)command;
	(void)arena;
	if (commands_allowed(svc, heard, may, err) < 0)
		return -1;
	buf_init(&text);
	say_help(&text, may);
	return heard_reply(svc, heard, text.data, err);
}

static int
run_unknown(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err)
{
	AUTO(buf_release)
	struct buf text = { 0 };

	(void)arena;
	buf_init(&text);
	say_unknown(&text, command->name);
	return heard_reply(svc, heard, text.data, err);
}

static int
run_status(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err)
{
	AUTO(buf_release)
	struct buf text = { 0 };
	int got;

	(void)command;
	buf_init(&text);
	got = lookup_status(svc, heard->context, heard->actor, heard->now_ms,
	    arena, &text, err);
	if (got < 0)
		return -1;
	if (got == 1)
		return heard_queue(svc, heard, TURN_COMMAND, err);
	return heard_reply(svc, heard, text.data, err);
}

static int
run_lookup(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err)
{
	(void)command;
	(void)arena;
	return heard_queue(svc, heard, TURN_COMMAND, err);
}

static const run_fn runs[COMMAND_ID_COUNT] = {
	[COMMAND_UNKNOWN] = run_unknown,
	[COMMAND_HELP] = run_help,
	[COMMAND_WHOAMI] = command_whoami,
	[COMMAND_PAIR] = command_pair,
	[COMMAND_ADMIN_CHANNEL] = command_admin_channel,
	[COMMAND_TASK] = command_task,
	[COMMAND_TASKS] = command_tasks,
	[COMMAND_CANCEL] = command_cancel,
	[COMMAND_DONE] = command_done,
	[COMMAND_ROUTE] = command_route,
	[COMMAND_APPROVE] = command_approve,
	[COMMAND_DENY] = command_deny,
	[COMMAND_PENDING_ACTIONS] = command_pending_actions,
	[COMMAND_APPROVE_ACTION] = command_approve_action,
	[COMMAND_DENY_ACTION] = command_deny_action,
	[COMMAND_MONITOR] = command_monitor,
	[COMMAND_STATUS] = run_status,
	[COMMAND_SEARCH] = run_lookup,
	[COMMAND_OPEN] = run_lookup,
	[COMMAND_PROMPT] = command_prompt,
	[COMMAND_FORGET] = command_forget,
};

/* A refusal is an answer, not an error: the message was stored. */
int
heard_refuse(struct svc *svc, const struct heard *heard, const char *operation,
    struct err *err)
{
	const struct err why = *err;

	if (why.code != ERR_REFUSED)
		return -1;
	hearing_gate(&svc->hearing, "policy", operation, why.text);
	heard_refused(svc, heard, operation, why.text);
	return heard_reply(svc, heard, why.text, err);
}

int
heard_misused(struct svc *svc, const struct heard *heard,
    const struct command *command, struct err *err)
{
	AUTO(buf_release)
	struct buf text = { 0 };

	if (err->code != ERR_INVALID)
		return -1;
	buf_init(&text);
	say_misused(&text, command->id, err->text);
	return heard_reply(svc, heard, text.data, err);
}

int
command_run(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err)
{
	AUTO(buf_release)
	struct buf text = { 0 };
	const struct command_row *row;

	if (command->id == COMMAND_UNKNOWN)
		return run_unknown(svc, heard, command, arena, err);
	row = command_find(command->id);
	if (heard_may(svc, heard, row->operation, err) < 0)
		return heard_refuse(svc, heard, row->operation, err);
	hearing_gate(&svc->hearing, "policy", row->operation, NULL);
	if (!row->needs_argument || *command->argument)
		return runs[command->id](svc, heard, command, arena, err);
	buf_init(&text);
	say_usage(&text, row->name);
	return heard_reply(svc, heard, text.data, err);
}
