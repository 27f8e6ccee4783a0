#ifndef AGENT_RUNTIME_HEALTH_H
#define AGENT_RUNTIME_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/json.h"

struct client;
struct settings;

/*
 * How the suite stands, from all who know a part of it: the report of `serve`
 * (who runs, who keeps dying), the heartbeat (who is well), the engine (what
 * there is to do). What could not be had is NULL.
 */
struct health_view {
	struct json *report;	/* serve.json, if its serve is alive */
	struct json *heartbeat; /* GET /api/v1/heartbeat */
	struct json *status;	/* GET /api/v1/status */
	bool is_ready;		/* GET /readyz */
	char why[256];		/* why a part is missing; "" */
};

void health_look(struct health_view *view, const struct settings *settings,
    struct client *client);
void health_view_release(struct health_view *view);

/* One daemon, joined from report and heartbeat by its name. Strings are the
 * view's. */
struct health_row {
	const char *name;
	const char *state;
	const char *note;
	int64_t pid, restarts, since_unix, lag_ms, beat_unix;
	bool is_ours; /* serve started it */
};
enum { HEALTH_MAX_ROWS = 64 };
size_t health_rows(
    const struct health_view *view, struct health_row rows[HEALTH_MAX_ROWS]);

/* Healthy, or off because it was not configured. */
bool health_row_is_well(const struct health_row *row);
/* Ready, and every daemon that serve runs is well. */
bool health_all_well(const struct health_view *view);

/* Was heard of and has come as far as it will: well, or degraded. */
bool health_row_is_up(const struct health_row *row);
/* Whether it is waited for: all that serve starts, if it is here to say so. */
bool
health_row_counts(const struct health_view *view, const struct health_row *row);
/* Ready, and every daemon that counts is up. */
bool health_is_up(const struct health_view *view);

#endif
