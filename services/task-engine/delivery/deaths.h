#ifndef TASK_ENGINE_DELIVERY_DEATHS_H
#define TASK_ENGINE_DELIVERY_DEATHS_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct store;

/* So many processes may end with a row in hand, all but the first with nothing
 * beside it; then it is set aside. */
enum { DEATHS_MAX = 3 };

/*
 * Another process of the instance has begun: what the last one had leased is
 * due again. If that one did not stop as it should, the death counts for what
 * it had under way (trial.h); a row that has seen three becomes a dead letter,
 * and the admins are told. Within a transaction.
 */
int deaths_note(struct store *store, const char *instance, bool was_clean_stop,
    int64_t now_ms, struct arena *arena, struct err *err) MUST_CHECK;

#endif
