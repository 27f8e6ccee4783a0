#ifndef TASK_ENGINE_STORE_REPLIES_H
#define TASK_ENGINE_STORE_REPLIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct buf;
struct err;
struct store;

/* What the doors remember: given replies, and how far a connector has read. */

/* Longer than any deadline, so a repeated id always finds its reply. */
enum { REPLY_KEPT_MS = 15 * 60 * 1000 };
/* A message follows its attachments at once; an engine that was away for
 * longer is asked to hold them again. */
enum { HELD_MS = 60 * 60 * 1000 };

/* Appends the bytes to out; returns 1 when there are none. */
int store_reply_get(struct store *store, const char *door, const char *id,
    struct buf *out, struct err *err) MUST_CHECK;
int store_reply_put(struct store *store, const char *door, const char *id,
    const struct buf *bytes, int64_t now_ms, struct err *err) MUST_CHECK;

/* Removes at most limit of what has expired; how many. */
int store_tidy(struct store *store, int64_t now_ms, int64_t limit,
    int64_t *n_out, struct err *err) MUST_CHECK;

struct cursor_row {
	const char *cursor;
	const char *version;
	bool was_clean_stop;
};
/* Returns 1 when the instance was never heard of. */
int store_cursor_get(struct store *store, const char *instance,
    struct arena *arena, struct cursor_row *out, struct err *err) MUST_CHECK;
int store_cursor_put(struct store *store, const char *instance,
    const struct cursor_row *row, int64_t now_ms, struct err *err) MUST_CHECK;
/* The cursor alone, as an event brings it. */
int store_cursor_move(struct store *store, const char *instance,
    const char *cursor, int64_t now_ms, struct err *err) MUST_CHECK;

#endif
