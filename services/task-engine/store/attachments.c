/* Rows of the files that messages bring. */

#include "services/task-engine/store/attachments.h"

#include "libcommon/err.h"
#include "services/task-engine/store/row.h"
#include "services/task-engine/store/store.h"

static void
read_attachment(struct columns *c, void *row_out)
{
	struct attachment_row *a = row_out;

	a->seq = next_int(c);
	a->name = next_text(c);
	a->sha256 = next_text(c);
	a->path = next_text(c);
}

static void
read_int(struct columns *c, void *row_out)
{
	*(int64_t *)row_out = next_int(c);
}

static void
read_nothing(struct columns *c, void *row_out)
{
	(void)c;
	(void)row_out;
}

int
store_attachment_add(struct store *s, const struct attachment_key *k,
    const struct attachment_row *a, const char *content, int64_t size_bytes,
    int64_t now_ms, struct err *err)
{
	return stmt_run(s, STMT_ATTACHMENT_ADD, NULL,
	    BINDS(b_text(k->instance), b_text(k->chat_id), b_text(k->event_id),
		b_int(k->number), b_text(a->name), b_int(size_bytes),
		b_text(a->sha256), b_text(content), b_int(now_ms)),
	    err);
}

int
store_attachment_find(struct store *s, const struct attachment_key *k,
    struct arena *arena, struct attachment_row *out, struct err *err)
{
	return stmt_get(s, STMT_ATTACHMENT_FIND, arena, read_attachment, out,
	    BINDS(b_text(k->instance), b_text(k->chat_id), b_text(k->event_id),
		b_int(k->number)),
	    err);
}

int
store_attachments_held(struct store *s, int64_t *n_bytes_out, struct err *err)
{
	return stmt_get(s, STMT_ATTACHMENTS_HELD, NULL, read_int, n_bytes_out,
		   NO_BINDS, err) < 0
		   ? -1
		   : 0;
}

int
store_attachment_path_used(struct store *s, const char *workspace_id,
    const char *path, struct err *err)
{
	return stmt_get(s, STMT_ATTACHMENT_PATH_USED, NULL, read_nothing, NULL,
	    BINDS(b_text(workspace_id), b_text(path)), err);
}

/* Its hash was checked when it was held. */
static int
note_own_write(struct store *s, int64_t seq, const char *workspace_id,
    const char *path, int64_t now_ms, struct err *err)
{
	return stmt_run(s, STMT_ATTACHMENT_OWN_WRITE, NULL,
	    BINDS(
		b_int(seq), b_text(workspace_id), b_text(path), b_int(now_ms)),
	    err);
}

int
store_attachment_name(struct store *s, int64_t seq, const char *workspace_id,
    const char *path, int64_t now_ms, struct err *err)
{
	store_note_change(s, STORE_CHANGED_FILES);
	if (note_own_write(s, seq, workspace_id, path, now_ms, err) < 0 ||
	    stmt_run(s, STMT_ATTACHMENT_TO_FILE, NULL,
		BINDS(b_int(seq), b_text(workspace_id), b_text(path),
		    b_int(now_ms)),
		err) < 0)
		return -1;
	return stmt_run(s, STMT_ATTACHMENT_NAMED, NULL,
	    BINDS(b_int(seq), b_text(workspace_id), b_text(path)), err);
}
