#ifndef TASK_ENGINE_DOORS_STOP_H
#define TASK_ENGINE_DOORS_STOP_H

#include <stdint.h>

#include "libcommon/defs.h"

struct actor;
struct arena;
struct err;
struct svc;

/* Its row was cancelled: it is stopped once that is committed. */
void stop_after_commit(struct svc *svc, int64_t turn_id);

/* Accounts of one person that are looked at. */
enum { ACCOUNTS_MAX = 64 };

struct stopped {
	int64_t n_turns;
	int64_t n_actions; /* proposals that waited */
};

/*
 * Stops, in the actor's name, what an account (or the tools that speak as it)
 * asked for and what has not ended. Whoever waits for an answer is told why.
 * Adds to *stopped.
 */
int stop_account(struct svc *svc, const struct actor *actor,
    const char *connector, const char *connector_user_id, int64_t now_ms,
    struct arena *arena, struct stopped *stopped, struct err *err) MUST_CHECK;

#endif
