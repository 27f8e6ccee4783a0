/* What may be chosen for the id of a task or an action. */

#include "services/task-engine/commands/complete.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "proto/bounds.h"
#include "proto/command.h"
#include "services/task-engine/approvals/approvals.h"
#include "services/task-engine/commands/pick.h"
#include "services/task-engine/conversation/command.h"
#include "services/task-engine/conversation/quote.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/actions.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/store/tasks.h"

enum {
	LOOKED_AT_MAX = 200,
	SHORT_ID = 8,
	TITLE_MAX = 60,
};

/* The first word, in the arena, and what is behind it. */
static const char *
first_word(const char *typed, struct arena *arena, const char **rest_out)
{
	size_t size;

	typed += strspn(typed, " ");
	size = strcspn(typed, " ");
	*rest_out = typed + size;
	return arena_strndup(arena, typed, size);
}

static bool
is_meant(
    const char *word, const char *id, const char *random, const char *title)
{
	size_t size = strlen(word);

	return strncasecmp(id, word, size) == 0 ||
	       strncasecmp(random, word, size) == 0 || strcasestr(title, word);
}

static void
add(const struct completing *c, struct command_choices *out, const char *id,
    const char *label, struct arena *arena)
{
	const char *rest;

	(void)first_word(c->typed, arena, &rest);
	out->items[out->n_items++] = (struct command_choice){
		.value = arena_printf(arena, "%s%s", id, rest),
		.label = label,
	};
}

/* Nobody reads along: an operator is shown those of the whole workspace. */
static int
find_tasks(struct svc *svc, const struct completing *c, struct arena *arena,
    struct task_row **rows_out, size_t *n_out, struct err *err)
{
	const struct context_row *x = c->context;
	const struct policy_target target = {
		.workspace_id = x->workspace_id,
		.connector = x->connector,
		.external_id = x->external_id,
		.asked_by = "",
	};
	struct task_shown shown = {
		.view = TASKS_OF_WORKSPACE,
		.workspace_id = x->workspace_id,
		.context_id = x->id,
		.asked_by = c->actor->name,
		.state = "",
		.limit = LOOKED_AT_MAX,
	};

	if (policy_check(
		&svc->policy, c->actor, "command.tasks", &target, err) < 0) {
		if (err->code != ERR_REFUSED)
			return -1;
		shown.view = TASKS_OWN;
	}
	return store_tasks_shown(
	    svc->store, &shown, arena, rows_out, n_out, err);
}

static const char *
task_label(const struct task *task, struct arena *arena)
{
	return arena_printf(arena, "%.*s · %s · %s", SHORT_ID,
	    pick_random_part(task->id), task->status,
	    quote_title(task->title, TITLE_MAX, arena));
}

static int
complete_task(struct svc *svc, const struct completing *c, struct arena *arena,
    struct command_choices *out, struct err *err)
{
	const char *rest, *word = first_word(c->typed, arena, &rest);
	struct task_row *rows;
	size_t n;

	if (find_tasks(svc, c, arena, &rows, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n && out->n_items < BOUND_CHOICES; i++) {
		const struct task *task = &rows[i].task;
		int got;

		if (!is_meant(word, task->id, pick_random_part(task->id),
			task->title))
			continue;
		got = pick_may(
		    svc, c->actor, &rows[i], c->row->operation, arena, err);
		if (got < 0)
			return -1;
		if (got == 0)
			add(c, out, task->id, task_label(task, arena), arena);
	}
	return 0;
}

static int
complete_action(struct svc *svc, const struct completing *c,
    struct arena *arena, struct command_choices *out, struct err *err)
{
	const struct decider d = {
		.actor = c->actor,
		.operation = c->row->operation,
		.context_id = c->context->id,
		.remark = "",
		.now_ms = c->now_ms,
	};
	const struct approvals_query query = {
		.context_id = "",
		.prefix = "",
		.is_newest_first = true,
		.limit = APPROVALS_LIST_MAX,
	};
	const char *rest, *word = first_word(c->typed, arena, &rest);
	struct action_row *rows;
	size_t n;

	if (approvals_pending(
		&svc->approvals, &d, &query, arena, &rows, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n && out->n_items < BOUND_CHOICES; i++) {
		const struct action_row *row = &rows[i];
		const char *random = row->id + strlen("act_");
		const char *title = *row->summary ? row->summary : row->target;

		if (!is_meant(word, row->id, random, title) &&
		    !strcasestr(row->type, word))
			continue;
		add(c, out, row->id,
		    arena_printf(arena, "%.*s · %s · %s", SHORT_ID, random,
			row->type, quote_title(title, TITLE_MAX, arena)),
		    arena);
	}
	return 0;
}

int
command_complete_argument(struct svc *svc, const struct completing *c,
    struct arena *arena, struct command_choices *out, struct err *err)
{
	*out = (struct command_choices){
		.items =
		    arena_alloc(arena, BOUND_CHOICES * sizeof(*out->items)),
	};
	switch (c->row->choice_of) {
	case CHOICE_TASK:
		return complete_task(svc, c, arena, out, err);
	case CHOICE_ACTION:
		return complete_action(svc, c, arena, out, err);
	case CHOICE_NONE:
		break;
	}
	return 0;
}
