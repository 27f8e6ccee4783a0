#ifndef TASK_ENGINE_TASKS_BLAME_H
#define TASK_ENGINE_TASKS_BLAME_H

#include <stdint.h>

#include "libcommon/defs.h"

struct err;

/*
 * Who is to blame for a crash: the id of the turn whose data our code is
 * working on right now, in a small mapped file that outlives the process.
 */

/*
 * Maps path; *blamed_turn_id_out is what a crash left behind, 0 for none. It
 * stays there until blame_clear, which follows when it has been dealt with.
 */
int blame_open(
    const char *path, int64_t *blamed_turn_id_out, struct err *err) MUST_CHECK;
void blame_close(void);

/* 0: of none, of what is only simulated. */
void blame_set(int64_t turn_id);
void blame_clear(void);

#endif
