/* Finds the task that somebody means by a short id. */

#include "services/task-engine/commands/pick.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "services/task-engine/conversation/say.h"
#include "services/task-engine/commands/commands.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/store/tasks.h"

enum {
	/* Four characters of a random id are one of 65,536. */
	FOUND_MAX = 500,
	SHOWN_MAX = 10,
	RANDOM_PART_MIN = 4,
};

int
pick_may(struct svc *svc, const struct actor *actor, const struct task_row *row,
    const char *operation, struct arena *arena, struct err *err)
{
	struct context_row context;
	struct policy_target target = {
		.workspace_id = row->task.workspace_id,
		.asked_by = row->asked_by,
	};

	if (store_context_get(
		svc->store, row->task.context_id, arena, &context, err) != 0)
		return -1;
	target.connector = context.connector;
	target.external_id = context.external_id;
	if (policy_check(&svc->policy, actor, operation, &target, err) == 0)
		return 0;
	return err->code == ERR_REFUSED ? 1 : -1;
}

/* An objective's tasks have it. */
const char *
pick_random_part(const char *id)
{
	const char *const prefix = "task-";
	size_t n = 0;

	while (prefix[n] && id[n] == prefix[n])
		n++;
	return prefix[n] ? id : id + n;
}

/* Those of the rows that the asker may see; a whole id is alone. */
static int
keep_seen(struct svc *svc, const struct heard *heard, const char *id,
    struct task_row *rows, size_t *n_rows, struct arena *arena, struct err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < *n_rows; i++) {
		int got = pick_may(
		    svc, heard->actor, &rows[i], "command.tasks", arena, err);

		if (got < 0)
			return -1;
		if (got == 1)
			continue;
		rows[n++] = rows[i];
		if (strcmp(rows[i].task.id, id) != 0)
			continue;
		rows[0] = rows[i];
		n = 1;
		break;
	}
	*n_rows = n;
	return 0;
}

static int
say_which(struct svc *svc, const struct heard *heard, const char *id,
    const struct task_row *rows, size_t n_rows, struct err *err)
{
	const char *ids[SHOWN_MAX];
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	if (n_rows == 0) {
		say_no_such(&text, "task", id);
		buf_adds(&text,
		    " You see your own, and an operator those of the "
		    "workspace: `/tasks all` lists them.");
	} else {
		if (n_rows > SHOWN_MAX)
			n_rows = SHOWN_MAX;
		for (size_t i = 0; i < n_rows; i++)
			ids[i] = rows[i].task.id;
		say_several(&text, "task", id, ids, n_rows);
	}
	return heard_reply(svc, heard, text.data, err) < 0 ? -1 : 1;
}

int
pick_task(struct svc *svc, const struct heard *heard, const char *id,
    const char *operation, struct arena *arena, struct task_row *out,
    struct err *err)
{
	struct task_row *rows = NULL;
	size_t n = 0;
	int got;

	if (strlen(pick_random_part(id)) >= RANDOM_PART_MIN &&
	    store_tasks_by_prefix(svc->store, pick_random_part(id), FOUND_MAX,
		arena, &rows, &n, err) < 0)
		return -1;
	if (n && keep_seen(svc, heard, id, rows, &n, arena, err) < 0)
		return -1;
	if (n != 1)
		return say_which(svc, heard, id, rows, n, err);
	*out = rows[0];
	got = pick_may(svc, heard->actor, out, operation, arena, err);
	if (got != 1)
		return got;
	heard_refused(svc, heard, operation, err->text);
	return heard_reply(svc, heard, arena_strdup(arena, err->text), err) < 0
		   ? -1
		   : 1;
}
