#ifndef TASK_ENGINE_STORE_ALLOWANCES_H
#define TASK_ENGINE_STORE_ALLOWANCES_H

#include <stdint.h>

#include "libcommon/defs.h"

struct err;
struct store;

/*
 * How often something may be done: so many times in a window that begins with
 * the first of them. Durable; what is over is tidied by upkeep.
 */

/*
 * Takes one of `limit`. Returns 1, changing nothing, when they are used up. A
 * window that seems to begin in the future (the clock was set back) is over.
 */
int allowance_take(struct store *store, const char *key, int64_t limit,
    int64_t window_ms, int64_t now_ms, struct err *err) MUST_CHECK;

/* Whether it could be taken, taking nothing: 1 if not. */
int allowance_look(struct store *store, const char *key, int64_t limit,
    int64_t now_ms, struct err *err) MUST_CHECK;

#endif
