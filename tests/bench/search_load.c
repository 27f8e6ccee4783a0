/*
 * search.query against the indexer, and the floor under it: the same prepared
 * statement in a loop on the same index file.
 *
 *   search_load BUILD-DIR DIR WORKSPACE QUERIES LIMIT TEXT-BYTES
 *
 * DIR/data/workspaces/WORKSPACE holds the documents, QUERIES one query a line.
 * Starts the indexer and waits until everything is indexed; prints JSON.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "proto/bounds.h"
#include "services/indexer/index.h"
#include "services/indexer/index_file.h"
#include "services/indexer/match.h"
#include "tests/bench/searcher.h"
#include "tests/bench/took.h"

enum { MAX_QUERIES = 10000, ROUNDS = 5 };

struct load {
	int64_t limit, text_bytes;
	char *queries[MAX_QUERIES];
	size_t n_queries;
};

static void
check(int rc, const struct err *err)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "search_load: %s\n", err->text);
	exit(1);
}

static void
read_queries(struct load *load, const char *path)
{
	AUTO(buf_release)
	struct buf text;
	struct err err;
	char *rest, *line;

	buf_init(&text);
	check(file_read(&text, AT_FDCWD, path, 1 << 20, &err), &err);
	rest = text.data;
	while ((line = strsep(&rest, "\n")) && load->n_queries < MAX_QUERIES)
		if (line[0] != '\0')
			load->queries[load->n_queries++] = xstrdup(line);
}

/* Keeps the best scores, the least of them first. */
static void
keep_best(double *best, int64_t limit, double score)
{
	int64_t at = 0;

	if (score <= best[0])
		return;
	for (; at + 1 < limit && best[at + 1] < score; at++)
		best[at] = best[at + 1];
	best[at] = score;
}

/* The statements of a search, and what they are told so that they are fast;
 * not a document's sections weighed against each other, nor a reply made. */
static void
search_bare(const struct load *load, struct index *index, const char *match)
{
	double best[BOUND_HITS] = { 0 };
	int64_t shown[BOUND_HITS] = { 0 };
	AUTO(index_statement_done)
	sqlite3_stmt *show = NULL;
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = NULL;
	struct err err;

	stmt = index_statement(index, STMT_SEARCH, &err);
	show = index_statement(index, STMT_SHOW, &err);
	check(stmt && show ? 0 : -1, &err);
	index->ranked.enough = 0;
	index_bind_text(stmt, 1, match);
	for (int64_t n = 0; sqlite3_step(stmt) == SQLITE_ROW; n++) {
		keep_best(best, load->limit, sqlite3_column_double(stmt, 1));
		index->ranked.enough = best[0];
		if (n < load->limit)
			shown[n] = sqlite3_column_int64(stmt, 0);
	}
	index_bind_text(show, 1, match);
	for (int64_t n = 0; n < load->limit && shown[n] != 0; n++) {
		sqlite3_bind_int64(show, 2, shown[n]);
		(void)sqlite3_step(show);
		sqlite3_reset(show);
	}
}

/* What one search costs without daemon and bus. */
static double
measure_floor(const struct load *load, const char *index_dir)
{
	int64_t *took_ns = xcalloc(load->n_queries * ROUNDS, sizeof(*took_ns));
	struct index *index;
	struct scope_set set = { 0 };
	struct err err;
	double us;

	check(index_open(&index, index_dir, &err), &err);
	for (size_t id = 1; id < 1 << 20; id++)
		scope_set_add(&set, (int64_t)id, 1);
	index->ranked.scope = &set;
	for (size_t i = 0; i < load->n_queries * ROUNDS; i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(1 << 20);
		struct match match;
		int64_t began_ns;

		match_build(&match, load->queries[i % load->n_queries], arena);
		began_ns = clock_mono_ns();
		search_bare(load, index, match.best);
		took_ns[i] = clock_mono_ns() - began_ns;
	}
	us = took_us(took_ns, load->n_queries * ROUNDS, 50);
	scope_set_release(&set);
	index_close(&index);
	free(took_ns);
	return us;
}

/* p50 in us; n_hits_out: of all rounds. */
static double
measure_ours(
    const struct load *load, struct searcher *searcher, size_t *n_hits_out)
{
	size_t n = load->n_queries * ROUNDS, n_hits;
	int64_t *took_ns = xcalloc(n, sizeof(*took_ns));
	double us;

	*n_hits_out = 0;
	for (size_t i = 0; i < n; i++) {
		took_ns[i] =
		    searcher_ask(searcher, load->queries[i % load->n_queries],
			load->limit, load->text_bytes, &n_hits);
		*n_hits_out += n_hits;
	}
	us = took_us(took_ns, n, 50);
	free(took_ns);
	return us;
}

int
main(int argc, char **argv)
{
	char index_dir[4300];
	struct load load = { 0 };
	struct searcher *searcher;
	double ours_us;
	size_t n_hits;

	if (argc != 7) {
		fprintf(stderr, "usage: search_load BUILD-DIR DIR WORKSPACE "
				"QUERIES LIMIT TEXT-BYTES\n");
		return 2;
	}
	snprintf(
	    index_dir, sizeof(index_dir), "%s/data/index/%s", argv[2], argv[3]);
	load.limit = atoi(argv[5]);
	load.text_bytes = atoi(argv[6]);
	read_queries(&load, argv[4]);
	searcher = searcher_open(argv[1], argv[2], argv[3]);
	ours_us = measure_ours(&load, searcher, &n_hits);
	searcher_stop(searcher);
	printf("{\"p50_us\": %.1f, \"floor_us\": %.1f, \"hits\": %zu}\n",
	    ours_us, measure_floor(&load, index_dir), n_hits);
	fflush(stdout);
	_exit(0);
}
