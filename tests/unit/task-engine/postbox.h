#ifndef TESTS_UNIT_TASK_ENGINE_POSTBOX_H
#define TESTS_UNIT_TASK_ENGINE_POSTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/delivery.h"
#include "services/task-engine/store/outbox.h"
#include "services/task-engine/store/places.h"

struct world;

/* The outbox of a world, and the gateway that empties it. Each call is a
 * transaction; what it returns lives in the world's arena. */
extern const char postbox_instance[];

/* A group of that name. */
struct context_row postbox_chat(struct world *world, const char *id);
/* The id of the row. */
const char *postbox_put(struct world *world, const struct context_row *context,
    const char *text, bool is_urgent);
struct outbox_row postbox_row(struct world *world, const char *id);

struct delivery_batch postbox_claim(struct world *world, int64_t max);
/* The same id claims the same again. */
struct delivery_batch
postbox_claim_as(struct world *world, const char *id, int64_t max);
/* The state in which the row is then. */
const char *postbox_report(struct world *world, const struct delivery *delivery,
    const char *outcome, int64_t part, bool is_last, int64_t retry_after_ms);

#endif
