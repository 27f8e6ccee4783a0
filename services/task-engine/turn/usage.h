#ifndef TASK_ENGINE_TURN_USAGE_H
#define TASK_ENGINE_TURN_USAGE_H

#include "libcommon/defs.h"

struct err;
struct llm_answer;
struct turn;

/*
 * Budgets of tokens: what a call may use is reserved before it, what it used
 * is settled after it, and recorded before the next one, or with what the turn
 * records anyway. What a call used that was cut off by a crash, or before it
 * was answered with anything, is not known and counts nowhere. A simulation has
 * no row of its own: it counts in the day's.
 */

/* ERR_BUSY: a budget is used up; the text is for whoever asked. */
int usage_reserve(struct turn *turn, struct err *err) MUST_CHECK;
void usage_settle(struct turn *turn, const struct llm_answer *answer);
/* What the call under way has used for answers that broke off: when it is
 * over, or about to be cancelled. */
void usage_lose(struct turn *turn);
/* It came to nothing. */
void usage_release(struct turn *turn);
/* The turn is over: nothing of it is reserved any more. */
void usage_leave(struct turn *turn);

/* Within a transaction; once that is committed, usage_recorded. */
int usage_record(struct turn *turn, struct err *err) MUST_CHECK;
void usage_recorded(struct turn *turn);
/* The same in a transaction of its own. */
void usage_keep(struct turn *turn);

#endif
