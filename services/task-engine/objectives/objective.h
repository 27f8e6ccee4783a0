#ifndef TASK_ENGINE_OBJECTIVES_OBJECTIVE_H
#define TASK_ENGINE_OBJECTIVES_OBJECTIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct objective_row;
struct store;

/*
 * What is to be done again and again, by a schedule or when something happens.
 * Whatever runs one gives its task a depth of one at least (store/tasks.h), so
 * that what it reads has it make no further objectives.
 */

/* The predecessor's: every six hours. */
#define OBJECTIVE_CRON "0 */6 * * *"
#define OBJECTIVE_TIMEZONE "UTC"

/* What people and models are told of each one. */
#define OBJECTIVE_NOT_RUN                                                      \
	"It is not run yet: this version only keeps it, until the scheduling " \
	"of objectives comes."

/*
 * The most that are active at a time, and that a workspace keeps, paused ones
 * too. So no person has all of what a workspace may have, unless they asked
 * as its admin, and guests, of whom there may be any number, have half of it.
 */
enum {
	OBJECTIVES_OF_PERSON = 20,
	OBJECTIVES_OF_GUESTS = 50,
	OBJECTIVES_OF_WORKSPACE = 100,
	OBJECTIVES_KEPT_OF_PERSON = 50,
	OBJECTIVES_KEPT_OF_WORKSPACE = 200,
};

/*
 * Stores a new one with its audit row; computes when it is due. Sets the row's
 * id, and its cron_expr in its one form. ERR_INVALID names what is wrong with
 * cron_expr or timezone, ERR_BUSY which bound is reached, and what makes room.
 * Where none is, those that have ended go, each with an audit row. Within a
 * transaction.
 */
int objective_add(struct store *store, struct objective_row *row,
    int64_t now_ms, struct arena *arena, struct err *err) MUST_CHECK;

struct objective_change {
	/* NULL: stays as it is */
	const char *title, *prompt, *trigger_type, *event_key, *cron_expr,
	    *timezone;
	/* Whoever changes what it does asks for it anew; NULL: others. */
	const char *asked_as;
	bool is_active;
	bool has_active; /* is_active counts */
};

/* Whether it changes more than whether it is active. */
bool objective_is_rewritten(const struct objective_change *change);

/*
 * Applies it to the row and stores that with its audit row, by that actor.
 * When it is due is computed anew if the schedule changes or it is resumed,
 * and then it begins without failures. Errors as above.
 */
int objective_update(struct store *store, struct objective_row *row,
    const struct objective_change *change, const char *actor, int64_t now_ms,
    struct arena *arena, struct err *err) MUST_CHECK;

/* Deletes it, with an audit row by that actor. Within a transaction. */
int objective_delete(struct store *store, const struct objective_row *row,
    const char *actor, int64_t now_ms, struct arena *arena,
    struct err *err) MUST_CHECK;

#endif
