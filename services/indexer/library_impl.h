#ifndef INDEXER_LIBRARY_IMPL_H
#define INDEXER_LIBRARY_IMPL_H

#include "services/indexer/folders.h"
#include "services/indexer/library.h"
#include "services/indexer/workspace.h"

struct timer;

/* Private to library*.c. */

struct waiter {
	char *workspace_id;
	library_ready_fn fn;
	void *arg;
	int64_t until_ms;
	struct waiter *prev, *next;
};

struct library {
	struct loop *loop;
	struct places places;
	char *root;
	char *index_root;
	int index_root_fd; /* as it was at the start */
	int64_t debounce_ms;
	void (*on_indexed)(void *arg, const char *workspace_id);
	void *arg;
	bool is_started; /* what comes now was not there before */
	int64_t n_unwatched;

	struct workspace *all;	  /* by id */
	struct workspace *listed; /* those with work, by next */
	struct workspace *opened; /* last used first, by open_next */
	int n_opened;
	struct waiter *waiters;
	struct timer *work;
	struct timer *probe;
	int64_t rescanned_ms;
	int64_t n_failed; /* workspaces whose index cannot be written */
	bool is_root_lost;
	bool is_leaving;   /* for one of the two folders */
	char failure[256]; /* the last one's reason */
	char trouble[256]; /* of somebody else */
	char note[256];	   /* of a second one */
};

/* library.c */
/* Tells in the beats how all of it stands. */
void library_report(struct library *lib);
/* The workspace has work, due then. */
void library_list(struct library *lib, struct workspace *ws, int64_t after_ms);
/* Makes it known if it is not, and looks through all of it. */
struct workspace *library_add(struct library *lib, const char *id);
void library_close_index(struct library *lib, struct workspace *ws);

/* library_watch.c */
struct folders_events library_events(struct library *lib);
/* Deletes the indexes of workspaces that went while we were not there. */
void library_drop_orphans(struct library *lib);
/* The lock-down holds for the two folders that were there at the start: others
 * in their places can only be used by a new process, so this one ends. */
void library_check_folders(struct library *lib);
/* Checks now and then that it could still work. */
void library_probe_start(struct library *lib);

#endif
