#ifndef AGENT_RUNTIME_SUPERVISOR_H
#define AGENT_RUNTIME_SUPERVISOR_H

#include "libcommon/defs.h"

struct daemon_env;
struct err;
struct suite;

/*
 * All daemons of a suite: starts them, reports how they stand, and stops them
 * within two seconds: those who talk to the engine first, so that they can
 * say goodbye; SIGKILL for whoever does not end. Sanitizer builds get more
 * time, which their leak check needs.
 */
struct supervisor;

/* env->on_change and env->arg are the supervisor's to fill. */
int supervisor_open(struct supervisor **out, struct daemon_env *env,
    const struct suite *suite, const char *run_dir, struct err *err) MUST_CHECK;
void supervisor_close(struct supervisor **supervisor);

void supervisor_start(struct supervisor *supervisor);
/* The loop stops when all have ended. A second call, not at once but later,
 * kills. */
void supervisor_stop(struct supervisor *supervisor);
/* The same, and nothing is reported any more: the run directory is lost. */
void supervisor_abandon(struct supervisor *supervisor);

#endif
