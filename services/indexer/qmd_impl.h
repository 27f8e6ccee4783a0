#ifndef INDEXER_QMD_IMPL_H
#define INDEXER_QMD_IMPL_H

#include <uthash.h>

#include "services/indexer/program.h"
#include "services/indexer/qmd.h"

struct timer;

/* Private to qmd*.c. */

enum qmd_health {
	QMD_UNKNOWN, /* its version is being asked for */
	QMD_READY,
	QMD_AWAY
};

struct qmd_workspace {
	char *id;
	bool is_built;	  /* its index was complete once */
	bool is_behind;	  /* files changed since */
	bool wants_embed; /* one of them was not excluded */
	int n_failed;	  /* updates, one after the other */
	int64_t due_ms;	  /* when it may be updated; 0: not wanted */
	UT_hash_handle hh;
};

struct qmd_search;

struct qmd {
	struct loop *loop;
	struct qmd_options options;
	struct qmd_counters *counters;
	qmd_state_fn on_state;
	void *arg;

	enum qmd_health health;
	char version[32];
	const char *trouble; /* a literal that goes on after "qmd" */
	char why[200];	     /* of whoever sees logs: it may name paths */
	int n_failed;	     /* searches, one after the other */
	struct program *check;
	struct timer *again; /* when it is away */
	int64_t pause_ms;

	struct qmd_workspace *workspaces;
	struct timer *work; /* when the next update is due */
	struct program *update;
	char *updated; /* the workspace's id */
	int n_stuck;   /* workspaces whose last update failed */
	char stuck[160];
	int64_t update_until_ms;

	struct qmd_search *searches; /* oldest first */
	int n_running, n_waiting;
};

/* qmd.c */
/* Starts it with these words (NULL-terminated) in the workspace's place; ""
 * is the folder of all. how lacks what that tells. */
int qmd_run(struct qmd *qmd, struct program **program_out,
    const char *workspace, const char *const *words,
    const struct program_options *how, struct err *err) MUST_CHECK;
struct qmd_workspace *qmd_workspace_of(struct qmd *qmd, const char *id);
/* A search failed; too many of them and it is left alone. */
void qmd_failed(struct qmd *qmd, const char *workspace, const char *why);
/* Tells whoever reports it how it stands. */
void qmd_report(struct qmd *qmd);

/* qmd_update.c */
/* Runs what is due, and comes back when more is. */
void qmd_update_next(struct qmd *qmd);
void qmd_want_update(struct qmd *qmd, struct qmd_workspace *ws, int64_t in_ms);

/* qmd_search.c */
void qmd_drop_searches(struct qmd *qmd);

#endif
