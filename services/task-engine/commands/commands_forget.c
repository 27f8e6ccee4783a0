/* /forget: takes what was said in a conversation out of it again. */

#include "services/task-engine/commands/commands_forget.h"

#include <inttypes.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "services/task-engine/commands/commands.h"
#include "services/task-engine/commands/forgetter.h"
#include "services/task-engine/conversation/arguments.h"
#include "services/task-engine/conversation/command.h"
#include "services/task-engine/conversation/say.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/forgotten.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/tasks/stop.h"

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

/* An answer that came later would bring it back. */
static int
stop_answering(struct svc *svc, const struct heard *heard,
    const struct forgetting *what, struct arena *arena, struct err *err)
{
	const struct stop stop = {
		.actor = heard->actor,
		.asked_by = what->said_by,
		.why = STOP_FORGOTTEN,
		.now_ms = heard->now_ms,
	};

	return stop_answers(
	    svc, &stop, what->context_id, what->before_seq, arena, err);
}

static int
forget(struct svc *svc, const struct heard *heard, bool is_everything,
    struct arena *arena, struct err *err)
{
	struct forgetting what = {
		.context_id = heard->context->id,
		.before_seq = heard->message->seq,
		.said_by = is_everything ? "" : heard->actor->name,
		.asked_by = heard->actor->name,
	};
	AUTO(buf_release)
	struct buf text = { 0 };
	int got;

	if (stop_answering(svc, heard, &what, arena, err) < 0)
		return -1;
	got =
	    forget_begin(svc, heard->context, &what, heard->now_ms, arena, err);
	if (got < 0)
		return -1;
	buf_init(&text);
	if (got == 1)
		say_forgetting(&text, is_everything);
	else
		say_forgotten(&text, is_everything, what.n_messages,
		    what.n_answers, what.n_tasks);
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
