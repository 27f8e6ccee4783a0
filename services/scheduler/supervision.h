#ifndef SCHEDULER_SUPERVISION_H
#define SCHEDULER_SUPERVISION_H

#include <stddef.h>
#include <sys/types.h>

#include "libcommon/defs.h"

struct err;
struct roster;

/*
 * Marks in the roster whom `serve` has given up for now, by the text of its
 * run/serve/serve.json, and unmarks all others. A report of another supervisor
 * than ours was left behind by a killed one: it marks nobody.
 */
int supervision_read(struct roster *roster, const char *text, size_t size,
    pid_t supervisor, struct err *err) MUST_CHECK;

#endif
