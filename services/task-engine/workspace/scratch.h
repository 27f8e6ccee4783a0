#ifndef TASK_ENGINE_WORKSPACE_SCRATCH_H
#define TASK_ENGINE_WORKSPACE_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct store;

/*
 * What the agent keeps for itself: files beneath scratch/<context id>/ of a
 * workspace. Read here, as they are on the disk or are about to be; written
 * from rows, as all files are.
 */
enum {
	SCRATCH_MAX_BYTES = 64 * 1024,	     /* of a file */
	SCRATCH_MAX_TOTAL = 4 * 1024 * 1024, /* of a context */
	SCRATCH_MAX_FILES = 200,
	SCRATCH_MAX_DEPTH = 6,
	SCRATCH_MAX_PATH = 200,
};

struct scratch {
	struct store *store;
	const char *root; /* of the workspaces */
	const char *workspace_id;
	const char *context_id;
};

struct scratch_file {
	const char *path; /* beneath the context's folder */
	int64_t size_bytes;
};

/* Whether path may name a file: pure. ERR_INVALID says what is wrong. */
int scratch_check_path(const char *path, struct err *err) MUST_CHECK;

/* ERR_NOT_FOUND when there is none. */
int scratch_read(const struct scratch *scratch, const char *path,
    struct arena *arena, const char **text_out, struct err *err) MUST_CHECK;

/* All of the context, by name. */
int scratch_list(const struct scratch *scratch, struct arena *arena,
    struct scratch_file **files_out, size_t *n_out, struct err *err) MUST_CHECK;

/* Within a transaction. ERR_BUSY: it does not fit any more. */
int
scratch_write(const struct scratch *scratch, const char *path, const char *text,
    int64_t now_ms, struct arena *arena, struct err *err) MUST_CHECK;

#endif
