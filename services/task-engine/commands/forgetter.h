#ifndef TASK_ENGINE_COMMANDS_FORGETTER_H
#define TASK_ENGINE_COMMANDS_FORGETTER_H

#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct context_row;
struct err;
struct forgetting;
struct svc;

/*
 * Goes on with what is being forgotten, a slice at a time, so that whatever
 * else is asked waits for one slice at most. The rows tell how far it is: a
 * kill loses nothing.
 */
struct forgetter;

void forgetter_open(struct forgetter **forgetter_out, struct svc *svc);
void forgetter_close(struct forgetter **forgetter);
/* Called once at start; commits wake it by themselves. */
void forgetter_wake(struct forgetter *forgetter);

/*
 * Within a transaction: the first slice. When that is not all, returns 1: the
 * rest follows after the commit, nothing of it is shown from now on, and the
 * context is told when it is done.
 */
int forget_begin(struct svc *svc, const struct context_row *context,
    struct forgetting *forgetting, int64_t now_ms, struct arena *arena,
    struct err *err) MUST_CHECK;

#endif
