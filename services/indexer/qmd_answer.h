#ifndef INDEXER_QMD_ANSWER_H
#define INDEXER_QMD_ANSWER_H

#include "libcommon/defs.h"

struct arena;
struct err;
struct index;
struct qmd_hits;
struct search_hits;
struct search_query;

/*
 * What qmd found, as the own index would tell it: only documents that this
 * knows and that the query's scope lets be read, each once, best first.
 */
int qmd_answer(struct search_hits *out, const struct qmd_hits *found,
    struct index *index, const struct search_query *query, struct arena *arena,
    struct err *err) MUST_CHECK;

#endif
