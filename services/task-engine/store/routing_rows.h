#ifndef TASK_ENGINE_STORE_ROUTING_ROWS_H
#define TASK_ENGINE_STORE_ROUTING_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "services/task-engine/store/tasks.h"

struct arena;
struct err;
struct store;

/*
 * Routed rows that admins are told of, gathered by workspace and person in
 * windows: routing.h says how.
 */
struct routing_row {
	const char *task_id;
	const char *workspace_id;
	const char *person;
	const char *reason; /* of the class */
	int64_t ends_ms;    /* of the window that it came in */
	bool is_told;	    /* by itself, when the window began */
};
int store_routing_add(struct store *store, const struct routing_row *row,
    struct err *err) MUST_CHECK;

struct routing_person {
	const char *workspace_id;
	const char *person;
};

/* When the person's window, of that length, ends; 1: there is none now. */
int store_routing_ends(struct store *store, const struct routing_person *of,
    int64_t window_ms, int64_t now_ms, int64_t *ends_ms_out,
    struct err *err) MUST_CHECK;

/* Whose windows are over. */
int store_routing_due(struct store *store, int64_t window_ms, int64_t now_ms,
    int64_t limit, struct arena *arena, struct routing_person **out,
    size_t *n_out, struct err *err) MUST_CHECK;

/* What was gathered in such a window and is open still, oldest first. */
struct routing_gathered {
	struct task_row row;
	const char *reason;
};
int store_routing_rows(struct store *store, const struct routing_person *of,
    int64_t window_ms, int64_t now_ms, int64_t limit, struct arena *arena,
    struct routing_gathered **out, size_t *n_out, struct err *err) MUST_CHECK;
int store_routing_close(struct store *store, const struct routing_person *of,
    int64_t window_ms, int64_t now_ms, struct err *err) MUST_CHECK;

#endif
