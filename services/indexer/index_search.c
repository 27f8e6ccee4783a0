/* Searching one index: which documents, which of their sections, in order. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "proto/bounds.h"
#include "proto/search.h"
#include "services/indexer/fuse.h"
#include "services/indexer/index.h"
#include "services/indexer/index_file.h"
#include "services/indexer/match.h"
#include "services/indexer/near.h"
#include "services/indexer/snippet.h"

struct search {
	struct index *index;
	const struct search_query *query;
	struct search_hits *out;
	struct arena *arena;
	struct scope_set left_out; /* by -words */
	struct scope_set seen;
	double least;			     /* score of the last hit so far */
	const struct index_meaning *meaning; /* NULL: words alone */

	struct candidate best[BOUND_HITS];
	size_t n_best;
	size_t room; /* for so many */
};

/* Of a section found by its meaning, as much as a snippet can be made of. */
enum { PASSAGE_BYTES = 4 * INDEX_SNIPPET_BYTES };

static void
search_release(struct search *search)
{
	scope_set_release(&search->left_out);
	scope_set_release(&search->seen);
	search->index->ranked = (struct rank_search){ 0 };
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

static size_t
worst(const struct search *search)
{
	return candidate_worst(search->best, search->n_best);
}

/* The candidate of the same document, else a free place, else the worst. */
static struct candidate *
place_for(struct search *search, int64_t id)
{
	for (size_t i = 0; i < search->n_best; i++)
		if (search->best[i].rowid >> RANK_SECTION_BITS == id)
			return &search->best[i];
	if (search->n_best < search->room) {
		search->best[search->n_best] = (struct candidate){ 0 };
		return &search->best[search->n_best++];
	}
	return &search->best[worst(search)];
}

static void
consider(struct search *search, int64_t rowid, double score)
{
	int64_t id = rowid >> RANK_SECTION_BITS;
	struct candidate *place;

	if (score <= search->index->ranked.enough ||
	    scope_set_has(&search->left_out, id) ||
	    scope_set_has(&search->seen, id))
		return;
	place = place_for(search, id);
	if (score > place->score)
		*place = (struct candidate){ rowid, score };
	if (search->n_best == search->room)
		search->index->ranked.enough =
		    search->best[worst(search)].score;
}

static int
collect(struct search *search, const char *match, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(search->index, STMT_SEARCH, err);
	int rc;

	if (!stmt)
		return -1;
	index_bind_text(stmt, 1, match);
	while ((rc = index_step(search->index, stmt, err)) == 0)
		consider(search, sqlite3_column_int64(stmt, 0),
		    sqlite3_column_double(stmt, 1));
	return rc < 0 ? -1 : 0;
}

/* Its columns are those of STMT_SHOW. */
static void
add_hit(struct search *search, sqlite3_stmt *stmt, double score)
{
	const char *snippet = column(search, stmt, 5);
	size_t size = strlen(snippet);

	search->least = fmin(score, search->least);
	search->out->hits[search->out->n_hits++] = (struct search_hit){
		.path = column(search, stmt, 0),
		.short_id = column(search, stmt, 1),
		.title = column(search, stmt, 2),
		.heading = column(search, stmt, 3),
		.line = sqlite3_column_int64(stmt, 4),
		.snippet = snippet_clean(snippet,
		    size < PASSAGE_BYTES ? size : PASSAGE_BYTES,
		    INDEX_SNIPPET_BYTES, search->arena),
		.score = search->least,
		.text = "",
	};
}

/* match NULL: the section was not found by its words. */
static int
show(struct search *search, const char *match, const struct candidate *found,
    struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(
	    search->index, match ? STMT_SHOW : STMT_SHOW_PLAIN, err);
	int at = 1;

	if (!stmt)
		return -1;
	if (match)
		index_bind_text(stmt, at++, match);
	sqlite3_bind_int64(stmt, at, found->rowid);
	if (index_step(search->index, stmt, err) < 0)
		return -1;
	add_hit(search, stmt, found->score);
	return 0;
}

/* Adds the documents that match and are not there yet; NULL: none do. */
static int
add_hits(struct search *search, const char *match, struct err *err)
{
	search->room = (size_t)search->query->limit - search->out->n_hits;
	search->n_best = 0;
	search->index->ranked.enough = 0;
	if (!match || search->room == 0)
		return 0;
	if (collect(search, match, err) < 0)
		return -1;
	qsort(search->best, search->n_best, sizeof(search->best[0]),
	    candidate_order);
	for (size_t i = 0; i < search->n_best; i++) {
		const struct candidate *found = &search->best[i];

		scope_set_add(
		    &search->seen, found->rowid >> RANK_SECTION_BITS, 1);
		if (show(search, match, found, err) < 0)
			return -1;
	}
	return 0;
}

static int
by_words(struct search *search, const struct match *match, struct err *err)
{
	/* Once there are enough, what finds more would only come behind. */
	if (add_hits(search, match->best, err) < 0)
		return -1;
	return add_hits(search, match->begun, err);
}

/* Some say the same in other words: both rankings count, by their places. */
static int
by_both(struct search *search, const struct match *match, struct err *err)
{
	struct fused fused[2 * BOUND_HITS];
	struct near near = {
		.scope = search->index->ranked.scope,
		.left_out = &search->left_out,
	};
	size_t n;

	search->room = BOUND_HITS;
	search->n_best = 0;
	if (collect(search, match->best, err) < 0 ||
	    index_nearest(search->index, search->meaning, &near, err) < 0)
		return -1;
	qsort(search->best, search->n_best, sizeof(search->best[0]),
	    candidate_order);
	n = fuse(
	    search->best, search->n_best, &near, match->is_question, fused);
	for (size_t i = 0; i < n && i < (size_t)search->query->limit; i++) {
		const struct fused *f = &fused[i];

		scope_set_add(
		    &search->seen, f->section.rowid >> RANK_SECTION_BITS, 1);
		if (show(search, f->has_words ? match->best : NULL, &f->section,
			err) < 0)
			return -1;
	}
	return add_hits(search, match->begun, err);
}

/* A phrase in quotes must be there, whatever means the same. */
static int
find(struct search *search, const struct match *match, struct err *err)
{
	const struct index_meaning *meaning = search->meaning;
	int64_t n_dimensions;
	int rc;

	if (!meaning || match->has_phrase)
		return by_words(search, match, err);
	rc = index_vectors_are_of(
	    search->index, meaning->model, &n_dimensions, err);
	if (rc < 0)
		return -1;
	return rc == 1 ? by_both(search, match, err)
		       : by_words(search, match, err);
}

int
index_search(struct index *index, const struct search_query *query,
    const struct index_meaning *meaning, struct search_hits *out,
    struct arena *arena, struct err *err)
{
	AUTO(search_release)
	struct search search = {
		.index = index,
		.query = query,
		.out = out,
		.arena = arena,
		.least = 1,
		.meaning = meaning,
	};
	struct match match;

	*out = (struct search_hits){ 0 };
	match_build(&match, query->query, arena);
	if (!match.best)
		return 0;
	out->hits =
	    arena_alloc(arena, (size_t)query->limit * sizeof(*out->hits));
	index->ranked.scope = scope_of(index, &query->scope, err);
	if (!index->ranked.scope)
		return -1;
	if (match.none && leave_out(&search, match.none, err) < 0)
		return -1;
	return find(&search, &match, err);
}
