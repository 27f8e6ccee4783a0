#ifndef TASK_ENGINE_DELIVERY_PARTIALS_H
#define TASK_ENGINE_DELIVERY_PARTIALS_H

#include <stdint.h>

#include "libcommon/defs.h"
#include "libcommon/id.h"

struct arena;
struct err;
struct store;
struct turn_work;

/*
 * An answer that people watch while it is made: a row of the outbox like any
 * other, so that whatever dies, it is known whether and where it was shown.
 * The answer then takes its place, and there is never more than one.
 */

/* Puts one out, in a transaction of its own. */
int partials_post(struct store *store, const struct turn_work *work,
    const char *text, int64_t now_ms, struct err *err) MUST_CHECK;

/*
 * Where that of the message is. 1: there is none. *platform_id_out is "" until
 * it is shown.
 */
int partials_find(struct store *store, const struct turn_work *work,
    struct arena *arena, const char **platform_id_out,
    struct err *err) MUST_CHECK;

/*
 * The answer to that message comes, within a transaction: id_out is the row
 * whose place it takes. 1: there is none. What nobody has begun to show is not
 * shown any more.
 */
int partials_end(struct store *store, int64_t message_seq, int64_t now_ms,
    char id_out[ID_UUID_SIZE], struct err *err) MUST_CHECK;

#endif
