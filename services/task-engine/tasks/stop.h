#ifndef TASK_ENGINE_TASKS_STOP_H
#define TASK_ENGINE_TASKS_STOP_H

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

enum stop_why { STOP_ROLE_CHANGED, STOP_TOKEN_REVOKED, STOP_FORGOTTEN };

struct stop {
	const struct actor *actor; /* in whose name */
	const char *asked_by;	   /* "telegram:42", "tool:ci"; see each */
	enum stop_why why;
	int64_t now_ms;
};

struct stopped {
	int64_t n_turns;
	int64_t n_actions; /* proposals that waited */
};

/*
 * Stops what an account (or the tools that speak as it) or one tool asked for
 * and what has not ended. Whoever waits for an answer is told why. Adds to
 * *stopped.
 */
int stop_work(struct svc *svc, const struct stop *stop, struct arena *arena,
    struct stopped *stopped, struct err *err) MUST_CHECK;

/*
 * Stops what answers messages of a context from before that one: asked_by's,
 * or everybody's (""). What is shown of an answer gives place to why. Tasks go
 * on, but for one that is carried out by the answer itself.
 */
int
stop_answers(struct svc *svc, const struct stop *stop, const char *context_id,
    int64_t before_seq, struct arena *arena, struct err *err) MUST_CHECK;

#endif
