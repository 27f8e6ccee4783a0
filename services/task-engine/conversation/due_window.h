#ifndef TASK_ENGINE_CONVERSATION_DUE_WINDOW_H
#define TASK_ENGINE_CONVERSATION_DUE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct err;

/*
 * How long something may take, as people write it: one or more numbers with a
 * unit of d, h, m or s, the largest first, and a fraction only in the last:
 * "2d", "2h", "90m", "1h30m", "1.5h". Any case; from a second to 366 days.
 */
enum { DUE_WINDOW_MAX_S = 366 * 24 * 60 * 60 };

int due_window_parse(
    const char *text, int64_t *seconds_out, struct err *err) MUST_CHECK;

/* Whether it is meant as one, right or wrong: it begins with a digit. */
bool due_window_is_meant(const char *text);

#endif
