/* What a question means, beside the words that it uses. */

#include "services/indexer/fuse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/err.h"
#include "services/indexer/index.h"
#include "services/indexer/index_file.h"
#include "services/indexer/rank.h"
#include "services/indexer/scope.h"

/* The usual constant: places far behind still differ a little. */
static const double RANK_OFFSET = 60;
/* How far above the average of all sections, in standard deviations, once
 * there are so many of them. */
static const double TELLING_DEVIATIONS = 2;
enum { TELLING_SECTIONS = 50 };
/* And at least. */
static const double TELLING_LEAST = 0.25;

/* Over all sections within the scope. */
struct spread {
	double sum, sum_of_squares;
	int64_t n;
};

int
candidate_order(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	return (x->rowid > y->rowid) - (x->rowid < y->rowid);
}

size_t
candidate_worst(const struct candidate *best, size_t n_best)
{
	size_t worst = 0;

	for (size_t i = 1; i < n_best; i++)
		if (best[i].score < best[worst].score)
			worst = i;
	return worst;
}

static void
consider(struct near *near, int64_t rowid, double score)
{
	struct candidate *place = NULL;
	size_t worst;

	for (size_t i = 0; i < near->n_best && !place; i++)
		if (near->best[i].rowid >> RANK_SECTION_BITS ==
		    rowid >> RANK_SECTION_BITS)
			place = &near->best[i];
	if (!place && near->n_best < BOUND_HITS) {
		near->best[near->n_best++] = (struct candidate){ rowid, score };
		return;
	}
	worst = candidate_worst(near->best, near->n_best);
	if (!place)
		place = &near->best[worst];
	if (score > place->score)
		*place = (struct candidate){ rowid, score };
}

/* Both of length 1, so this is their cosine. Eight sums at once, which
 * compilers make vector instructions of. */
static double
similarity(const float *a, const float *b, size_t n)
{
	float sums[8] = { 0 };
	float sum = 0;
	size_t i = 0;

	for (; i + 8 <= n; i += 8)
		for (size_t k = 0; k < 8; k++)
			sums[k] += a[i + k] * b[i + k];
	for (; i < n; i++)
		sum += a[i] * b[i];
	for (size_t k = 0; k < 8; k++)
		sum += sums[k];
	return sum;
}

static void
look_at(struct near *near, struct spread *spread, sqlite3_stmt *stmt,
    const struct index_meaning *meaning)
{
	int64_t rowid = sqlite3_column_int64(stmt, 0);
	int64_t id = rowid >> RANK_SECTION_BITS;
	float values[BOUND_DIMENSIONS];
	size_t size = meaning->n_dimensions * sizeof(values[0]);
	double score;

	if (!scope_set_has(near->scope, id) ||
	    scope_set_has(near->left_out, id))
		return;
	if ((size_t)sqlite3_column_bytes(stmt, 1) != size)
		return;
	/* A blob lies anywhere, and floats do not. */
	memcpy(values, sqlite3_column_blob(stmt, 1), size);
	score = similarity(values, meaning->values, meaning->n_dimensions);
	spread->sum += score;
	spread->sum_of_squares += score * score;
	spread->n++;
	if (near->n_best < BOUND_HITS || score > near->least) {
		consider(near, rowid, score);
		near->least =
		    near->best[candidate_worst(near->best, near->n_best)].score;
	}
}

static double
telling(const struct spread *spread)
{
	double n = (double)spread->n, mean, variance;

	if (spread->n < TELLING_SECTIONS)
		return TELLING_LEAST;
	mean = spread->sum / n;
	variance = spread->sum_of_squares / n - mean * mean;
	return fmax(
	    TELLING_LEAST, mean + TELLING_DEVIATIONS * sqrt(fmax(variance, 0)));
}

int
index_nearest(struct index *index, const struct index_meaning *meaning,
    struct near *near, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(index, STMT_VECTORS_ALL, err);
	struct spread spread = { 0 };
	int rc;

	near->n_best = 0;
	near->least = -1;
	if (!stmt)
		return -1;
	if (meaning->n_dimensions > BOUND_DIMENSIONS)
		return err_set(err, ERR_INVALID, "too many dimensions");
	while ((rc = index_step(index, stmt, err)) == 0)
		look_at(near, &spread, stmt, meaning);
	qsort(near->best, near->n_best, sizeof(near->best[0]), candidate_order);
	near->least = telling(&spread);
	return rc < 0 ? -1 : 0;
}

static double
share(size_t place)
{
	return (RANK_OFFSET + 1) / (RANK_OFFSET + 1 + (double)place) / 2;
}

static struct fused *
find(struct fused *all, size_t n, int64_t rowid)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].section.rowid >> RANK_SECTION_BITS ==
		    rowid >> RANK_SECTION_BITS)
			return &all[i];
	return NULL;
}

static int
by_fused_score(const void *a, const void *b)
{
	const struct fused *x = a, *y = b;

	/* At the same place, what has the words. */
	if (x->section.score == y->section.score &&
	    x->has_words != y->has_words)
		return x->has_words ? -1 : 1;
	return candidate_order(&x->section, &y->section);
}

size_t
fuse(const struct candidate *words, size_t n_words, const struct near *near,
    struct fused *out)
{
	size_t n = 0;

	for (; n < n_words; n++)
		out[n] = (struct fused){ { words[n].rowid, share(n) }, true };
	for (size_t i = 0; i < near->n_best; i++) {
		const struct candidate *c = &near->best[i];
		struct fused *known = find(out, n_words, c->rowid);

		if (known)
			known->section.score += share(i);
		else if (c->score >= near->least)
			out[n++] =
			    (struct fused){ { c->rowid, share(i) }, false };
	}
	qsort(out, n, sizeof(out[0]), by_fused_score);
	return n;
}
