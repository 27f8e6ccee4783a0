/*
 * search.query against the indexer, and the floor under it: the same prepared
 * statement in a loop on the same index file.
 *
 *   search_load BUILD-DIR DIR WORKSPACE QUERIES LIMIT
 *
 * DIR/data/workspaces/WORKSPACE holds the documents, QUERIES one query a line.
 * Starts the indexer and waits until everything is indexed; prints JSON.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/bus.h"
#include "libcommon/clock.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/loop.h"
#include "proto/bounds.h"
#include "proto/search.h"
#include "services/indexer/index.h"
#include "services/indexer/index_file.h"
#include "services/indexer/match.h"

enum { MAX_QUERIES = 10000, ROUNDS = 5, POLL_MS = 50 };

static const char *everything[] = { "" };
static const struct search_scope all = { everything, 1, NULL, 0, NULL, 0 };

struct load {
	struct loop *loop;
	struct bus *bus;
	struct timer *again;
	const char *workspace;
	int64_t limit, text_bytes;
	char *queries[MAX_QUERIES];
	size_t n_queries;
	size_t at; /* of all rounds */
	int64_t began_ns;
	int64_t *took_ns;
	int64_t n_hits;
};

static void
check(int rc, const struct err *err)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "search_load: %s\n", err->text);
	exit(1);
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static double
median_us(int64_t *took_ns, size_t n)
{
	qsort(took_ns, n, sizeof(*took_ns), by_value);
	return (double)took_ns[n / 2] / 1000.0;
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

static struct search_query
query_of(const struct load *load, size_t i)
{
	return (struct search_query){
		.workspace_id = load->workspace,
		.query = load->queries[i % load->n_queries],
		.limit = load->limit,
		.text_bytes = load->text_bytes,
		.scope = all,
	};
}

static void
call(struct load *load, const char *type, const struct buf *body,
    bus_answer_fn fn)
{
	const struct bus_call one = {
		.to = SVC_INDEXER,
		.type = type,
		.deadline_ms = clock_unix_ms() + 60000,
		.body = body,
	};
	struct err err;

	check(bus_call(load->bus, &one, fn, load, &err), &err);
}

static const struct json *
body_of(const struct envelope *answer, const struct err *why)
{
	if (answer && answer->ok)
		return answer->body;
	check(-1, answer ? &answer->error : why);
	return NULL;
}

static void ask(struct load *load);

static void
on_hits(void *arg, const struct envelope *answer, const struct err *why)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(1 << 20);
	struct load *load = arg;
	struct search_hits hits;
	struct err err;

	load->took_ns[load->at++] = clock_mono_ns() - load->began_ns;
	check(
	    search_hits_decode(&hits, body_of(answer, why), arena, &err), &err);
	load->n_hits += (int64_t)hits.n_hits;
	if (load->at < load->n_queries * ROUNDS)
		ask(load);
	else
		loop_stop(load->loop);
}

static void
ask(struct load *load)
{
	const struct search_query query = query_of(load, load->at);
	AUTO(buf_release)
	struct buf body;

	buf_init(&body);
	search_query_encode(&query, &body);
	load->began_ns = clock_mono_ns();
	call(load, "search.query", &body, on_hits);
}

static void
on_state(void *arg, const struct envelope *answer, const struct err *why)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(1 << 20);
	struct load *load = arg;
	struct search_state state;
	struct err err;

	check(search_state_decode(&state, body_of(answer, why), arena, &err),
	    &err);
	if (state.is_indexed && !state.is_pending)
		ask(load);
	else
		timer_start(load->again, POLL_MS, 0);
}

static void
look(void *arg)
{
	struct load *load = arg;
	const struct search_workspace in = { .workspace_id = load->workspace };
	AUTO(buf_release)
	struct buf body;

	buf_init(&body);
	search_workspace_encode(&in, &body);
	call(load, "search.status", &body, on_state);
}

static pid_t
start_indexer(const char *build, const char *data, const char *key_file)
{
	char program[4096];
	pid_t pid;

	snprintf(
	    program, sizeof(program), "%s/services/indexer/indexer", build);
	setenv("AGENT_RUNTIME_DATA_DIR", data, 1);
	setenv("AGENT_RUNTIME_DOOR_KEY_FILE", key_file, 1);
	setenv("AGENT_RUNTIME_LOG_LEVEL", "warn", 1);
	pid = fork();
	if (pid == 0) {
		execl(program, program, (char *)NULL);
		perror(program);
		_exit(127);
	}
	return pid;
}

static struct door_keys *
make_keys(const char *key_file)
{
	const struct bus_peer both[] = {
		{ SVC_TASK_ENGINE, "main" },
		{ SVC_INDEXER, "main" },
	};
	struct door_keys *keys = door_keys_make(both, 2);
	AUTO(buf_release)
	struct buf text;
	struct err err;

	buf_init(&text);
	door_keys_print_for(keys, &both[1], &text);
	check(
	    file_replace(AT_FDCWD, key_file, text.data, text.size, 0600, &err),
	    &err);
	return keys;
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
	us = median_us(took_ns, load->n_queries * ROUNDS);
	scope_set_release(&set);
	index_close(&index);
	free(took_ns);
	return us;
}

int
main(int argc, char **argv)
{
	char data[4096], keys_path[4096], run[4200], index_dir[4300];
	struct load load = { 0 };
	struct door_keys *keys;
	struct err err;
	double ours_us;
	pid_t pid;

	if (argc != 7) {
		fprintf(stderr, "usage: search_load BUILD-DIR DIR WORKSPACE "
				"QUERIES LIMIT TEXT-BYTES\n");
		return 2;
	}
	snprintf(data, sizeof(data), "%s/data", argv[2]);
	snprintf(keys_path, sizeof(keys_path), "%s/keys", argv[2]);
	snprintf(run, sizeof(run), "%s/run", data);
	snprintf(index_dir, sizeof(index_dir), "%s/index/%s", data, argv[3]);
	load.workspace = argv[3];
	load.limit = atoi(argv[5]);
	load.text_bytes = atoi(argv[6]);
	read_queries(&load, argv[4]);
	load.took_ns = xcalloc(load.n_queries * ROUNDS + 1, sizeof(int64_t));
	keys = make_keys(keys_path);
	pid = start_indexer(argv[1], data, keys_path);
	check(loop_open(&load.loop, &err), &err);
	check(bus_open(&load.bus, load.loop,
		  &(struct bus_options){
		      .run_dir = run,
		      .self = { SVC_TASK_ENGINE, "main" },
		      .keys = keys,
		      .client_only = true,
		  },
		  &err),
	    &err);
	load.again = timer_new(load.loop, look, &load);
	timer_start(load.again, 0, 0);
	loop_run(load.loop);
	ours_us = median_us(load.took_ns, load.n_queries * ROUNDS);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	printf("{\"p50_us\": %.1f, \"floor_us\": %.1f, \"hits\": %" PRId64
	       "}\n",
	    ours_us, measure_floor(&load, index_dir), load.n_hits);
	fflush(stdout);
	_exit(0);
}
