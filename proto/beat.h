#ifndef PROTO_BEAT_H
#define PROTO_BEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/shape.h"

/* beat: how a daemon stands, every 5 s and at each change of state. */
struct beat_counter {
	const char *name;
	int64_t value;
};
PROTO_MESSAGE(beat_counter);

struct beat {
	const char *state; /* starting healthy degraded disabled stopped */
	const char *text;
	const char *version;
	int64_t pid;
	int64_t started_unix;
	int64_t worst_lag_ms;
	int64_t proof_age_ms; /* since something real worked; -1: never */
	struct beat_counter *counters;
	size_t n_counters;
	bool needs_person; /* it stays degraded until somebody mends it */
};
PROTO_MESSAGE(beat);

/* health.snapshot */
struct component {
	const char *name;
	const char *state; /* the above, and stale, missing, failing */
	const char *base_state;
	const char *message;
	const char *version;
	int64_t pid;
	int64_t last_beat_at_unix;
	int64_t updated_at_unix;
	int64_t proof_age_ms;
	int64_t worst_lag_ms;
	bool stale;
	bool needs_person;
	struct beat_counter *counters;
	size_t n_counters;
};
PROTO_MESSAGE(component);

struct health {
	int64_t generated_at_unix;
	const char *overall;
	struct component *components;
	size_t n_components;
};
PROTO_MESSAGE(health);

/*
 * health.changed: components that stand otherwise than the scheduler told
 * before, and have done so for long enough to be spoken of. After its start it
 * tells all of them.
 */
struct health_change {
	const char *name;  /* "gateway-telegram", "gateway-telegram.two" */
	const char *state; /* healthy degraded disabled stale missing failing */
	const char *message;
	int64_t since_unix;
	bool needs_person;
};
PROTO_MESSAGE(health_change);

struct health_changed {
	struct health_change *changes;
	size_t n_changes;
};
PROTO_MESSAGE(health_changed);

#endif
