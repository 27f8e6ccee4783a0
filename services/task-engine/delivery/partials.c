/* Unfinished answers in the outbox. */

#include "services/task-engine/delivery/partials.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/store/outbox.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/turns.h"

enum { ARENA_BYTES = 256 * 1024 };

static int
add(struct store *store, const struct turn_work *work, const char *text,
    int64_t now_ms, struct err *err)
{
	char id[ID_UUID_SIZE];
	const struct outbox_row row = {
		.id = id,
		.instance = work->message.instance,
		.connector = work->context.connector,
		.chat_id = work->context.chat_id,
		.context_id = work->context.id,
		.message_seq = work->message.seq,
		.partial_of_seq = work->message.seq,
		.edits_id = "",
		.reply_to_id = work->message.platform_id,
		.text = text,
		.is_handled = true,
	};

	id_uuid_at(id, now_ms);
	store_note_change(store, STORE_CHANGED_DUE);
	return store_outbox_add(store, &row, now_ms, err);
}

int
partials_post(struct store *store, const struct turn_work *work,
    const char *text, int64_t now_ms, struct err *err)
{
	if (store_begin(store, err) < 0)
		return -1;
	if (add(store, work, text, now_ms, err) < 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store, err);
}

int
partials_find(struct store *store, const struct turn_work *work,
    struct arena *arena, const char **platform_id_out, struct err *err)
{
	struct outbox_row row;
	struct outbox_shown shown;
	int got =
	    store_outbox_partial(store, work->message.seq, arena, &row, err);

	if (got != 0)
		return got;
	got =
	    store_outbox_shown(store, row.id, row.chat_id, arena, &shown, err);
	if (got < 0)
		return -1;
	*platform_id_out = got == 0 ? shown.platform_id : "";
	return 0;
}

static bool
is_untouched(const struct outbox_row *row)
{
	return strcmp(row->state, "queued") == 0 && row->n_parts_sent == 0 &&
	       !row->is_part_uncertain;
}

int
partials_end(struct store *store, int64_t message_seq, int64_t now_ms,
    char id_out[ID_UUID_SIZE], struct err *err)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	struct outbox_row row;
	int got = store_outbox_partial(store, message_seq, arena, &row, err);

	if (got != 0)
		return got;
	snprintf(id_out, ID_UUID_SIZE, "%s", row.id);
	if (is_untouched(&row) &&
	    store_outbox_sent(store, row.id, now_ms, err) < 0)
		return -1;
	return 0;
}
