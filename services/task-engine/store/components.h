#ifndef TASK_ENGINE_STORE_COMPONENTS_H
#define TASK_ENGINE_STORE_COMPONENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct store;

/* How the daemons stand, as the scheduler sees them, and what people were told
 * of it. */
struct component_row {
	const char *name; /* "gateway-telegram.two" */
	const char *state;
	const char *message;
	int64_t since_ms;
	const char *told; /* what people know; "": that it is well */
	int64_t told_ms;  /* when they heard of trouble; 0: never */
	const char *news; /* what they should know */
	bool needs_person;
};

/* All but told, told_ms and news; 1: it stands so already. */
int store_component_put(struct store *store, const struct component_row *row,
    struct err *err) MUST_CHECK;

/* Of which people know something else than what is. Trouble of a component
 * that they heard of less than every_ms ago is left out. */
int store_components_news(struct store *store, int64_t now_ms, int64_t every_ms,
    struct arena *arena, struct component_row **rows_out, size_t *n_out,
    struct err *err) MUST_CHECK;

/* People know its news. */
int store_component_told(struct store *store, const struct component_row *row,
    int64_t now_ms, struct err *err) MUST_CHECK;

/* Names of those that do no work. */
int store_components_dead(struct store *store, struct arena *arena,
    const char ***names_out, size_t *n_out, struct err *err) MUST_CHECK;

#endif
