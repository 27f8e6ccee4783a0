#ifndef TASK_ENGINE_DELIVERY_CARDS_H
#define TASK_ENGINE_DELIVERY_CARDS_H

#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct store;

/*
 * Says on each message that has the buttons of an action what became of it,
 * behind what it showed, and takes the buttons away: wherever its gateway can
 * change a message. Within a transaction.
 */
int cards_turn(struct store *store, const char *action_id, const char *outcome,
    int64_t now_ms, struct arena *arena, struct err *err) MUST_CHECK;

#endif
