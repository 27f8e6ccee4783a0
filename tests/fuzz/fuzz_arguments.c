/* Any text behind any command's name; any text as a due window. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/conversation/arguments.h"
#include "services/task-engine/conversation/due_window.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct everything {
	struct decision decision;
	struct action_choice action;
	struct task_choice task;
	struct route_choice route;
	struct prompt_choice prompt;
	struct admin_channel_choice channel;
	const char *state;
	int64_t seconds;
};

static int
read_as(uint8_t which, struct everything *out, const char *text,
    struct arena *arena, struct err *err)
{
	switch (which % 10) {
	case 0:
		return args_approve(&out->decision, text, arena, err);
	case 1:
		return args_deny(&out->decision, text, arena, err);
	case 2:
		return args_approve_action(&out->action, text, arena, err);
	case 3:
		return args_deny_action(&out->action, text, arena, err);
	case 4:
		return args_cancel(&out->task, text, arena, err);
	case 5:
		return args_done(&out->task, text, arena, err);
	case 6:
		return args_tasks(&out->state, text, arena, err);
	case 7:
		return args_route(&out->route, text, arena, err);
	case 8:
		return args_prompt(&out->prompt, text, arena, err);
	default:
		return args_admin_channel(&out->channel, text, arena, err);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(8 << 20);
	struct everything out = { .route = { .due_s = 1 } };
	struct err err;
	const char *text;

	if (size > 0) {
		text = arena_strndup(arena, (const char *)data + 1, size - 1);
		if (read_as(data[0], &out, text, arena, &err) < 0 &&
		    (err.code != ERR_INVALID || !*err.text))
			abort();
		if (out.route.due_s < 0 || out.route.due_s > DUE_WINDOW_MAX_S)
			abort();
		if (due_window_parse(text, &out.seconds, &err) == 0 &&
		    (out.seconds < 1 || out.seconds > DUE_WINDOW_MAX_S))
			abort();
	}
	arena_free(&arena);
	return 0;
}
