#ifndef INDEXER_QMD_PLACE_H
#define INDEXER_QMD_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;

/* How qmd is to be used; the strings outlive everything that is given it. */
struct qmd_options {
	const char *root;	/* the workspaces' folder */
	const char *index_root; /* holds <workspace>/qmd/ */
	const char *binary;	/* a path, or a name that PATH finds */
	const char *index;	/* --index */
	const char *collection;
	const char *models_dir;
	const char *embed_excluded; /* globs, with ',' between them */
	int64_t index_timeout_ms;
	int64_t query_timeout_ms;
	bool embeds;
};

/*
 * Where the files of qmd lie, and what surrounds its processes: each workspace
 * has cache, configuration and temporary files of its own, and nothing is
 * inherited from our environment but PATH.
 */

/* Where the program is; NULL: nowhere, or it may not be run. */
const char *
qmd_place_program(const struct qmd_options *options, struct arena *arena);

/* What must be readable and executable for it, where the lock-down does not
 * allow that anyway; NULL-terminated. */
enum { QMD_PLACE_MAX_PROGRAMS = 5 };
void qmd_place_programs(const struct qmd_options *options,
    const char *paths[QMD_PLACE_MAX_PROGRAMS], struct arena *arena);

const char *qmd_place_folder(const struct qmd_options *options,
    const char *workspace, struct arena *arena);

/* For the program in that folder; NULL-terminated. */
char **qmd_place_environment(
    const char *program, const char *folder, struct arena *arena);

/* Makes the folders and the configuration: one collection, without hooks. */
int qmd_place_make(const struct qmd_options *options, const char *workspace,
    struct arena *arena, struct err *err) MUST_CHECK;

/* Whether the index of that name and configuration was complete when it was
 * left; kept across restarts. */
bool
qmd_place_is_current(const struct qmd_options *options, const char *workspace);
void qmd_place_set_current(
    const struct qmd_options *options, const char *workspace, bool is_current);

/* Whether there is any model that vectors could be made with. */
bool qmd_place_has_model(const struct qmd_options *options);

#endif
