/* The indexer's door: what happened to documents. */

#include <inttypes.h>

#include "libcommon/err.h"
#include "libcommon/log.h"
#include "proto/document.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/store/documents.h"

/* Returns 1 when it is no news: our own doing, or known. */
static int
take(struct svc *svc, const char *workspace_id,
    const struct document_change *change, int64_t now_ms, struct err *err)
{
	const struct document_row row = {
		.path = change->path,
		.change = change->change,
		.sha256 = change->sha256,
		.at_ms = now_ms,
	};
	int rc = *change->sha256
		     ? store_own_write_seen(svc->store, workspace_id,
			   change->path, change->sha256, now_ms, err)
		     : 1;

	if (rc != 1)
		return rc < 0 ? -1 : 1;
	rc = store_document_note(svc->store, workspace_id, &row, err);
	if (rc == 0)
		log_info("document-changed",
		    "workspace=%s path=%s change=%s sha256=%.12s",
		    log_quote(workspace_id), log_quote(change->path),
		    change->change, *change->sha256 ? change->sha256 : "-");
	return rc;
}

int
on_document_changed(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct document_changed in;
	struct document_noted out = { 0 };

	if (document_changed_decode(&in, request->body, request->arena, err) <
	    0)
		return -1;
	for (size_t i = 0; i < in.n_changes; i++) {
		int rc = take(
		    svc, in.workspace_id, &in.changes[i], request->now_ms, err);

		if (rc < 0)
			return -1;
		out.n_noted += rc == 0;
	}
	document_noted_encode(&out, reply->body);
	return 0;
}
