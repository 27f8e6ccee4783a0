/* Rows of outbound messages and their parts. */

#include "services/task-engine/store/outbox.h"

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/store/row.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/suspects.h"

static void
read_outbox(struct columns *c, void *row_out)
{
	struct outbox_row *o = row_out;

	o->id = next_text(c);
	o->instance = next_text(c);
	o->connector = next_text(c);
	o->chat_id = next_text(c);
	o->context_id = next_text(c);
	o->message_seq = next_int(c);
	o->in_reply_to_seq = next_int(c);
	o->task_id = next_text(c);
	o->action_id = next_text(c);
	o->has_buttons = next_bool(c);
	o->edits_id = next_text(c);
	o->partial_of_seq = next_int(c);
	o->reply_to_id = next_text(c);
	o->text = next_text(c);
	o->is_urgent = next_bool(c);
	o->is_handled = next_bool(c);
	o->state = next_text(c);
	o->attempt = next_int(c);
	o->lease = next_text(c);
	o->lease_until_ms = next_int(c);
	o->due_ms = next_int(c);
	o->first_tried_ms = next_int(c);
	o->n_parts_sent = next_int(c);
	o->is_part_uncertain = next_bool(c);
	o->maybe_doubled = next_bool(c);
	o->error = next_text(c);
	o->created_ms = next_int(c);
	o->n_deaths = next_int(c);
}

static void
read_text(struct columns *c, void *row_out)
{
	*(const char **)row_out = next_text(c);
}

static void
read_nothing(struct columns *c, void *row_out)
{
	(void)c;
	(void)row_out;
}

int
store_outbox_add(struct store *s, const struct outbox_row *o, int64_t now_ms,
    struct err *err)
{
	store_note_change(s, STORE_CHANGED_OUTBOX);
	return stmt_run(s, STMT_OUTBOX_ADD, NULL,
	    BINDS(b_text(o->id), b_text(o->instance), b_text(o->connector),
		b_text(o->chat_id), b_text(o->context_id),
		b_int(o->message_seq), b_opt_int(o->in_reply_to_seq),
		b_opt(o->task_id), b_text(o->reply_to_id), b_text(o->text),
		b_int(o->is_urgent), b_int(o->is_handled), b_int(now_ms),
		b_opt(o->action_id), b_int(o->has_buttons), b_text(o->edits_id),
		b_opt_int(o->partial_of_seq)),
	    err);
}

int
store_outbox_get(struct store *s, const char *id, struct arena *arena,
    struct outbox_row *out, struct err *err)
{
	return stmt_get(s, STMT_OUTBOX_GET, arena, read_outbox, out,
	    BINDS(b_text(id)), err);
}

int
store_outbox_partial(struct store *s, int64_t message_seq, struct arena *arena,
    struct outbox_row *out, struct err *err)
{
	return stmt_get(s, STMT_OUTBOX_PARTIAL, arena, read_outbox, out,
	    BINDS(b_int(message_seq)), err);
}

int
store_outbox_of_message(struct store *s, int64_t message_seq,
    struct arena *arena, struct outbox_row *out, struct err *err)
{
	return stmt_get(s, STMT_OUTBOX_OF_MESSAGE, arena, read_outbox, out,
	    BINDS(b_int(message_seq)), err);
}

int
store_outbox_notice(struct store *s, const char *instance, const char *chat_id,
    const char *platform_id, struct arena *arena, const char **action_id_out,
    struct err *err)
{
	return stmt_get(s, STMT_OUTBOX_NOTICE, arena, read_text, action_id_out,
	    BINDS(b_text(instance), b_text(chat_id), b_text(platform_id)), err);
}

int
store_outbox_is_notice(struct store *s, const char *instance,
    const char *chat_id, const char *action_id, struct err *err)
{
	return stmt_get(s, STMT_OUTBOX_IS_NOTICE, NULL, read_nothing, NULL,
	    BINDS(b_text(instance), b_text(chat_id), b_text(action_id)), err);
}

int
store_outbox_cards(struct store *s, const char *action_id, struct arena *arena,
    struct outbox_row **rows_out, size_t *n_out, struct err *err)
{
	return stmt_list(s, STMT_OUTBOX_CARDS, arena, read_outbox,
	    sizeof(**rows_out), rows_out, n_out, BINDS(b_text(action_id)), err);
}

int
store_outbox_copy(struct store *s, const char *id,
    const struct outbox_copy *copy, int64_t now_ms, struct err *err)
{
	int got = stmt_run_one(s, STMT_OUTBOX_COPY,
	    BINDS(b_text(id), b_text(copy->instance), b_text(copy->chat_id),
		b_text(copy->action_id), b_text(copy->platform_id),
		b_int(now_ms)),
	    err);

	if (got != 0)
		return got;
	return stmt_run(s, STMT_OUTBOX_COPY_PART, NULL,
	    BINDS(b_text(id), b_text(copy->platform_id), b_int(now_ms)), err);
}

static void
read_told(struct columns *c, void *row_out)
{
	struct outbox_told *told = row_out;

	told->message_seq = next_int(c);
	told->text = next_text(c);
}

