#ifndef TASK_ENGINE_COMMANDS_ALLOWED_H
#define TASK_ENGINE_COMMANDS_ALLOWED_H

#include "libcommon/defs.h"

struct arena;
struct err;
struct heard;
struct svc;

/*
 * What stands before a model is used: the safety controls, then what a guest
 * may have in a day. All return 0, or 1 when it may not be; whoever is to be
 * told why was answered then.
 */

/* An answer in the place where it was said. */
int allowed_answer(struct svc *svc, const struct heard *heard,
    struct arena *arena, struct err *err) MUST_CHECK;

/* Whether it would be, without an effect: nobody is told, nothing counts. */
int allowed_would(struct svc *svc, const struct heard *heard,
    struct arena *arena, struct err *err) MUST_CHECK;

/* Work that was asked for with a command: the controls alone. */
int allowed_ask(
    struct svc *svc, const struct heard *heard, struct err *err) MUST_CHECK;
/* A task, which is a turn and a row. */
int allowed_task(struct svc *svc, const struct heard *heard,
    struct arena *arena, struct err *err) MUST_CHECK;
/*
 * Work that is asked for over HTTP: -1, and *err says why not; ERR_BUSY when it
 * may be later. heard has no message that could be answered.
 */
int allowed_request(
    struct svc *svc, const struct heard *heard, struct err *err) MUST_CHECK;
/* A draft: nobody is told why not. */
int allowed_draft(struct svc *svc, const struct heard *heard,
    struct arena *arena, struct err *err) MUST_CHECK;

#endif
