#ifndef PROTO_ENGINE_H
#define PROTO_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/beat.h"
#include "proto/credential.h"
#include "proto/shape.h"

/* engine.ready: answered from a commit, for /readyz. */
struct engine_ready {
	const char *schema_version;
};
PROTO_MESSAGE(engine_ready);

/* engine.status: one screen for people. */
struct engine_status_get {
	struct credential credential;
};
PROTO_MESSAGE(engine_status_get);

struct engine_status {
	const char *version;
	const char *data_dir;
	const char *command_line_folder; /* where its Markdown goes */
	const char *model;	     /* "none (extractive)", "openai gpt-4o" */
	struct beat_counter *counts; /* tasks.queued, outbox.failed, … */
	size_t n_counts;
};
PROTO_MESSAGE(engine_status);

/* upkeep: the scheduler asks the engine to tidy what has expired. */
struct upkeep_done {
	int64_t n_expired;
};
PROTO_MESSAGE(upkeep_done);

#endif
