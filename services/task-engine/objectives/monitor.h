#ifndef TASK_ENGINE_OBJECTIVES_MONITOR_H
#define TASK_ENGINE_OBJECTIVES_MONITOR_H

#include <stdint.h>

#include "libcommon/defs.h"
#include "libcommon/id.h"

struct err;
struct store;

/* What is watched by schedule, until it is paused or deleted. */
struct monitor {
	const char *workspace_id;
	const char *context_id;
	const char *title;
	const char *goal;
	const char *asked_by;
	const char *asked_as;
	int64_t ends_at_unix; /* 0: never by itself */
};

/* The predecessor's: every six hours. */
#define MONITOR_CRON "0 */6 * * *"

enum { MONITOR_ID_SIZE = sizeof("obj_") - 1 + ID_UUID_SIZE };

/* Stores it, active, with its audit row. Within a transaction. */
int monitor_add(struct store *store, const struct monitor *monitor,
    int64_t now_ms, char id_out[MONITOR_ID_SIZE], struct err *err) MUST_CHECK;

#endif
