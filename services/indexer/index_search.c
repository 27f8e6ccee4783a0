/* Searching one index: which documents, which of their sections, in order. */

#include <math.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "proto/search.h"
#include "services/indexer/index.h"
#include "services/indexer/index_file.h"
#include "services/indexer/match.h"
#include "services/indexer/snippet.h"

struct search {
	struct index *index;
	const struct search_query *query;
	struct search_hits *out;
	struct arena *arena;
	struct scope_set left_out; /* by -words */
	struct scope_set seen;
	double least; /* score of the last hit so far */
};

static void
search_release(struct search *search)
{
	scope_set_release(&search->left_out);
	scope_set_release(&search->seen);
	search->index->searched = NULL;
}

static void
add_prefixes(struct buf *key, const char **prefixes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_add(key, prefixes[i], strlen(prefixes[i]) + 1);
	buf_addc(key, '\1');
}

static int
count_scope(struct index *index, const struct search_scope *scope,
    struct scope_set *set, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(index, STMT_SCOPE, err);
	bool is_all = scope_is_all(scope);
	int rc;

	if (!stmt)
		return -1;
	while ((rc = index_step(index, stmt, err)) == 0) {
		const char *path = (const char *)sqlite3_column_text(stmt, 1);

		if (is_all || search_scope_allows(scope, path))
			scope_set_add(set, sqlite3_column_int64(stmt, 0),
			    sqlite3_column_int64(stmt, 2));
	}
	return rc < 0 ? -1 : 0;
}

/* A context searches with the same scope again and again. */
static const struct scope_set *
scope_of(struct index *index, const struct search_scope *scope, struct err *err)
{
	AUTO(buf_release)
	struct buf key;
	struct known_scope *oldest = &index->scopes[0];

	buf_init(&key);
	add_prefixes(&key, scope->allow, scope->n_allow);
	add_prefixes(&key, scope->deny, scope->n_deny);
	add_prefixes(&key, scope->extra, scope->n_extra);
	index->n_searches++;
	for (size_t i = 0; i < N_KNOWN_SCOPES; i++) {
		struct known_scope *known = &index->scopes[i];

		if (known->used < oldest->used)
			oldest = known;
		if (known->generation != index->generation ||
		    known->key.size != key.size ||
		    memcmp(known->key.data, key.data, key.size) != 0)
			continue;
		known->used = index->n_searches;
		return &known->set;
	}
	scope_set_release(&oldest->set);
	oldest->generation = 0;
	if (count_scope(index, scope, &oldest->set, err) < 0)
		return NULL;
	buf_reset(&oldest->key);
	buf_add(&oldest->key, key.data, key.size);
	oldest->generation = index->generation;
	oldest->used = index->n_searches;
	return &oldest->set;
}

static int
leave_out(struct search *search, const char *none, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(search->index, STMT_EXCLUDED, err);
	int rc;

	if (!stmt)
		return -1;
	index_bind_text(stmt, 1, none);
	while ((rc = index_step(search->index, stmt, err)) == 0)
		scope_set_add(
		    &search->left_out, sqlite3_column_int64(stmt, 0), 1);
	return rc < 0 ? -1 : 0;
}

static const char *
column(const struct search *search, sqlite3_stmt *stmt, int at)
{
	const char *text = (const char *)sqlite3_column_text(stmt, at);

	return arena_strdup(search->arena, text ? text : "");
}

static void
add_hit(struct search *search, sqlite3_stmt *stmt)
{
	double score = fmax(-sqlite3_column_double(stmt, 1), 0);
	const char *snippet = column(search, stmt, 7);

	search->least = fmin(score, search->least);
	search->out->hits[search->out->n_hits++] = (struct search_hit){
		.path = column(search, stmt, 2),
		.short_id = column(search, stmt, 3),
		.title = column(search, stmt, 4),
		.heading = column(search, stmt, 5),
		.line = sqlite3_column_int64(stmt, 6),
		.snippet = snippet_clean(snippet, strlen(snippet),
		    INDEX_SNIPPET_BYTES, search->arena),
		.score = search->least,
		.text = "",
	};
}

/* Adds the documents that match and are not there yet; NULL: none do. */
static int
add_hits(struct search *search, const char *match, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(search->index, STMT_SEARCH, err);
	size_t limit = (size_t)search->query->limit;
	int rc = 0;

	if (!stmt)
		return -1;
	if (!match || search->out->n_hits >= limit)
		return 0;
	index_bind_text(stmt, 1, match);
	while (search->out->n_hits < limit) {
		int64_t id;

		rc = index_step(search->index, stmt, err);
		if (rc != 0)
			break;
		id = sqlite3_column_int64(stmt, 0);
		if (scope_set_has(&search->left_out, id) ||
		    scope_set_has(&search->seen, id))
			continue;
		scope_set_add(&search->seen, id, 1);
		add_hit(search, stmt);
	}
	return rc < 0 ? -1 : 0;
}

int
index_search(struct index *index, const struct search_query *query,
    struct search_hits *out, struct arena *arena, struct err *err)
{
	AUTO(search_release)
	struct search search = {
		.index = index,
		.query = query,
		.out = out,
		.arena = arena,
		.least = 1,
	};
	struct match match;

	*out = (struct search_hits){ 0 };
	match_build(&match, query->query, arena);
	if (!match.best)
		return 0;
	out->hits =
	    arena_alloc(arena, (size_t)query->limit * sizeof(*out->hits));
	index->searched = scope_of(index, &query->scope, err);
	if (!index->searched)
		return -1;
	if (match.none && leave_out(&search, match.none, err) < 0)
		return -1;
	/* Once there are enough, what finds more would only come behind. */
	if (add_hits(&search, match.best, err) < 0 ||
	    add_hits(&search, match.begun, err) < 0)
		return -1;
	return 0;
}
