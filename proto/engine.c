/* How the engine stands. */

#include "proto/engine.h"

#include "proto/bounds.h"

static const struct field engine_ready_fields[] = {
	F_STR(struct engine_ready, schema_version, FIELD_REQUIRED | FIELD_TOKEN,
	    1, BOUND_WORD),
};
SHAPE(engine, engine_ready, engine_ready_fields);

static const struct field engine_status_get_fields[] = {
	F_OBJECT(
	    struct engine_status_get, credential, FIELD_REQUIRED, credential),
};
SHAPE(engine, engine_status_get, engine_status_get_fields);

static const struct field engine_status_fields[] = {
	F_STR(struct engine_status, version, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_WORD),
	F_STR(struct engine_status, data_dir, FIELD_REQUIRED, 1, BOUND_FOLDER),
	F_STR(struct engine_status, command_line_folder, 0, 0, BOUND_FOLDER),
	F_STR(struct engine_status, model, FIELD_REQUIRED, 1, BOUND_NAME),
	F_LIST(struct engine_status, counts, FIELD_REQUIRED | FIELD_NAMED,
	    beat_counter, BOUND_COUNTERS),
};
SHAPE(engine, engine_status, engine_status_fields);

static const struct field upkeep_done_fields[] = {
	F_INT(struct upkeep_done, n_expired, FIELD_REQUIRED, 0, BOUND_INT),
};
SHAPE(engine, upkeep_done, upkeep_done_fields);
