#ifndef TASK_ENGINE_DOORS_STARTER_H
#define TASK_ENGINE_DOORS_STARTER_H

#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct svc;
struct workspace_row;

/*
 * The command line's workspace: it is there from the first start, with a
 * welcome and a user's guide. What people then change or delete stays so.
 */
int starter_ensure(struct svc *svc, int64_t now_ms, struct err *err) MUST_CHECK;

/* It, or 1: there is none. */
int starter_workspace(struct svc *svc, struct arena *arena,
    struct workspace_row *out, struct err *err) MUST_CHECK;
/* Where its Markdown goes. */
int starter_folder(struct svc *svc, struct arena *arena,
    const char **folder_out, struct err *err) MUST_CHECK;

/* The Markdown files, generated from starter/ by the build. */
struct starter_file {
	const char *path;
	const char *content;
};
extern const struct starter_file starter_files[];
extern const size_t n_starter_files;

#endif
