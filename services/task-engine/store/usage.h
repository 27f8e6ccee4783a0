#ifndef TASK_ENGINE_STORE_USAGE_H
#define TASK_ENGINE_STORE_USAGE_H

#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct store;

/* Tokens of models: what one turn used, and what was used in a day, by whom. */
struct tokens {
	int64_t calls; /* of a model */
	int64_t in;    /* those cached included */
	int64_t cached;
	int64_t out;
	int64_t estimated; /* of in and out: what the endpoint did not tell */
};

/* Within a transaction: adds to what that turn has used. */
int store_usage_of_turn_add(struct store *store, int64_t turn_id,
    const char *model, const struct tokens *more, struct err *err) MUST_CHECK;
/* Returns 1 when it has asked no model. */
int
store_usage_of_turn(struct store *store, int64_t turn_id, struct arena *arena,
    const char **model_out, struct tokens *out, struct err *err) MUST_CHECK;

/* day: of UTC, since 1970; scope: "person", "room", "workspace", "all". */
int store_usage_add(struct store *store, int64_t day, const char *scope,
    const char *key, const struct tokens *more, struct err *err) MUST_CHECK;
/* All 0 when there is none. */
int store_usage_get(struct store *store, int64_t day, const char *scope,
    const char *key, struct tokens *out, struct err *err) MUST_CHECK;

#endif
