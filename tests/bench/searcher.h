#ifndef TESTS_BENCH_SEARCHER_H
#define TESTS_BENCH_SEARCHER_H

/* An indexer of its own and the one who asks it. What goes wrong ends the
 * program. */

#include <stddef.h>
#include <stdint.h>

struct search_query;
struct searcher;

/*
 * Starts the indexer of a build directory on dir/data, whose folder
 * workspaces/WORKSPACE holds the documents, and waits until all are indexed.
 * Before the first call of nng here, as that has threads. workspace_id is
 * kept.
 */
struct searcher *
searcher_open(const char *build_dir, const char *dir, const char *workspace_id);

/* Ends the indexer; the bus is left as it is, as nng 1.5 can hang. */
void searcher_stop(struct searcher *searcher);

/* One search over the whole workspace, and what it took, in ns. n_hits_out:
 * how many were found. */
int64_t searcher_ask(struct searcher *searcher, const char *query,
    int64_t limit, int64_t text_bytes, size_t *n_hits_out);

#endif
