#ifndef INDEXER_QMD_H
#define INDEXER_QMD_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "services/indexer/qmd_place.h"

struct buf;
struct err;
struct loop;
struct qmd_hits;

/*
 * Searching with an installed qmd, a process for each search. Its index of a
 * workspace is brought up to date when changes of files have settled. When it
 * cannot answer (not installed, too old, hanging, talking nonsense, its index
 * not made yet) the one who asked is told so and asks the own index; after
 * several failures it is left alone and tried again later.
 */
struct qmd;

enum {
	QMD_MAX_RUNNING = 2, /* searches; one more process updates */
	QMD_MAX_WAITING = 8,
	QMD_ASKED_HITS = 400, /* of which the scope may hide many */
};

struct qmd_counters {
	int64_t n_searches; /* answered by qmd */
	int64_t n_failures;
};

/* trouble: why it is of no use now, "" when it is; also called by qmd_open. */
typedef void (*qmd_state_fn)(void *arg, const char *trouble);

void qmd_open(struct qmd **qmd_out, struct loop *loop,
    const struct qmd_options *options, struct qmd_counters *counters,
    qmd_state_fn on_state, void *arg);
/* Who waits is told that qmd does not answer. */
void qmd_close(struct qmd **qmd);

/* A document changed or went; the own index is not committed yet. */
void qmd_on_change(struct qmd *qmd, const char *workspace, const char *path);
/* All changes of the workspace are in the own index. */
void qmd_on_settled(struct qmd *qmd, const char *workspace);
/* The workspace is no more. */
void qmd_on_gone(struct qmd *qmd, const char *workspace);

/* hits NULL: qmd does not answer; is_behind: changes are not in its index. */
typedef void (*qmd_found_fn)(
    void *arg, const struct qmd_hits *hits, bool is_behind);

/* Calls fn once, within patience_ms; perhaps at once. hits live until then. */
void qmd_search(struct qmd *qmd, const char *workspace, const char *query,
    int64_t patience_ms, qmd_found_fn fn, void *arg);

/* For people: "2.8.3", and what is wrong. Names no path. */
void qmd_describe(struct qmd *qmd, const char *workspace, struct buf *out);
bool qmd_is_behind(struct qmd *qmd, const char *workspace);

#endif
