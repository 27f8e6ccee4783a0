#ifndef INDEXER_QUESTIONS_H
#define INDEXER_QUESTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "services/indexer/index.h"

/* The vectors of the questions that were asked last. */
enum { QUESTIONS_KEPT = 64 };

struct questions {
	struct kept_question {
		char *text; /* NULL: free */
		float *values;
		size_t n_dimensions;
		int64_t used;
	} kept[QUESTIONS_KEPT];
	int64_t n_used;
};

/* Returns 1 when it was not asked lately; *out lives until the next put. */
int questions_find(struct questions *questions, const char *text,
    struct index_meaning *out) MUST_CHECK;
void questions_put(struct questions *questions, const char *text,
    const struct index_meaning *vector);
void questions_release(struct questions *questions);

#endif
