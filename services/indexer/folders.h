#ifndef INDEXER_FOLDERS_H
#define INDEXER_FOLDERS_H

#include "libcommon/defs.h"

struct err;
struct loop;

/*
 * Tells what happens in the workspaces' folders, by inotify: one watch for
 * each folder that was added. Only what paths.h lets count is told. What is
 * told is a hint, to be looked at: the file may be another one by now.
 */
struct folders;

struct folders_events {
	/* Appeared, changed or vanished. */
	void (*on_document)(void *arg, const char *workspace, const char *path);
	/* Appeared and is not watched yet; path "": the workspace itself. */
	void (*on_folder)(void *arg, const char *workspace, const char *path);
	/* Vanished with everything in it, or was moved away. */
	void (*on_gone)(void *arg, const char *workspace, const char *path);
	/* Too much happened at once: some of it was not told. */
	void (*on_lost)(void *arg);
	void *arg;
};

/* Watches root for workspaces that come and go. */
int
folders_open(struct folders **folders_out, struct loop *loop, const char *root,
    const struct folders_events *events, struct err *err) MUST_CHECK;
void folders_close(struct folders **folders);

/* Returns 1 when the folder is not there. */
int folders_watch(struct folders *folders, const char *workspace,
    const char *path, struct err *err) MUST_CHECK;

/* Tells at once what has happened until now. */
void folders_drain(struct folders *folders);

#endif
