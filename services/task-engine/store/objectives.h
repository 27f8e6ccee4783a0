#ifndef TASK_ENGINE_STORE_OBJECTIVES_H
#define TASK_ENGINE_STORE_OBJECTIVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct store;

/* Objectives: the predecessor's columns and ours. */
struct objective_row {
	const char *id; /* "obj_<uuid>" */
	const char *workspace_id;
	const char *context_id;
	const char *title;
	const char *prompt;
	const char *trigger_type; /* "schedule" or "event" */
	const char *event_key;	  /* of an event; else "" */
	const char *cron_expr;	  /* of a schedule; else "" */
	const char *timezone;
	const char *asked_by; /* actor whose authority it runs with */
	const char *asked_as; /* the role it had then: never more */
	int64_t created_at_unix;
	int64_t next_run_unix; /* 0: it is paused, or waits for an event */
	int64_t ends_at_unix;  /* 0: when it is deleted */
	bool is_active;
};
int store_objective_add(struct store *store, const struct objective_row *row,
    int64_t now_ms, struct err *err) MUST_CHECK;

/* What may change of it; is_resumed: it begins without failures. */
int store_objective_update(struct store *store, const struct objective_row *row,
    bool is_resumed, int64_t now_ms, struct err *err) MUST_CHECK;

int store_objective_delete(
    struct store *store, const char *id, struct err *err) MUST_CHECK;

/* How many a workspace has, paused and ended ones too; and of these, how many
 * that asker. */
struct objectives_kept {
	int64_t in_workspace, of_asker;
};
int store_objectives_kept(struct store *store, const char *workspace_id,
    const char *asked_by, struct objectives_kept *out,
    struct err *err) MUST_CHECK;
/* Deletes those of it that have come to their end. Of each one it returns what
 * it was, where, and when it was due, which is short. */
int store_objectives_drop_ended(struct store *store, const char *workspace_id,
    int64_t now_ms, struct arena *arena, struct objective_row **rows_out,
    size_t *n_out, struct err *err) MUST_CHECK;

/* How many of that asker are active and have not come to their end. */
int store_objectives_live(struct store *store, const char *asked_by,
    int64_t now_ms, int64_t *n_out, struct err *err) MUST_CHECK;
/* The same of a workspace; and of these, how many guests asked for. */
struct objectives_live {
	int64_t in_workspace, of_guests;
};
int store_objectives_live_in(struct store *store, const char *workspace_id,
    int64_t now_ms, struct objectives_live *out, struct err *err) MUST_CHECK;

/* Which of a workspace somebody is shown; newest first. */
struct objective_shown {
	const char *workspace_id;
	const char *asked_by;	/* their own */
	const char *context_id; /* others' of it too; "": of all */
	const char *id_prefix;	/* "": any */
	int64_t skip;		/* of the newest */
	int64_t limit;
	bool sees_others;
};
int store_objectives_shown(struct store *store,
    const struct objective_shown *shown, struct arena *arena,
    struct objective_row **rows_out, size_t *n_out, struct err *err) MUST_CHECK;

#endif
