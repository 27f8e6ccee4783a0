/* Rows of what happened to documents. */

#include "services/task-engine/store/documents.h"

#include <string.h>

#include "libcommon/err.h"
#include "libcommon/id.h"
#include "services/task-engine/store/replies.h"
#include "services/task-engine/store/row.h"
#include "services/task-engine/store/store.h"

int
store_own_write_add(struct store *s, const char *workspace_id, const char *path,
    const char *content, int64_t now_ms, struct err *err)
{
	char sha256[ID_SHA256_HEX_SIZE];

	id_sha256_hex(sha256, content, strlen(content));
	return stmt_run(s, STMT_OWN_WRITE_ADD, NULL,
	    BINDS(b_text(workspace_id), b_text(path), b_text(sha256),
		b_int(now_ms)),
	    err);
}

int
store_own_write_seen(struct store *s, const char *workspace_id,
    const char *path, const char *sha256, int64_t now_ms, struct err *err)
{
	return stmt_run_one(s, STMT_OWN_WRITE_SEEN,
	    BINDS(b_text(workspace_id), b_text(path), b_text(sha256),
		b_int(now_ms), b_int(now_ms - REPLY_KEPT_MS)),
	    err);
}

int
store_document_note(struct store *s, const char *workspace_id,
    const struct document_row *d, struct err *err)
{
	int rc = stmt_run_one(s, STMT_DOCUMENT_NOTE,
	    BINDS(b_text(workspace_id), b_text(d->path), b_text(d->change),
		b_text(d->sha256), b_int(d->at_ms)),
	    err);

	if (rc != 0)
		return rc;
	return stmt_run(s, STMT_DOCUMENTS_TRIM, NULL,
	    BINDS(b_text(workspace_id), b_int(DOCUMENTS_KEPT)), err);
}
