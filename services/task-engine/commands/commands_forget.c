/* /forget: takes what was said in a conversation out of it again. */

#include "services/task-engine/commands/commands_forget.h"

#include <inttypes.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/commands/commands.h"
#include "services/task-engine/conversation/arguments.h"
#include "services/task-engine/conversation/command.h"
#include "services/task-engine/conversation/say.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/knowledge/memory.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/forgotten.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/store/tasks.h"

/* The code is good within the half hour that it was told in, and the next. */
enum { CODE_MS = 30 * 60 * 1000, CODE_DIGITS = 6 };

static const char everything[] = "command.forget.everything";

/*
 * Not a secret: it only says that the warning was read, by whom and where. So
 * it is derived, and nothing is kept of a question that nobody answers.
 */
static const char *
code_of(const struct heard *heard, int64_t half_hour, struct arena *arena)
{
	char hash[ID_SHA256_HEX_SIZE];
	const char *text = arena_printf(arena, "forget %s %s %" PRId64,
	    heard->context->id, heard->actor->name, half_hour);

	id_sha256_hex(hash, text, strlen(text));
	return arena_strndup(arena, hash, CODE_DIGITS);
}

static bool
is_confirmed(const struct heard *heard, const char *code, struct arena *arena)
{
	int64_t now = heard->now_ms / CODE_MS;

	return strcmp(code, code_of(heard, now, arena)) == 0 ||
	       strcmp(code, code_of(heard, now - 1, arena)) == 0;
}

static int
ask(struct svc *svc, const struct heard *heard, const char *code,
    struct arena *arena, struct err *err)
{
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	say_forget_warning(&text,
	    code_of(heard, heard->now_ms / CODE_MS, arena), *code != '\0');
	return heard_reply(svc, heard, text.data, err);
}

/* Who and where, and how much; of what was said nothing. */
static int
note(struct svc *svc, const struct heard *heard, bool is_everything,
    const struct forgotten *gone, struct arena *arena, struct err *err)
{
	const struct audit_entry entry = {
		.actor = heard->actor->name,
		.operation =
		    is_everything ? "context.forget" : "messages.forget",
		.workspace_id = heard->context->workspace_id,
		.subject = heard->context->id,
		.detail = arena_printf(arena,
		    "messages=%" PRId64 " answers=%" PRId64 " tasks=%" PRId64,
		    gone->n_messages, gone->n_answers, gone->n_tasks),
	};

	return audit_add(svc->store, &entry, heard->now_ms, err);
}

/* What tasks wrote says no more than that it was there. */
static int
empty_files(struct svc *svc, const struct heard *heard,
    const struct forgotten *gone, struct err *err)
{
	for (size_t i = 0; i < gone->n_paths; i++) {
		const struct file_row file = {
			.workspace_id = heard->context->workspace_id,
			.path = gone->paths[i],
			.content = "# Task Result\n\nForgotten on request.\n",
		};

		if (store_file_add(svc->store, &file, heard->now_ms, err) < 0)
			return -1;
	}
	return 0;
}

static int
redo_summary(struct svc *svc, const struct heard *heard, struct arena *arena,
    struct err *err)
{
	const struct memory memory = { .store = svc->store,
		.cfg = svc->cfg,
		.context = heard->context,
		.now_ms = heard->now_ms,
		.arena = arena };

	return memory_redo(&memory, err) < 0 ? -1 : 0;
}

static int
forget(struct svc *svc, const struct heard *heard, bool is_everything,
    struct arena *arena, struct err *err)
{
	const struct forgetting what = {
		.context_id = heard->context->id,
		.before_seq = heard->message->seq,
		.said_by = is_everything ? "" : heard->actor->name,
	};
	struct forgotten gone;
	AUTO(buf_release)
	struct buf text = { 0 };

	if (store_forget(svc->store, &what, arena, &gone, err) < 0 ||
	    redo_summary(svc, heard, arena, err) < 0 ||
	    empty_files(svc, heard, &gone, err) < 0 ||
	    note(svc, heard, is_everything, &gone, arena, err) < 0)
		return -1;
	buf_init(&text);
	say_forgotten(&text, is_everything, gone.n_messages, gone.n_answers,
	    gone.n_tasks);
	return heard_reply(svc, heard, text.data, err);
}

int
command_forget(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err)
{
	struct forget_choice choice;

	if (args_forget(&choice, command->argument, arena, err) < 0)
		return heard_misused(svc, heard, command, err);
	if (choice.is_everything && heard_may(svc, heard, everything, err) < 0)
		return heard_refuse(svc, heard, everything, err);
	if (choice.is_everything && !is_confirmed(heard, choice.code, arena))
		return ask(svc, heard, choice.code, arena, err);
	return forget(svc, heard, choice.is_everything, arena, err);
}
