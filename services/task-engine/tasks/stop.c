/* Stops what somebody asked for who is not what they were. */

#include "services/task-engine/tasks/stop.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/store/tasks.h"
#include "services/task-engine/store/turns.h"
#include "services/task-engine/tasks/tasks.h"

static const struct {
	const char *stopped; /* to whoever waits */
	const char *denied;  /* the reason of a proposal's end */
} whys[] = {
	[STOP_ROLE_CHANGED] = {
		"Stopped: the role of whoever asked for this was changed. Ask "
		"again if you still may.",
		"the role of whoever asked was changed",
	},
	[STOP_TOKEN_REVOKED] = {
		"Stopped: the token that asked for this was revoked.",
		"the token of whoever asked was revoked",
	},
	[STOP_FORGOTTEN] = {
		"Stopped: what this was to answer is forgotten.",
		"what it was proposed for is forgotten",
	},
};

void
stop_after_commit(struct svc *svc, int64_t turn_id)
{
	if (svc->n_cancelled == svc->cancelled_size) {
		svc->cancelled_size = 2 * svc->cancelled_size + 16;
		svc->cancelled = xrealloc(svc->cancelled,
		    svc->cancelled_size * sizeof(*svc->cancelled));
	}
	svc->cancelled[svc->n_cancelled++] = turn_id;
}

static int
tell(struct svc *svc, const struct stop *stop, const struct turn_live *turn,
    struct arena *arena, struct err *err)
{
	struct message_row message;
	struct context_row context;
	char id[ID_UUID_SIZE];
	struct post_note note = {
		.context = &context,
		.in_reply_to_seq = turn->message_seq,
		.text = whys[stop->why].stopped,
		.is_handled = true,
	};

	if (store_message_get(
		svc->store, turn->message_seq, arena, &message, err) != 0 ||
	    store_context_get(
		svc->store, message.context_id, arena, &context, err) != 0)
		return -1;
	note.instance = message.instance;
	note.reply_to_id = message.platform_id;
	return post_add(svc->store, &note, stop->now_ms, id, err);
}

static int
stop_task(struct svc *svc, const struct stop *stop, const char *task_id,
    struct arena *arena, struct err *err)
{
	struct task_row row;
	int64_t turn_id;

	if (store_task_get(svc->store, task_id, arena, &row, err) != 0 ||
	    task_cancel(svc->store, stop->actor, &row, NULL, stop->now_ms,
		arena, &turn_id, err) < 0)
		return -1;
	if (turn_id)
		stop_after_commit(svc, turn_id);
	return 0;
}

static int
stop_turn(struct svc *svc, const struct stop *stop,
    const struct turn_live *turn, struct arena *arena, struct err *err)
{
	struct task_row row;
	int got = 1;

	if (*turn->task_id)
		return stop_task(svc, stop, turn->task_id, arena, err);
	if (turn->message_seq)
		got = store_task_of_answer(
		    svc->store, turn->message_seq, arena, &row, err);
	if (got < 0)
		return -1;
	if (got == 0)
		return stop_task(svc, stop, row.task.id, arena, err);
	if (store_turn_cancel(svc->store, turn->turn_id, stop->now_ms, err) <
		0 ||
	    tell(svc, stop, turn, arena, err) < 0)
		return -1;
	stop_after_commit(svc, turn->turn_id);
	return 0;
}

static int
stop_turns(struct svc *svc, const struct stop *stop,
    const struct turn_live *turns, size_t n, struct arena *arena,
    struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (stop_turn(svc, stop, &turns[i], arena, err) < 0)
			return -1;
	return 0;
}

int
stop_answers(struct svc *svc, const struct stop *stop, const char *context_id,
    int64_t before_seq, struct arena *arena, struct err *err)
{
	struct turn_live *turns;
	size_t n;

	if (store_turns_answering(svc->store, context_id, before_seq,
		stop->asked_by, arena, &turns, &n, err) < 0)
		return -1;
	return stop_turns(svc, stop, turns, n, arena, err);
}

int
stop_work(struct svc *svc, const struct stop *stop, struct arena *arena,
    struct stopped *out, struct err *err)
{
	struct turn_live *turns;
	int64_t n_actions;
	size_t n;

	if (store_turns_of(svc->store, stop->asked_by, arena, &turns, &n, err) <
	    0)
		return -1;
	if (stop_turns(svc, stop, turns, n, arena, err) < 0)
		return -1;
	out->n_turns += (int64_t)n;
	if (approvals_cancel_of(svc->store, stop->asked_by, stop->actor->name,
		whys[stop->why].denied, stop->now_ms, arena, &n_actions,
		err) < 0)
		return -1;
	out->n_actions += n_actions;
	return 0;
}
