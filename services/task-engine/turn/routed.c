/* What triage makes of a message: a row, and words for admins. Pure. */

#include "services/task-engine/turn/routed.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/id.h"
#include "services/task-engine/config.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/turns.h"

bool
routed_is_guest(const struct actor *actor)
{
	return actor->kind == ACTOR_ACCOUNT && !*actor->user_id;
}

static const char *
make_notice(const struct task_row *row, const struct triage *triage,
    struct arena *arena)
{
	const struct triage_open open = {
		.task_id = row->task.id,
		.class = triage->class,
		.reason = triage->reason,
		.priority = row->task.priority,
		.lane = row->task.assigned_lane,
		.due_at_unix = row->task.due_at_unix,
		.text = row->task.source_text,
	};
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	triage_notice(&text, row->asked_by, &open, 1);
	return arena_strndup(arena, text.data, text.size);
}

static const char *
make_prompt(const struct task_row *row, const struct triage *triage,
    struct arena *arena)
{
	const struct triage_source source = {
		.connector = row->task.source_connector,
		.external_id = row->task.source_external_id,
		.user = row->asked_by,
		.text = row->task.source_text,
		.due_at_unix = row->task.due_at_unix,
	};

	return triage_prompt(triage, &source, arena);
}

void
routed_make(struct routed *out, const struct engine_cfg *cfg,
    const struct context_row *x, const struct message_row *message,
    const struct triage *triage, int64_t now_ms, struct arena *arena)
{
	const struct triage_defaults *by = &triage_defaults[triage->class];
	struct task *t = &out->row.task;
	char id[ID_UUID_SIZE];

	id_uuid(id);
	*out = (struct routed){ .reason = triage->reason, .guest_rows = -1 };
	*t = (struct task){
		.id = arena_strdup(arena, id),
		.workspace_id = x->workspace_id,
		.title = triage_title(triage->class, message->text, arena),
		.route_class = by->name,
		.priority = by->priority,
		.assigned_lane = by->lane,
		.due_at_unix = by->due_s ? now_ms / 1000 + by->due_s : 0,
		.source_connector = x->connector,
		.source_external_id = x->external_id,
		.source_user_id = message->actor,
		.source_text = message->text,
	};
	out->row.asked_by = message->said_by;
	out->row.asked_as = message->said_as;
	out->row.instance = message->instance;
	out->row.source_message_seq = message->seq;
	t->prompt = make_prompt(&out->row, triage, arena);
	out->notice = cfg->triage_notify_admin
			  ? make_notice(&out->row, triage, arena)
			  : "";
}

struct routed *
routed_unanswered(const struct engine_cfg *cfg, const struct turn_work *work,
    int64_t now_ms, struct arena *arena)
{
	struct routed *out = arena_alloc(arena, sizeof(*out));
	struct triage triage;

	if (work->kind != TURN_ANSWER || work->has_task || !cfg->triage_enabled)
		return NULL;
	triage = triage_decide(work->message.text);
	if (triage_row(triage.class, true,
		(enum triage_autorun)cfg->triage_autorun) != ROW_IF_FAILED)
		return NULL;
	routed_make(
	    out, cfg, &work->context, &work->message, &triage, now_ms, arena);
	return out;
}
