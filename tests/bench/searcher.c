/* An indexer of its own and the one who asks it. */

#include "tests/bench/searcher.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
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
#include "proto/search.h"

enum { POLL_MS = 50, ANSWER_MS = 60000, HITS_BYTES = 1 << 20 };

static const char *everything[] = { "" };
static const struct search_scope all = { everything, 1, NULL, 0, NULL, 0 };

struct searcher {
	const char *workspace_id;
	struct loop *loop;
	struct bus *bus;
	struct timer *again;
	pid_t indexer;
	int64_t began_ns, took_ns;
	size_t n_hits;
};

static void
check(int rc, const struct err *err)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "searcher: %s\n", err->text);
	exit(1);
}

static void
call(struct searcher *s, const char *type, const struct buf *body,
    bus_answer_fn fn)
{
	const struct bus_call one = {
		.to = SVC_INDEXER,
		.type = type,
		.deadline_ms = clock_unix_ms() + ANSWER_MS,
		.body = body,
	};
	struct err err;

	check(bus_call(s->bus, &one, fn, s, &err), &err);
}

static const struct json *
body_of(const struct envelope *answer, const struct err *why)
{
	if (answer && answer->ok)
		return answer->body;
	check(-1, answer ? &answer->error : why);
	return NULL;
}

static void
on_state(void *arg, const struct envelope *answer, const struct err *why)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(HITS_BYTES);
	struct searcher *s = arg;
	struct search_state state;
	struct err err;

	check(search_state_decode(&state, body_of(answer, why), arena, &err),
	    &err);
	if (state.is_indexed && !state.is_pending)
		loop_stop(s->loop);
	else
		timer_start(s->again, POLL_MS, 0);
}

static void
look(void *arg)
{
	struct searcher *s = arg;
	const struct search_workspace in = { .workspace_id = s->workspace_id };
	AUTO(buf_release)
	struct buf body;

	buf_init(&body);
	search_workspace_encode(&in, &body);
	call(s, "search.status", &body, on_state);
}

static pid_t
start_indexer(const char *build_dir, const char *data, const char *key_file)
{
	char program[4096];
	pid_t pid;

	snprintf(
	    program, sizeof(program), "%s/services/indexer/indexer", build_dir);
	setenv("AGENT_RUNTIME_DATA_DIR", data, 1);
	setenv("AGENT_RUNTIME_DOOR_KEY_FILE", key_file, 1);
	setenv("AGENT_RUNTIME_LOG_LEVEL", "warn", 1);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(program, program, (char *)NULL);
		perror(program);
		_exit(127);
	}
	if (pid < 0) {
		perror("fork");
		exit(1);
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

struct searcher *
searcher_open(const char *build_dir, const char *dir, const char *workspace_id)
{
	char data[4096], keys_path[4096], run[4200];
	struct searcher *s = xcalloc(1, sizeof(*s));
	struct door_keys *keys;
	struct err err;

	snprintf(data, sizeof(data), "%s/data", dir);
	snprintf(keys_path, sizeof(keys_path), "%s/keys", dir);
	snprintf(run, sizeof(run), "%s/run", data);
	s->workspace_id = workspace_id;
	keys = make_keys(keys_path);
	s->indexer = start_indexer(build_dir, data, keys_path);
	check(loop_open(&s->loop, &err), &err);
	check(bus_open(&s->bus, s->loop,
		  &(struct bus_options){
		      .run_dir = run,
		      .self = { SVC_TASK_ENGINE, "main" },
		      .keys = keys,
		      .client_only = true,
		  },
		  &err),
	    &err);
	s->again = timer_new(s->loop, look, s);
	timer_start(s->again, 0, 0);
	loop_run(s->loop);
	return s;
}

void
searcher_stop(struct searcher *s)
{
	kill(s->indexer, SIGTERM);
	waitpid(s->indexer, NULL, 0);
}

static void
on_hits(void *arg, const struct envelope *answer, const struct err *why)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(HITS_BYTES);
	struct searcher *s = arg;
	struct search_hits hits;
	struct err err;

	s->took_ns = clock_mono_ns() - s->began_ns;
	check(
	    search_hits_decode(&hits, body_of(answer, why), arena, &err), &err);
	s->n_hits = hits.n_hits;
	loop_stop(s->loop);
}

int64_t
searcher_ask(struct searcher *s, const char *query, int64_t limit,
    int64_t text_bytes, size_t *n_hits_out)
{
	const struct search_query in = {
		.workspace_id = s->workspace_id,
		.query = query,
		.limit = limit,
		.text_bytes = text_bytes,
		.scope = all,
	};
	AUTO(buf_release)
	struct buf body;

	buf_init(&body);
	search_query_encode(&in, &body);
	s->began_ns = clock_mono_ns();
	call(s, "search.query", &body, on_hits);
	loop_run(s->loop);
	*n_hits_out = s->n_hits;
	return s->took_ns;
}
