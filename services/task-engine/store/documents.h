#ifndef TASK_ENGINE_STORE_DOCUMENTS_H
#define TASK_ENGINE_STORE_DOCUMENTS_H

#include <stdint.h>

#include "libcommon/defs.h"

struct err;
struct store;

/*
 * What happened to the workspaces' documents last: of each path the newest
 * change, of each workspace the newest DOCUMENTS_KEPT. What we wrote ourselves
 * is known by its hash.
 *
 * They are kept so that a report of the same again is no news: the indexer
 * repeats what was not answered, under an id of its own after it was started
 * anew, and may begin a second time from an older index.
 */
enum { DOCUMENTS_KEPT = 1000 };

struct document_row {
	const char *path;
	const char *change; /* proto/document.h */
	const char *sha256; /* "" when it is gone or was not read */
	int64_t at_ms;
};

/* Within a transaction: that content is about to be written by us. */
int store_own_write_add(struct store *store, const char *workspace_id,
    const char *path, const char *content, int64_t now_ms,
    struct err *err) MUST_CHECK;
/* Returns 1 when it is none of ours. One that is seen counts as ours for as
 * long as a report of it may be repeated; then somebody brought it back. */
int store_own_write_seen(struct store *store, const char *workspace_id,
    const char *path, const char *sha256, int64_t now_ms,
    struct err *err) MUST_CHECK;

/* Returns 1, changing nothing, when that is the last that is known of it, or
 * there is no such workspace. */
int store_document_note(struct store *store, const char *workspace_id,
    const struct document_row *row, struct err *err) MUST_CHECK;

#endif
