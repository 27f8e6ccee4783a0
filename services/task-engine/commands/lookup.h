#ifndef TASK_ENGINE_COMMANDS_LOOKUP_H
#define TASK_ENGINE_COMMANDS_LOOKUP_H

#include <stdint.h>

#include "libcommon/defs.h"
#include "services/task-engine/policy/policy.h"

struct arena;
struct buf;
struct context_row;
struct err;
struct svc;

/*
 * Commands that ask the indexer: their turns are taken here, outside of any
 * transaction, and end like those of the agent. What somebody searches or opens
 * in a place waits for the searches that they sent there before. Also what the
 * indexer said lately about each workspace.
 */
struct lookups;

void lookups_open(struct lookups **lookups_out, struct svc *svc);
void lookups_close(struct lookups **lookups);

/* Takes what is queued; called after commits and once at start. */
void lookups_wake(struct lookups *lookups);

/*
 * Appends the answer to /status; returns 1 when the indexer has to be asked
 * first, because what it said about the workspace is older than a few seconds.
 */
int lookup_status(struct svc *svc, const struct context_row *context,
    const struct actor *asker, int64_t now_ms, struct arena *arena,
    struct buf *out, struct err *err) MUST_CHECK;

#endif
