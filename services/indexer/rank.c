/* bm25 within a scope, as an FTS5 auxiliary function. */

#include "services/indexer/rank.h"

#include <math.h>
#include <sqlite3.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/indexer/scope.h"

/* The usual parameters of bm25. */
#define RANK_K1 1.2
#define RANK_B 0.75
/* Sections have an aimed-at size, so their mean length need not be counted
 * (and cannot tell anything). */
#define RANK_USUAL_TOKENS 200.0

struct phrase_stats {
	int n_phrases;
	double *idf; /* n_phrases, then as many frequencies of one row */
	double *frequency;
};

struct tally {
	const struct scope_set *scope;
	int64_t n;
};

static void
stats_free(void *arg)
{
	struct phrase_stats *stats = arg;

	xfree(&stats->idf);
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
		stats->idf[i] = log(1.0 + (total - (double)tally.n + 0.5) /
					      ((double)tally.n + 0.5));
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
	stats->idf =
	    xcalloc((size_t)stats->n_phrases * 2 + 1, sizeof(*stats->idf));
	stats->frequency = stats->idf + stats->n_phrases;
	rc = fill_idf(stats, scope, api, fts);
	if (rc != SQLITE_OK) {
		stats_free(stats);
		return rc;
	}
	*out = stats;
	return api->xSetAuxdata(fts, stats, stats_free);
}

static int
add_frequencies(struct phrase_stats *stats, const Fts5ExtensionApi *api,
    Fts5Context *fts, int n_weights, sqlite3_value **weights)
{
	int n_hits;
	int rc = api->xInstCount(fts, &n_hits);

	for (int i = 0; i < stats->n_phrases; i++)
		stats->frequency[i] = 0;
	for (int i = 0; rc == SQLITE_OK && i < n_hits; i++) {
		int phrase, column, offset;

		rc = api->xInst(fts, i, &phrase, &column, &offset);
		if (rc == SQLITE_OK)
			stats->frequency[phrase] +=
			    column < n_weights
				? sqlite3_value_double(weights[column])
				: 1.0;
	}
	return rc;
}

static int
rank_row(double *rank_out, const struct scope_set *scope,
    const Fts5ExtensionApi *api, Fts5Context *fts, int n_weights,
    sqlite3_value **weights)
{
	struct phrase_stats *stats;
	double length;
	int n_tokens;
	int rc = stats_get(&stats, scope, api, fts);

	if (rc == SQLITE_OK)
		rc = add_frequencies(stats, api, fts, n_weights, weights);
	if (rc == SQLITE_OK)
		rc = api->xColumnSize(fts, -1, &n_tokens);
	if (rc != SQLITE_OK)
		return rc;
	length = 1.0 - RANK_B + RANK_B * n_tokens / RANK_USUAL_TOKENS;
	*rank_out = 0;
	for (int i = 0; i < stats->n_phrases; i++) {
		double f = stats->frequency[i];

		*rank_out -= stats->idf[i] * f * (RANK_K1 + 1.0) /
			     (f + RANK_K1 * length);
	}
	return SQLITE_OK;
}

static void
scoped_rank(const Fts5ExtensionApi *api, Fts5Context *fts,
    sqlite3_context *context, int n_weights, sqlite3_value **weights)
{
	const struct scope_set *const *scope = api->xUserData(fts);
	double rank = 0;
	int rc = SQLITE_OK;

	if (scope_set_has(*scope, api->xRowid(fts) >> RANK_SECTION_BITS))
		rc = rank_row(&rank, *scope, api, fts, n_weights, weights);
	if (rc == SQLITE_OK)
		sqlite3_result_double(context, rank);
	else
		sqlite3_result_error_code(context, rc);
}

static void
in_scope(sqlite3_context *context, int n_values, sqlite3_value **values)
{
	const struct scope_set *const *scope = sqlite3_user_data(context);

	(void)n_values;
	sqlite3_result_int(
	    context, scope_set_has(*scope, sqlite3_value_int64(values[0])));
}

static fts5_api *
fts5_of(sqlite3 *db)
{
	fts5_api *api = NULL;
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &stmt, NULL) ==
	    SQLITE_OK) {
		sqlite3_bind_pointer(stmt, 1, &api, "fts5_api_ptr", NULL);
		sqlite3_step(stmt);
	}
	sqlite3_finalize(stmt);
	return api;
}

int
rank_register(
    struct sqlite3 *db, const struct scope_set *const *scope, struct err *err)
{
	fts5_api *api = fts5_of(db);
	void *arg = (void *)(uintptr_t)scope;

	if (!api)
		return err_set(
		    err, ERR_INTERNAL, "this SQLite was built without FTS5");
	if (api->xCreateFunction(api, "scoped_rank", arg, scoped_rank, NULL) !=
		SQLITE_OK ||
	    sqlite3_create_function(db, "in_scope", 1, SQLITE_UTF8, arg,
		in_scope, NULL, NULL) != SQLITE_OK)
		return err_set(err, ERR_INTERNAL, "index functions: %s",
		    sqlite3_errmsg(db));
	return 0;
}
