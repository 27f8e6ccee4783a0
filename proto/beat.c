/* How daemons stand. */

#include "proto/beat.h"

#include "proto/bounds.h"

static const char *const states[] = {
	"starting",
	"healthy",
	"degraded",
	"disabled",
	"stopped",
	NULL,
};

/* What the scheduler makes of them. */
static const char *const seen_states[] = {
	"starting",
	"healthy",
	"degraded",
	"disabled",
	"stopped",
	"stale",
	"missing",
	"failing",
	NULL,
};

/* What people may have to be told of. */
static const char *const told_states[] = {
	"healthy",
	"degraded",
	"disabled",
	"stale",
	"missing",
	"failing",
	NULL,
};

static const struct field beat_counter_fields[] = {
	F_STR(struct beat_counter, name, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_WORD),
	F_INT(
	    struct beat_counter, value, FIELD_REQUIRED, -BOUND_INT, BOUND_INT),
};
SHAPE(beat, beat_counter, beat_counter_fields);

static const struct field beat_fields[] = {
	F_CHOICE(struct beat, state, FIELD_REQUIRED, states),
	F_STR(struct beat, text, 0, 0, BOUND_NOTE),
	F_STR(
	    struct beat, version, FIELD_REQUIRED | FIELD_TOKEN, 1, BOUND_WORD),
	F_INT(struct beat, pid, FIELD_REQUIRED, 1, INT32_MAX),
	F_INT(struct beat, started_unix, FIELD_REQUIRED, 0, BOUND_INT),
	F_INT(struct beat, worst_lag_ms, 0, 0, BOUND_INT),
	F_INT(struct beat, proof_age_ms, FIELD_REQUIRED, -1, BOUND_INT),
	F_LIST(struct beat, counters, 0, beat_counter, BOUND_COUNTERS),
	F_BOOL(struct beat, needs_person, FIELD_SPARSE),
};
SHAPE(beat, beat, beat_fields);

static const struct field component_fields[] = {
	F_STR(struct component, name, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_NAME),
	F_CHOICE(struct component, state, FIELD_REQUIRED, seen_states),
	F_CHOICE(struct component, base_state, 0, states),
	F_STR(struct component, message, FIELD_SPARSE, 0, BOUND_NOTE),
	F_STR(struct component, version, FIELD_TOKEN, 0, BOUND_WORD),
	F_INT(struct component, pid, 0, 0, INT32_MAX),
	F_INT(struct component, last_beat_at_unix, FIELD_SPARSE, 0, BOUND_INT),
	F_INT(struct component, updated_at_unix, 0, 0, BOUND_INT),
	F_INT(struct component, proof_age_ms, FIELD_REQUIRED, -1, BOUND_INT),
	F_INT(struct component, worst_lag_ms, 0, 0, BOUND_INT),
	F_BOOL(struct component, stale, FIELD_SPARSE),
	F_BOOL(struct component, needs_person, FIELD_SPARSE),
	F_LIST(struct component, counters, 0, beat_counter, BOUND_COUNTERS),
};
SHAPE(beat, component, component_fields);

static const struct field health_fields[] = {
	F_INT(struct health, generated_at_unix, FIELD_REQUIRED, 0, BOUND_INT),
	F_STR(struct health, overall, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_WORD),
	F_LIST(struct health, components, FIELD_REQUIRED, component,
	    BOUND_COMPONENTS),
};
SHAPE(beat, health, health_fields);

static const struct field health_change_fields[] = {
	F_STR(struct health_change, name, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_NAME),
	F_CHOICE(struct health_change, state, FIELD_REQUIRED, told_states),
	F_STR(struct health_change, message, 0, 0, BOUND_NOTE),
	F_INT(struct health_change, since_unix, FIELD_REQUIRED, 0, BOUND_UNIX),
	F_BOOL(struct health_change, needs_person, 0),
};
SHAPE(beat, health_change, health_change_fields);

static const struct field health_changed_fields[] = {
	F_LIST(struct health_changed, changes, FIELD_REQUIRED, health_change,
	    BOUND_HEALTH_CHANGES),
};
SHAPE(beat, health_changed, health_changed_fields);
