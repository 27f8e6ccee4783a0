/* bm25 within a scope, as an FTS5 auxiliary function. */

#include "services/indexer/rank.h"

#include <math.h>
#include <sqlite3.h>
#include <stdbool.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/indexer/fts5.h"
#include "services/indexer/scope.h"

/*
 * What was found best on the labelled queries of tests/retrieval, where any
 * value nearby is as good: how soon further mentions count less, how much a
 * section's length matters, the worth of two words side by side, and by how
 * much a long document is held back, which mentions everything somewhere.
 */
#define RANK_K1 2.0
#define RANK_B 0.5
#define RANK_NEAR 1.0
#define RANK_LONG 0.1
/* Sections have an aimed-at size, so their mean length need not be counted
 * (and cannot tell anything). */
#define RANK_USUAL_TOKENS 200.0

enum { RANK_NEAR_TOKENS = 3 };

struct phrase_row {
	double idf;
	double frequency;   /* in this row, weighted */
	int column, offset; /* of the last one; -1: none yet */
	bool is_near;	    /* right behind the phrase before it */
};

struct phrase_stats {
	int n_phrases;
	double most; /* the rank of a section that has everything */
	struct phrase_row *rows;
};

struct tally {
	const struct scope_set *scope;
	int64_t n;
};

static void
stats_free(void *arg)
{
	struct phrase_stats *stats = arg;

	xfree(&stats->rows);
	xfree(&stats);
}

static int
count_row(const Fts5ExtensionApi *api, Fts5Context *fts, void *arg)
{
	struct tally *tally = arg;

	if (scope_set_has(tally->scope, api->xRowid(fts) >> RANK_SECTION_BITS))
		tally->n++;
	return SQLITE_OK;
}

static double
pair_worth(const struct phrase_stats *stats, int i)
{
	return RANK_NEAR * fmin(stats->rows[i - 1].idf, stats->rows[i].idf);
}

static int
fill_idf(struct phrase_stats *stats, const struct scope_set *scope,
    const Fts5ExtensionApi *api, Fts5Context *fts)
{
	double total = (double)scope->n_sections;

	for (int i = 0; i < stats->n_phrases; i++) {
		struct tally tally = { .scope = scope };
		int rc = api->xQueryPhrase(fts, i, &tally, count_row);

		if (rc != SQLITE_OK)
			return rc;
		/* The form that stays positive when most sections match. */
		stats->rows[i].idf = log(1.0 + (total - (double)tally.n + 0.5) /
						   ((double)tally.n + 0.5));
		stats->most += stats->rows[i].idf * (RANK_K1 + 1.0);
		if (i > 0)
			stats->most += pair_worth(stats, i);
	}
	return SQLITE_OK;
}

/* What one statement needs to know once, kept by FTS5 beside its cursor. */
static int
stats_get(struct phrase_stats **out, const struct scope_set *scope,
    const Fts5ExtensionApi *api, Fts5Context *fts)
{
	struct phrase_stats *stats = api->xGetAuxdata(fts, 0);
	int rc;

	*out = stats;
	if (stats)
		return SQLITE_OK;
	stats = xcalloc(1, sizeof(*stats));
	stats->n_phrases = api->xPhraseCount(fts);
	stats->rows =
	    xcalloc((size_t)stats->n_phrases + 1, sizeof(*stats->rows));
	rc = fill_idf(stats, scope, api, fts);
	if (rc != SQLITE_OK) {
		stats_free(stats);
		return rc;
	}
	*out = stats;
	return api->xSetAuxdata(fts, stats, stats_free);
}

static bool
is_behind(const struct phrase_row *before, int column, int offset)
{
	return before->column == column && offset > before->offset &&
	       offset - before->offset <= RANK_NEAR_TOKENS;
}

/* The instances come in the order in which they stand in the section. */
static int
look_at_instances(struct phrase_stats *stats, const Fts5ExtensionApi *api,
    Fts5Context *fts, int n_weights, sqlite3_value **weights)
{
	int n_hits;
	int rc = api->xInstCount(fts, &n_hits);

	for (int i = 0; i < stats->n_phrases; i++) {
		struct phrase_row *row = &stats->rows[i];

		*row = (struct phrase_row){ .idf = row->idf, .column = -1 };
	}
	for (int i = 0; rc == SQLITE_OK && i < n_hits; i++) {
		int phrase, column, offset;
		struct phrase_row *row;

		rc = api->xInst(fts, i, &phrase, &column, &offset);
		if (rc != SQLITE_OK)
			break;
		row = &stats->rows[phrase];
		row->frequency += column < n_weights
				      ? sqlite3_value_double(weights[column])
				      : 1.0;
		row->column = column;
		row->offset = offset;
		row->is_near |=
		    phrase > 0 && is_behind(&row[-1], column, offset);
	}
	return rc;
}

