/* Rows of messages. */

#include "services/task-engine/store/messages.h"

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/store/row.h"
#include "services/task-engine/store/store.h"

static void
read_message(struct columns *c, void *row_out)
{
	struct message_row *m = row_out;

	m->seq = next_int(c);
	m->instance = next_text(c);
	m->chat_id = next_text(c);
	m->event_id = next_text(c);
	m->direction = next_text(c);
	m->workspace_id = next_text(c);
	m->context_id = next_text(c);
	m->actor = next_text(c);
	m->actor_name = next_text(c);
	m->said_by = next_text(c);
	m->said_as = next_text(c);
	m->platform_id = next_text(c);
	m->reply_to_id = next_text(c);
	m->text = next_text(c);
	m->body_sha256 = next_text(c);
	m->cause = next_text(c);
	m->at_ms = next_int(c);
	m->is_addressed = next_bool(c);
	m->is_edit = next_bool(c);
	m->heard_ms = next_int(c);
}

static void
read_seq(struct columns *c, void *row_out)
{
	*(int64_t *)row_out = next_int(c);
}

int
store_message_add(struct store *s, const struct message_row *m,
    int64_t *seq_out, struct err *err)
{
	int got = stmt_run_one(s, STMT_MESSAGE_ADD,
	    BINDS(b_text(m->instance), b_text(m->chat_id), b_text(m->event_id),
		b_text(m->direction), b_text(m->workspace_id),
		b_text(m->context_id), b_text(m->actor), b_text(m->actor_name),
		b_text(m->said_by), b_text(m->said_as), b_text(m->platform_id),
		b_text(m->reply_to_id), b_text(m->text), b_text(m->body_sha256),
		b_text(m->cause), b_int(m->at_ms), b_int(m->is_addressed),
		b_int(m->is_edit), b_int(m->heard_ms)),
	    err);

	if (got < 0)
		return -1;
	if (got == 0) {
		*seq_out = sqlite3_last_insert_rowid(store_db(s));
		store_note_change(s, STORE_CHANGED_MESSAGES);
		return 0;
	}
	if (stmt_get(s, STMT_MESSAGE_FIND, NULL, read_seq, seq_out,
		BINDS(b_text(m->instance), b_text(m->chat_id),
		    b_text(m->event_id)),
		err) != 0)
		return -1;
	return 1;
}

int
store_message_get(struct store *s, int64_t seq, struct arena *arena,
    struct message_row *out, struct err *err)
{
	return stmt_get(s, STMT_MESSAGE_GET, arena, read_message, out,
	    BINDS(b_int(seq)), err);
}

int
store_message_find(struct store *s, const char *instance, const char *chat_id,
    const char *event_id, struct arena *arena, struct message_row *out,
    struct err *err)
{
	return stmt_get(s, STMT_MESSAGE_FIND, arena, read_message, out,
	    BINDS(b_text(instance), b_text(chat_id), b_text(event_id)), err);
}

static void
read_count(struct columns *c, void *row_out)
{
	struct message_count *out = row_out;

	out->n = next_int(c);
	out->n_people = next_int(c);
}

int
store_messages_since(struct store *s, const char *context_id, int64_t after_seq,
    int64_t limit, struct message_count *out, struct err *err)
{
	return stmt_get(s, STMT_MESSAGES_SINCE, NULL, read_count, out,
	    BINDS(b_text(context_id), b_int(after_seq), b_int(limit)), err);
}

int
store_messages_before(struct store *s, const char *context_id,
    int64_t before_seq, int64_t limit, struct arena *arena,
    struct message_row **rows_out, size_t *n_out, struct err *err)
{
	if (stmt_list(s, STMT_MESSAGES_BEFORE, arena, read_message,
		sizeof(**rows_out), rows_out, n_out,
		BINDS(b_text(context_id), b_int(before_seq), b_int(limit)),
		err) < 0)
		return -1;
	for (size_t i = 0; i < *n_out / 2; i++) {
		struct message_row *other = &(*rows_out)[*n_out - 1 - i];
		struct message_row kept = (*rows_out)[i];

		(*rows_out)[i] = *other;
		*other = kept;
	}
	return 0;
}
