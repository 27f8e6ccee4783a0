/* Tells admins together of what one person's messages were routed as. */

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "services/task-engine/delivery/notices.h"
#include "services/task-engine/store/routing_rows.h"
#include "services/task-engine/turn/routed.h"

/* More than a notice shows; it says how many there are besides. */
enum { ROWS_MAX = 200 };

static void
describe(const struct routing_gathered *from, struct triage_open *out)
{
	const struct task *t = &from->row.task;

	*out = (struct triage_open){
		.task_id = t->id,
		.reason = from->reason,
		.priority = t->priority,
		.lane = t->assigned_lane,
		.due_at_unix = t->due_at_unix,
		.text = t->source_text,
	};
	/* An admin may have routed it otherwise meanwhile. */
	if (!triage_class_parse(t->route_class, &out->class))
		out->class = TRIAGE_NOISE;
}

static int
tell(struct store *store, const struct routing_person *of,
    const struct routing_gathered *gathered, size_t n, int64_t now_ms,
    struct arena *arena, struct err *err)
{
	struct triage_open *rows = arena_alloc(arena, n * sizeof(*rows));
	AUTO(buf_release)
	struct buf text = { 0 };
	struct notice notice = { .workspace_id = of->workspace_id };
	size_t n_told;

	for (size_t i = 0; i < n; i++)
		describe(&gathered[i], &rows[i]);
	buf_init(&text);
	triage_notice(&text, of->person, rows, n);
	notice.text = text.data;
	return notice_post(store, &notice, now_ms, arena, &n_told, err);
}

static int
tell_of(struct store *store, const struct routing_person *of, int64_t now_ms,
    struct arena *arena, struct err *err)
{
	struct routing_gathered *gathered;
	size_t n;

	if (store_routing_rows(store, of, ROUTING_WINDOW_MS, now_ms, ROWS_MAX,
		arena, &gathered, &n, err) < 0 ||
	    (n && tell(store, of, gathered, n, now_ms, arena, err) < 0))
		return -1;
	return store_routing_close(store, of, ROUTING_WINDOW_MS, now_ms, err);
}

int
routed_tell_due(struct store *store, int64_t now_ms, int64_t limit,
    struct arena *arena, int64_t *n_out, struct err *err)
{
	struct routing_person *people;
	size_t n;

	if (store_routing_due(store, ROUTING_WINDOW_MS, now_ms, limit, arena,
		&people, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (tell_of(store, &people[i], now_ms, arena, err) < 0)
			return -1;
	*n_out = (int64_t)n;
	return 0;
}