static double
score(const struct phrase_stats *stats, int n_tokens)
{
	double length = 1.0 - RANK_B + RANK_B * n_tokens / RANK_USUAL_TOKENS;
	double sum = 0;
	int n_there = 0;

	for (int i = 0; i < stats->n_phrases; i++) {
		const struct phrase_row *row = &stats->rows[i];
		double f = row->frequency;

		sum += row->idf * f * (RANK_K1 + 1.0) / (f + RANK_K1 * length);
		if (row->is_near)
			sum += pair_worth(stats, i);
		n_there += f > 0;
	}
	return sum / stats->most * n_there / stats->n_phrases;
}

static bool
is_there(const Fts5ExtensionApi *api, Fts5Context *fts, int phrase)
{
	Fts5PhraseIter iter;
	int column = -1, offset;

	return api->xPhraseFirst(fts, phrase, &iter, &column, &offset) ==
		   SQLITE_OK &&
	       column >= 0;
}

/*
 * What the row could have at best with the phrases that it has. To know that
 * takes a small part of what its score takes, and of most rows it is too
 * little: they have one common word.
 */
static double
at_best(const struct phrase_stats *stats, const Fts5ExtensionApi *api,
    Fts5Context *fts)
{
	double sum = 0;
	bool was_there = false;
	int n_there = 0;

	for (int i = 0; i < stats->n_phrases; i++) {
		bool is_here = is_there(api, fts, i);

		if (is_here) {
			sum += stats->rows[i].idf * (RANK_K1 + 1.0);
			n_there++;
		}
		if (is_here && was_there)
			sum += pair_worth(stats, i);
		was_there = is_here;
	}
	return sum / stats->most * n_there / stats->n_phrases;
}

static int
score_row(double *score_out, const struct rank_search *search,
    int64_t n_sections, const Fts5ExtensionApi *api, Fts5Context *fts,
    int n_weights, sqlite3_value **weights)
{
	/* A long document mentions everything somewhere. */
	double held_back = 1.0 + RANK_LONG * log((double)n_sections);
	struct phrase_stats *stats;
	int n_tokens;
	int rc = stats_get(&stats, search->scope, api, fts);

	*score_out = 0;
	if (rc == SQLITE_OK &&
	    at_best(stats, api, fts) / held_back <= search->enough)
		return SQLITE_OK;
	if (rc == SQLITE_OK)
		rc = look_at_instances(stats, api, fts, n_weights, weights);
	if (rc == SQLITE_OK)
		rc = api->xColumnSize(fts, -1, &n_tokens);
	if (rc == SQLITE_OK)
		*score_out = score(stats, n_tokens) / held_back;
	return rc;
}

static void
scoped_score(const Fts5ExtensionApi *api, Fts5Context *fts,
    sqlite3_context *context, int n_weights, sqlite3_value **weights)
{
	const struct rank_search *search = api->xUserData(fts);
	int64_t n_sections = scope_set_size(
	    search->scope, api->xRowid(fts) >> RANK_SECTION_BITS);
	double found = 0;
	int rc = SQLITE_OK;

	if (n_sections > 0)
		rc = score_row(
		    &found, search, n_sections, api, fts, n_weights, weights);
	if (rc == SQLITE_OK)
		sqlite3_result_double(context, found);
	else
		sqlite3_result_error_code(context, rc);
}

int
rank_register(
    struct sqlite3 *db, const struct rank_search *search, struct err *err)
{
	fts5_api *api = fts5_api_of(db);
	void *arg = (void *)(uintptr_t)search;

	if (!api)
		return err_set(
		    err, ERR_INTERNAL, "this SQLite was built without FTS5");
	if (api->xCreateFunction(
		api, "scoped_score", arg, scoped_score, NULL) != SQLITE_OK)
		return err_set(err, ERR_INTERNAL, "index functions: %s",
		    sqlite3_errmsg(db));
	return 0;
}
