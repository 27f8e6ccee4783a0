#ifndef INDEXER_PATHS_H
#define INDEXER_PATHS_H

#include <stdbool.h>

/*
 * Which names count. Paths are relative to a workspace, with '/' between
 * their parts. Pure.
 */

/* A folder of that name directly beneath the workspaces' folder is one. */
bool paths_is_workspace(const char *name);

/* Whether the documents of the folder `name` within the folder `parent` ("":
 * the workspace itself) are indexed: not in logs/, tasks/ or hidden ones. */
bool paths_is_indexed_folder(const char *parent, const char *name);
/* Whether a file of that name is a document. */
bool paths_is_document(const char *name);

/* Both for every part of a whole path. */
bool paths_is_indexed(const char *path);
/* May be asked for by name: relative, plain, not hidden, Markdown. */
bool paths_is_openable(const char *path);

#endif
