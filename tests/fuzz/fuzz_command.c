/* Any text as a message: its command, and what is said about it. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "services/task-engine/conversation/command.h"
#include "services/task-engine/conversation/say.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(1 << 20);
	struct command command;
	struct buf out;
	char *text;

	if (size == 0) {
		arena_free(&arena);
		return 0;
	}
	text = arena_strndup(arena, (const char *)data + 1, size - 1);
	command_parse(&command, text, data[0] & 1, arena);
	buf_init(&out);
	if (command.id == COMMAND_UNKNOWN)
		say_unknown(&out, command.name);
	else if (command.id != COMMAND_NONE)
		say_usage(&out, command_find(command.id)->name);
	/* Parsing what it was parsed to gives the same. */
	if (command.id > COMMAND_UNKNOWN) {
		struct command again;

		command_parse(&again,
		    arena_printf(
			arena, "/%s %s", command.name, command.argument),
		    true, arena);
		if (again.id != command.id ||
		    strcmp(again.argument, command.argument) != 0)
			abort();
	}
	buf_release(&out);
	arena_free(&arena);
	return 0;
}
