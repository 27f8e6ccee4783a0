#ifndef TASK_ENGINE_WORKSPACE_FILES_H
#define TASK_ENGINE_WORKSPACE_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct err;
struct loop;
struct store;

/*
 * The files of the workspaces, written from rows after their commit: chat logs
 * by appending, whole files by replacing. The writing itself is done in the
 * thread pool, on copies. What could not be written (a full disk, a folder in
 * the place of a file) stays in its rows and is tried again; nothing is lost.
 */
struct files;

struct files_options {
	struct store *store;
	struct loop *loop;
	const char *workspace_root; /* outlives the files */
	/* What is wrong with writing, "" when nothing is. */
	void (*on_trouble)(void *arg, const char *text);
	void *arg;
};

/* Starts no thread before the loop runs. */
int files_open(struct files **files_out, const struct files_options *options,
    struct err *err) MUST_CHECK;
/* Waits for nothing: what is being written is recorded at the next start. */
void files_close(struct files **files);

#endif
