#ifndef TASK_ENGINE_STORE_SUSPECTS_H
#define TASK_ENGINE_STORE_SUSPECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct err;
struct store;

/*
 * Updates that a gateway named before it looked at them, and how many of its
 * processes did so: the one that is named last is the one to blame when the
 * process dies; whatever was named before it has survived.
 */
enum { SUSPECT_PROCESSES_MAX = 3 };

/* Another process of the instance has begun. */
int store_suspects_begin(struct store *store, const char *instance,
    bool was_clean_stop, struct err *err) MUST_CHECK;

/* *n_out: how many processes have named it, this one included; *is_new_out:
 * this one did for the first time. */
int store_suspect_name(struct store *store, const char *instance,
    const char *update_id, int64_t now_ms, int64_t *n_out, bool *is_new_out,
    struct err *err) MUST_CHECK;

/* How many the running process has named after that time. */
int store_suspects_named(struct store *store, const char *instance,
    int64_t after_ms, int64_t *n_out, struct err *err) MUST_CHECK;

#endif
