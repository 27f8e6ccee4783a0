/* /prompt: what the admins of a conversation tell the model there. */

#include "services/task-engine/commands/commands_prompt.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/config.h"
#include "services/task-engine/conversation/arguments.h"
#include "services/task-engine/conversation/command.h"
#include "services/task-engine/conversation/say.h"
#include "services/task-engine/commands/commands.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/store/places.h"

static int
show(struct svc *svc, const struct heard *heard, struct arena *arena,
    struct err *err)
{
	struct context_prompt prompt;
	AUTO(buf_release)
	struct buf text = { 0 };

	if (store_context_prompt(
		svc->store, heard->context->id, arena, &prompt, err) != 0)
		return -1;
	buf_init(&text);
	say_prompt(&text, prompt.text, prompt.is_of_channel);
	return heard_reply(svc, heard, text.data, err);
}

/* The text itself stands in the message that brought it. */
static int
note_change(struct svc *svc, const struct heard *heard, const char *prompt,
    struct arena *arena, struct err *err)
{
	char sha256[ID_SHA256_HEX_SIZE];
	struct audit_entry what = {
		.actor = heard->actor->name,
		.operation = "prompt.clear",
		.subject = heard->context->id,
	};

	if (*prompt) {
		id_sha256_hex(sha256, prompt, strlen(prompt));
		what.operation = "prompt.set";
		what.detail = arena_printf(
		    arena, "bytes=%zu sha256=%s", strlen(prompt), sha256);
	}
	return audit_add(svc->store, &what, heard->now_ms, err);
}

static int
change(struct svc *svc, const struct heard *heard, const char *prompt,
    struct arena *arena, struct err *err)
{
	const char *id = heard->context->id;
	AUTO(buf_release)
	struct buf text = { 0 };

	if (store_context_set_prompt(svc->store, id, prompt, err) < 0 ||
	    note_change(svc, heard, prompt, arena, err) < 0)
		return -1;
	buf_init(&text);
	say_prompt_set(&text, id, *prompt == '\0');
	return heard_reply(svc, heard, text.data, err);
}

/* Half of the budget is for what else the model is told. */
static int
read_choice(struct svc *svc, struct prompt_choice *out, const char *argument,
    struct arena *arena, struct err *err)
{
	size_t most = (size_t)svc->cfg->system_prompt_max_bytes / 2;

	if (args_prompt(out, argument, arena, err) < 0)
		return -1;
	if (out->verb == PROMPT_SET && strlen(out->text) > most)
		return err_set(err, ERR_INVALID,
		    "The text has %zu bytes; at most %zu fit beside the rest "
		    "of AGENT_RUNTIME_LLM_SYSTEM_PROMPT_MAX_BYTES.",
		    strlen(out->text), most);
	return 0;
}

int
command_prompt(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err)
{
	struct prompt_choice choice;

	if (read_choice(svc, &choice, command->argument, arena, err) < 0)
		return heard_misused(svc, heard, command, err);
	switch (choice.verb) {
	case PROMPT_SHOW:
		return show(svc, heard, arena, err);
	case PROMPT_SET:
		return change(svc, heard, choice.text, arena, err);
	case PROMPT_CLEAR:
		return change(svc, heard, "", arena, err);
	}
	return -1;
}
