#ifndef INDEXER_WORKSPACE_H
#define INDEXER_WORKSPACE_H

#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

#include "libcommon/defs.h"

struct crawl;
struct dirty;
struct err;
struct folders;
struct index;

/*
 * One workspace: its index, and what is left to be done until the index says
 * what the files say. Work is done in steps of a few milliseconds.
 */
struct workspace {
	char *id;
	struct index *index; /* NULL: closed */
	struct dirty *dirty; /* documents to be read again */
	struct crawl *crawl; /* folders to be looked through; NULL: none */
	bool was_opened;     /* since the start */
	bool has_appeared;   /* since the start: all in it is new */
	bool is_made_anew;   /* the index: what is found is no news */
	bool is_scanned;     /* completely, since the start */
	bool has_failed;     /* the last step */
	bool is_retried;     /* since the start: see index_vectors_retry */
	int64_t last_indexed_unix;

	/* The library's own. */
	int64_t due_ms;	   /* monotonic; when the changes have settled */
	int64_t latest_ms; /* they wait no longer than until then */
	int64_t used_ms;
	bool is_listed;
	struct workspace *prev, *next;		 /* those with work */
	struct workspace *open_prev, *open_next; /* those with an open index */
	UT_hash_handle hh;
};

/* Who wants to know what happens to the documents of a workspace. */
struct workspace_hooks {
	/* Its file changed or went; it is not in the index yet. */
	void (*on_change)(void *arg, const char *workspace, const char *path);
	void (*on_gone)(void *arg, const char *workspace);
	void *arg;
};

/* Where things lie; shared by all. */
struct places {
	const struct workspace_hooks *hooks; /* NULL: nobody */
	int root_fd;			     /* the workspaces' folder */
	const char *index_root;
	struct folders *folders; /* NULL: nothing is watched */
	int64_t *n_unwatched;	 /* folders that could not be */
};

struct workspace *workspace_new(const char *id);
void workspace_free(struct workspace **workspace);

/* What is to be looked at. A path of a folder, "" for the whole. */
void workspace_add_document(struct workspace *ws, const char *path);
void workspace_add_folder(struct workspace *ws, const char *path);
/* Documents of the index whose files may be gone. */
void workspace_add_sweep(struct workspace *ws);
/* Everything; is_forced: read again even what looks unchanged. */
void workspace_add_all(struct workspace *ws, bool is_forced);

bool workspace_is_pending(const struct workspace *ws);

/* Opens the index if it is not, and makes it anew if it is not usable. */
int workspace_open_index(struct workspace *ws, const struct places *places,
    struct err *err) MUST_CHECK;
/* Commits and closes. */
void workspace_close_index(struct workspace *ws);
/* Forgets the index and its files. */
void workspace_drop_index(struct workspace *ws, const struct places *places);

/*
 * One step, with the index open. Returns 1 when the workspace's folder is not
 * there. On -1 nothing that was to be done is forgotten: all is looked at
 * again later.
 */
int workspace_step(struct workspace *ws, const struct places *places,
    struct err *err) MUST_CHECK;

/* A path beneath the workspaces' folder; the caller frees it. */
char *workspace_path(const struct workspace *ws, const char *path);

#endif
