#ifndef INDEXER_LIBRARY_H
#define INDEXER_LIBRARY_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct loop;
struct search_hits;
struct search_query;
struct search_state;
struct workspace;
struct workspace_hooks;

/*
 * All workspaces and their indexes. Changes are indexed when they have been
 * quiet for the debounce time, a few milliseconds at a time so that searches
 * get through; a search has its workspace's changes indexed before others, and
 * waits for that at most LIBRARY_WAIT_MS.
 */
struct library;

enum {
	LIBRARY_WAIT_MS = 50,
	LIBRARY_SLICE_MS = 10,
	LIBRARY_MAX_OPEN = 32, /* index files */
};

struct library_options {
	const char *root;	/* the workspaces' folder */
	const char *index_root; /* the index files' folder */
	int64_t debounce_ms;
	/* All of a workspace's changes are indexed; NULL: nobody asks. */
	void (*on_indexed)(void *arg, const char *workspace_id);
	void *arg;
};

int library_open(struct library **library_out, struct loop *loop,
    const struct library_options *options, struct err *err) MUST_CHECK;
void library_close(struct library **library);

/* From now on; hooks outlives the library. */
void library_hook(struct library *library, const struct workspace_hooks *hooks);

/* What else is wrong, for the beats; "": nothing. */
void library_set_trouble(struct library *library, const char *text);

/* NULL when there is no such folder. */
struct workspace *library_find(struct library *library, const char *id);
/* The same of those that are known, without a look at the folders. */
struct workspace *library_known(struct library *library, const char *id);

/*
 * Calls fn when the workspace's changes are indexed, or when that has taken
 * too long already (is_stale); at once if there is nothing to do. The
 * workspace may be gone by then (NULL).
 */
typedef void (*library_ready_fn)(
    void *arg, struct library *library, struct workspace *ws, bool is_stale);
void library_when_ready(struct library *library, struct workspace *ws,
    library_ready_fn fn, void *arg);

/* Opens the workspace's index, closing another one if there are many. */
int library_use(
    struct library *library, struct workspace *ws, struct err *err) MUST_CHECK;

/* Both; returns 1 when it is not known. */
int library_use_known(struct library *library, const char *id,
    struct workspace **ws_out, struct err *err) MUST_CHECK;

/* Brings what is known of the workspace up to date, for at most one slice. */
void library_refresh(struct library *library, struct workspace *ws);

/* Reads every document of it again, soon. */
void library_reindex(struct library *library, struct workspace *ws);

/* Looks through everything: at the start, when told too little, and now and
 * then. Returns -1 when the workspaces' folder cannot be read. */
int library_rescan(struct library *library);

/* Fills all but the workspace's id; ws NULL: there is no folder. */
int library_state(struct library *library, struct workspace *ws,
    struct search_state *out, struct arena *arena, struct err *err) MUST_CHECK;

/* What else is to be said in the beats; "": nothing. */
void library_note(struct library *library, const char *text);

int library_root_fd(const struct library *library);

#endif
