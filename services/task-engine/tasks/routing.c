/* Adds the rows of triage and says of which admins are told at once. */

#include "services/task-engine/tasks/routing.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/delivery/notices.h"
#include "services/task-engine/store/allowances.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/store/routing_rows.h"
#include "services/task-engine/tasks/tasks.h"

static const int64_t day_ms = INT64_C(24) * 60 * 60 * 1000;

const char *
routing_state_name(enum routing_state state)
{
	static const char *const names[ROUTING_STATE_COUNT] = {
		[ROUTING_OPEN] = "open",
		[ROUTING_ANSWER] = "answer",
		[ROUTING_QUEUED] = "queued",
	};

	return names[state];
}

int
routing_take_row(struct store *store, const char *person, int64_t limit,
    int64_t now_ms, struct arena *arena, struct err *err)
{
	return allowance_take(store,
	    arena_printf(arena, "guest-rows %s", person), limit, day_ms, now_ms,
	    err);
}

static int
tell(struct store *store, const struct routed *r, int64_t now_ms,
    struct arena *arena, struct err *err)
{
	const struct notice notice = {
		.workspace_id = r->row.task.workspace_id,
		.text = r->notice,
	};
	size_t n_told;

	return notice_post(store, &notice, now_ms, arena, &n_told, err);
}

static int
tell_or_gather(struct store *store, const struct routed *r, int64_t now_ms,
    struct arena *arena, struct err *err)
{
	struct routing_row row = {
		.task_id = r->row.task.id,
		.workspace_id = r->row.task.workspace_id,
		.person = r->row.asked_by,
		.reason = r->reason,
	};
	const struct routing_person of = { row.workspace_id, row.person };
	int got = store_routing_ends(
	    store, &of, ROUTING_WINDOW_MS, now_ms, &row.ends_ms, err);

	if (got < 0)
		return -1;
	row.is_told = got == 1;
	if (row.is_told)
		row.ends_ms = now_ms + ROUTING_WINDOW_MS;
	if (store_routing_add(store, &row, err) < 0)
		return -1;
	return row.is_told ? tell(store, r, now_ms, arena, err) : 0;
}

int
routing_add(struct store *store, const struct context_row *context,
    struct routed *r, enum routing_state state, int64_t now_ms,
    struct arena *arena, struct err *err)
{
	int got = r->guest_rows < 0 ? 0
				    : routing_take_row(store, r->row.asked_by,
					  r->guest_rows, now_ms, arena, err);

	if (got != 0)
		return got;
	if (state == ROUTING_QUEUED)
		return task_queue(store, context, &r->row, now_ms, arena, err);
	if (task_add(store, context, &r->row,
		state == ROUTING_OPEN ? "open" : "running", now_ms, arena,
		err) < 0)
		return -1;
	if (state != ROUTING_OPEN || !*r->notice)
		return 0;
	return tell_or_gather(store, r, now_ms, arena, err);
}
