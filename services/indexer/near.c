/* What a question means, beside the words that it uses. */

#include "services/indexer/near.h"

#include <math.h>
#include <string.h>

#include "libcommon/err.h"
#include "services/indexer/index.h"
#include "services/indexer/index_file.h"
#include "services/indexer/quantize.h"
#include "services/indexer/rank.h"
#include "services/indexer/scope.h"

/*
 * Found on the labelled queries like those of fuse.c: the worth of a document's
 * second section beside its nearest, and by how much a long document is held
 * back, which is near to everything somewhere.
 */
#define NEAR_SECOND 0.3
#define NEAR_LONG 0.01

/* How far above the average of all sections, in standard deviations, once
 * there are so many of them. */
static const double TELLING_DEVIATIONS = 2;
enum { TELLING_SECTIONS = 50 };
/* And at least. */
static const double TELLING_LEAST = 0.25;

static double
nearness(const struct near *near)
{
	double first = near->document.similarity;
	double second = near->document.n > 1 ? near->document.second : first;

	return (first + NEAR_SECOND * second) / (1 + NEAR_SECOND) -
	       NEAR_LONG * log((double)near->document.n);
}

/* Puts the document where it belongs, unless all that are there are nearer. */
static void
end_document(struct near *near)
{
	const struct near_document found = {
		{ near->document.nearest, nearness(near) },
		near->document.similarity,
	};
	struct near_document *best = near->best;
	size_t at = near->n_best;

	if (at < BOUND_HITS)
		near->n_best++;
	else if (candidate_order(&found.section, &best[--at].section) > 0)
		return;
	for (; at > 0; at--) {
		if (candidate_order(&found.section, &best[at - 1].section) > 0)
			break;
		best[at] = best[at - 1];
	}
	best[at] = found;
}

static void
add_section(struct near *near, int64_t rowid, double similarity)
{
	near->document.n++;
	if (near->document.n == 1 || similarity > near->document.similarity) {
		near->document.second = near->document.similarity;
		near->document.similarity = similarity;
		near->document.nearest = rowid;
	} else if (near->document.n == 2 ||
		   similarity > near->document.second) {
		near->document.second = similarity;
	}
}

void
near_section(struct near *near, int64_t rowid, double similarity)
{
	if (near->document.n > 0 &&
	    near->document.nearest >> RANK_SECTION_BITS !=
		rowid >> RANK_SECTION_BITS) {
		end_document(near);
		memset(&near->document, 0, sizeof(near->document));
	}
	add_section(near, rowid, similarity);
	near->all.sum += similarity;
	near->all.sum_of_squares += similarity * similarity;
	near->all.n++;
}

static double
telling(const struct near *near)
{
	double n = (double)near->all.n, mean, variance;

	if (near->all.n < TELLING_SECTIONS)
		return TELLING_LEAST;
	mean = near->all.sum / n;
	variance = near->all.sum_of_squares / n - mean * mean;
	return fmax(
	    TELLING_LEAST, mean + TELLING_DEVIATIONS * sqrt(fmax(variance, 0)));
}

void
near_end(struct near *near)
{
	if (near->document.n > 0)
		end_document(near);
	near->least = telling(near);
}

/* What is out of scope does not count, nor what another model made. */
static void
look_at(
    struct near *near, sqlite3_stmt *stmt, const struct index_meaning *meaning)
{
	int64_t rowid = sqlite3_column_int64(stmt, 0);
	int64_t id = rowid >> RANK_SECTION_BITS;
	size_t size = quantize_size(meaning->n_dimensions);

	if (!scope_set_has(near->scope, id) ||
	    scope_set_has(near->left_out, id))
		return;
	if ((size_t)sqlite3_column_bytes(stmt, 1) != size)
		return;
	near_section(near, rowid,
	    quantize_cosine(sqlite3_column_blob(stmt, 1), meaning->values,
		meaning->n_dimensions));
}

int
index_nearest(struct index *index, const struct index_meaning *meaning,
    struct near *near, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(index, STMT_VECTORS_ALL, err);
	int rc;

	if (!stmt)
		return -1;
	while ((rc = index_step(index, stmt, err)) == 0)
		look_at(near, stmt, meaning);
	near_end(near);
	return rc < 0 ? -1 : 0;
}
