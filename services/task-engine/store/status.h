#ifndef TASK_ENGINE_STORE_STATUS_H
#define TASK_ENGINE_STORE_STATUS_H

#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "proto/beat.h"

struct arena;
struct err;
struct store;

/*
 * Counts for people, by name: tasks.queued, turns.running, outbox.failed,
 * outbox.undelivered (replies that their HTTP client did not get),
 * outbox.maybe_doubled, files.waiting, logs.behind … Names whose count is 0
 * are there too.
 */
int store_counts(struct store *store, struct arena *arena,
    struct beat_counter **counts_out, size_t *n_out,
    struct err *err) MUST_CHECK;

/* How many tasks of one workspace are in that state. */
int store_count_tasks(struct store *store, const char *workspace_id,
    const char *status, int64_t *n_out, struct err *err) MUST_CHECK;

#endif
