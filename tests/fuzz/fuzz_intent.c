/* Any text as words: what it asks for is what its command would ask for. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "services/task-engine/conversation/arguments.h"
#include "services/task-engine/conversation/intent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect(bool is_true)
{
	if (!is_true)
		abort();
}

/* One handler serves both: it must understand what the intent gives. */
static void
read_again(const struct command *command, struct arena *arena)
{
	struct action_choice action;
	struct decision decision;
	struct task_choice task;
	struct err err;

	if (command->id == COMMAND_APPROVE_ACTION)
		expect(args_approve_action(
			   &action, command->argument, arena, &err) == 0);
	else if (command->id == COMMAND_DENY_ACTION)
		expect(args_deny_action(
			   &action, command->argument, arena, &err) == 0);
	else if (command->id == COMMAND_APPROVE)
		expect(args_approve(
			   &decision, command->argument, arena, &err) == 0 &&
		       decision.is_pairing);
	else if (command->id == COMMAND_DENY)
		expect(
		    args_deny(&decision, command->argument, arena, &err) == 0 &&
		    decision.is_pairing);
	else if (command->id == COMMAND_CANCEL)
		expect(args_cancel(&task, command->argument, arena, &err) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct guidance_facts facts = { NULL, 0, true, true };
	struct arena *arena = arena_new(8 << 20);
	struct intent_ask ask = { .self = "bot" };
	struct intent got;
	struct buf out;

	if (size > 0) {
		ask.text =
		    arena_strndup(arena, (const char *)data + 1, size - 1);
		ask.is_addressed = data[0] & 1;
		ask.is_admin_channel = data[0] & 2;
		ask.is_notice_reply = data[0] & 4;
		intent_parse(&got, &ask, arena);
		expect(got.command.id != COMMAND_UNKNOWN);
		expect(got.guidance == GUIDANCE_NONE ||
		       got.command.id == COMMAND_NONE);
		expect(
		    (data[0] & 7) != 0 || (got.guidance == GUIDANCE_NONE &&
					      got.command.id == COMMAND_NONE));
		read_again(&got.command, arena);
		buf_init(&out);
		guidance_say(&out, got.guidance, &facts);
		buf_release(&out);
	}
	arena_free(&arena);
	return 0;
}
