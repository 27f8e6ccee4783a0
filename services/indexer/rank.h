#ifndef INDEXER_RANK_H
#define INDEXER_RANK_H

#include "libcommon/defs.h"

struct err;
struct scope_set;
struct sqlite3;

/* The search that is running, for the function below. */
struct rank_search {
	const struct scope_set *scope;
	/* A section that cannot have more than this is not looked at. */
	double enough;
};

/*
 * An SQL function that knows the search which is running: scoped_score(section,
 * weight…), from 0 to 1: everything that was asked for is there and close
 * together. It is made of bm25, of how much of the query is there at all, and
 * of what stands side by side as in the query, with every statistic taken
 * within the scope only. FTS5's own bm25 counts all documents, so that scores
 * would tell a reader which words the hidden ones hold. What is not in the
 * scope has 0.
 *
 * *search is read at every call and must be set before a statement runs.
 */
int rank_register(struct sqlite3 *db, const struct rank_search *search,
    struct err *err) MUST_CHECK;

/* A section's rowid is its document's id and its place in the document. */
enum { RANK_SECTION_BITS = 12 };

#endif
