#ifndef TASK_ENGINE_TURN_ROUTED_H
#define TASK_ENGINE_TURN_ROUTED_H

#include <stdint.h>

#include "libcommon/defs.h"
#include "services/task-engine/conversation/triage.h"
#include "services/task-engine/tasks/routing.h"

struct actor;
struct arena;
struct context_row;
struct engine_cfg;
struct err;
struct message_row;
struct store;
struct turn_work;

/*
 * The row that triage makes of a message, with what admins are told of it. It
 * lives in the arena.
 */
void routed_make(struct routed *out, const struct engine_cfg *cfg,
    const struct context_row *context, const struct message_row *message,
    const struct triage *triage, int64_t now_ms, struct arena *arena);

/* The same of a question whose answer failed; NULL: that leaves no row. */
struct routed *routed_unanswered(const struct engine_cfg *cfg,
    const struct turn_work *work, int64_t now_ms, struct arena *arena);

/* Somebody without a linked account: the day's limits are theirs. */
bool routed_is_guest(const struct actor *actor);

/*
 * Tells admins what was gathered of people whose five minutes are over; of at
 * most limit of them. Within a transaction.
 */
int routed_tell_due(struct store *store, int64_t now_ms, int64_t limit,
    struct arena *arena, int64_t *n_out, struct err *err) MUST_CHECK;

#endif