int
store_outbox_told(struct store *s, const struct outbox_row *card,
    struct arena *arena, struct outbox_told *out, struct err *err)
{
	return stmt_get(s, STMT_OUTBOX_TOLD, arena, read_told, out,
	    BINDS(b_text(card->instance), b_text(card->chat_id),
		b_text(card->action_id)),
	    err);
}

static void
read_shown(struct columns *c, void *row_out)
{
	struct outbox_shown *shown = row_out;

	shown->part = next_int(c);
	shown->platform_id = next_text(c);
}

int
store_outbox_shown(struct store *s, const char *id, const char *chat_id,
    struct arena *arena, struct outbox_shown *out, struct err *err)
{
	return stmt_get(s, STMT_OUTBOX_SHOWN, arena, read_shown, out,
	    BINDS(b_text(id), b_text(chat_id)), err);
}

int
store_outbox_due(struct store *s, const char *instance, int64_t now_ms,
    int64_t limit, struct arena *arena, struct outbox_row **rows_out,
    size_t *n_out, struct err *err)
{
	return stmt_list(s, STMT_OUTBOX_DUE, arena, read_outbox,
	    sizeof(**rows_out), rows_out, n_out,
	    BINDS(b_text(instance), b_int(now_ms), b_int(limit)), err);
}

int
store_outbox_leased(struct store *s, const char *instance, const char *lease,
    int64_t now_ms, struct arena *arena, struct outbox_row **rows_out,
    size_t *n_out, struct err *err)
{
	return stmt_list(s, STMT_OUTBOX_LEASED, arena, read_outbox,
	    sizeof(**rows_out), rows_out, n_out,
	    BINDS(b_text(instance), b_text(lease), b_int(now_ms)), err);
}

int
store_outbox_update(struct store *s, const struct outbox_row *o, int64_t now_ms,
    struct err *err)
{
	return stmt_run(s, STMT_OUTBOX_UPDATE, NULL,
	    BINDS(b_text(o->id), b_text(o->state), b_int(o->attempt),
		b_text(o->lease), b_int(o->lease_until_ms), b_int(o->due_ms),
		b_int(o->first_tried_ms), b_int(o->n_parts_sent),
		b_int(o->is_part_uncertain), b_int(o->maybe_doubled),
		b_opt(o->error), b_int(now_ms)),
	    err);
}

int
store_outbox_part(struct store *s, const char *id, int64_t part,
    const char *state, const char *platform_id, int64_t now_ms, struct err *err)
{
	return stmt_run(s, STMT_OUTBOX_PART, NULL,
	    BINDS(b_text(id), b_int(part), b_text(state), b_text(platform_id),
		b_int(now_ms)),
	    err);
}

int
store_outbox_sent(
    struct store *s, const char *id, int64_t now_ms, struct err *err)
{
	return stmt_run_one(
	    s, STMT_OUTBOX_SENT, BINDS(b_text(id), b_int(now_ms)), err);
}

int
store_outbox_instances(struct store *s, int64_t now_ms, struct arena *arena,
    const char ***instances_out, size_t *n_out, struct err *err)
{
	return stmt_list(s, STMT_OUTBOX_INSTANCES, arena, read_text,
	    sizeof(**instances_out), instances_out, n_out, BINDS(b_int(now_ms)),
	    err);
}

int
store_outbox_release(struct store *s, const char *instance,
    const struct blame *blame, int64_t now_ms, struct err *err)
{
	return stmt_run(s, STMT_OUTBOX_RELEASE, NULL,
	    BINDS(b_text(instance), b_int(now_ms), b_int(blame->n_more),
		b_int(blame->n_least)),
	    err);
}

static void
read_under_way(struct columns *c, void *row_out)
{
	struct outbox_under_way *u = row_out;

	u->n = next_int(c);
	u->n_suspect = next_int(c);
}

int
store_outbox_under_way(struct store *s, const char *instance, int64_t until_ms,
    bool is_counted, struct outbox_under_way *out, struct err *err)
{
	return stmt_get(s, STMT_OUTBOX_UNDER_WAY, NULL, read_under_way, out,
	    BINDS(b_text(instance), b_int(until_ms), b_int(is_counted)), err);
}

int
store_outbox_poison(struct store *s, const char *instance, int64_t n_deaths,
    struct arena *arena, struct outbox_row **rows_out, size_t *n_out,
    struct err *err)
{
	return stmt_list(s, STMT_OUTBOX_POISON, arena, read_outbox,
	    sizeof(**rows_out), rows_out, n_out,
	    BINDS(b_text(instance), b_int(n_deaths)), err);
}

int
store_outbox_end_place(struct store *s, const char *instance,
    const char *workspace_id, const char *reason, int64_t now_ms,
    int64_t *n_out, struct err *err)
{
	return stmt_run(s, STMT_OUTBOX_END_PLACE, n_out,
	    BINDS(b_text(instance), b_text(workspace_id), b_text(reason),
		b_int(now_ms)),
	    err);
}

int
store_outbox_move(struct store *s, const char *connector,
    const char *old_chat_id, const char *chat_id, int64_t now_ms,
    struct err *err)
{
	store_note_change(s, STORE_CHANGED_OUTBOX | STORE_CHANGED_DUE);
	return stmt_run(s, STMT_OUTBOX_MOVE, NULL,
	    BINDS(b_text(connector), b_text(old_chat_id), b_text(chat_id),
		b_int(now_ms)),
	    err);
}
