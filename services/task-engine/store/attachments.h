#ifndef TASK_ENGINE_STORE_ATTACHMENTS_H
#define TASK_ENGINE_STORE_ATTACHMENTS_H

#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct store;

/*
 * Files that messages bring: held from attachment.put until the message comes,
 * which gives them a name in its workspace. The name stays taken.
 */
struct attachment_key {
	const char *instance;
	const char *chat_id; /* the platform's */
	const char *event_id;
	int64_t number; /* in the message's list, from 0 */
};

struct attachment_row {
	int64_t seq;
	const char *name; /* as its sender called it */
	const char *sha256;
	const char *path; /* "" while it is held */
};

int store_attachment_add(struct store *store, const struct attachment_key *key,
    const struct attachment_row *row, const char *content, int64_t size_bytes,
    int64_t now_ms, struct err *err) MUST_CHECK;
/* Returns 1 when there is none. */
int store_attachment_find(struct store *store, const struct attachment_key *key,
    struct arena *arena, struct attachment_row *out,
    struct err *err) MUST_CHECK;
/* Bytes of all that no message has named so far. */
int store_attachments_held(
    struct store *store, int64_t *n_bytes_out, struct err *err) MUST_CHECK;

/* Whether a file of that name was brought already: 0 if so, 1 if not. */
int store_attachment_path_used(struct store *store, const char *workspace_id,
    const char *path, struct err *err) MUST_CHECK;
/* What is held becomes a file of the workspace, written after the commit. */
int store_attachment_name(struct store *store, int64_t seq,
    const char *workspace_id, const char *path, int64_t now_ms,
    struct err *err) MUST_CHECK;

#endif
