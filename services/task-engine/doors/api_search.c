/* Searching a workspace over HTTP, for the person at the machine. */

#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/bus.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "proto/search.h"
#include "services/task-engine/doors/api.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/doors/starter.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/policy/scope.h"
#include "services/task-engine/store/places.h"

enum {
	LIMIT_DEFAULT = 10,
	NAMES_SHOWN = 4,
	ID_BEGIN_MIN = 4,
	ARENA_BYTES = 1024 * 1024,
};

/* One search, until the indexer has answered it. */
struct find {
	uint64_t ticket;
	struct arena *arena;
	struct workspace_row workspace;
	struct search_scope scope;
};

static void
find_free(struct find **find)
{
	if (!*find)
		return;
	arena_free(&(*find)->arena);
	xfree(find);
}

/* How somebody may name them. */
static const char *
names_of(const struct workspace_row *rows, size_t n, struct arena *arena)
{
	AUTO(buf_release)
	struct buf names = { 0 };

	buf_init(&names);
	for (size_t i = 0; i < n && i < NAMES_SHOWN; i++)
		buf_addf(&names, "%s%s (%.8s)", i > 0 ? ", " : "", rows[i].name,
		    rows[i].id);
	if (n > NAMES_SHOWN)
		buf_adds(&names, ", …");
	return arena_strndup(arena, names.data, names.size);
}

static int
names_of_all(
    struct svc *svc, struct arena *arena, const char **out, struct err *err)
{
	struct workspace_row *rows;
	size_t n;

	if (store_workspaces_list(
		svc->store, NAMES_SHOWN + 1, arena, &rows, &n, err) < 0)
		return -1;
	*out = names_of(rows, n, arena);
	return 0;
}

/* None is named: whoever asks is at the command line, which has its own. */
static int
workspace_own(struct svc *svc, struct arena *arena, struct workspace_row *out,
    struct err *err)
{
	const char *names;
	int got = starter_workspace(svc, arena, out, err);

	if (got <= 0)
		return got;
	if (names_of_all(svc, arena, &names, err) < 0)
		return -1;
	return err_set(err, ERR_CONFLICT,
	    "say in which workspace, by name or id: %s", names);
}

/* Those whose id begins so, or else those that have that name. */
static int
workspaces_meant(struct svc *svc, const char *words, struct arena *arena,
    struct workspace_row **rows_out, size_t *n_out, struct err *err)
{
	*n_out = 0;
	if (strlen(words) >= ID_BEGIN_MIN &&
	    store_workspaces_begin(
		svc->store, words, arena, rows_out, n_out, err) < 0)
		return -1;
	if (*n_out > 0)
		return 0;
	return store_workspaces_named(
	    svc->store, words, arena, rows_out, n_out, err);
}

static int
workspace_meant(struct svc *svc, const char *words, struct arena *arena,
    struct workspace_row *out, struct err *err)
{
	struct workspace_row *rows;
	const char *names;
	size_t n;

	if (*words == '\0')
		return workspace_own(svc, arena, out, err);
	if (workspaces_meant(svc, words, arena, &rows, &n, err) < 0)
		return -1;
	if (n > 1)
		return err_set(err, ERR_CONFLICT,
		    "say in which workspace, by name or id: %s",
		    names_of(rows, n, arena));
	if (n == 1) {
		*out = rows[0];
		return 0;
	}
	if (names_of_all(svc, arena, &names, err) < 0)
		return -1;
	return err_set(
	    err, ERR_NOT_FOUND, "no such workspace; there are: %s", names);
}

/* What the indexer found, or -1: it did not answer, or refused. */
static int
take_answer(struct find *find, const struct envelope *answer,
    const struct err *why, struct search_found *out, struct err *err)
{
	struct search_hits hits;
	size_t n = 0;

	if (answer && !answer->ok && answer->error.code == ERR_INVALID)
		return err_set(err, ERR_INVALID, "%s", answer->error.text);
	if (!answer || !answer->ok)
		return err_set(err, ERR_UNAVAILABLE,
		    "the indexer does not answer: %s",
		    answer ? answer->error.text : why->text);
	if (search_hits_decode(&hits, answer->body, find->arena, err) < 0)
		return err_prefix(err, "the indexer's answer");
	for (size_t i = 0; i < hits.n_hits; i++)
		if (policy_may_read(&find->scope, hits.hits[i].path))
			hits.hits[n++] = hits.hits[i];
	*out = (struct search_found){
		.workspace_id = find->workspace.id,
		.workspace_name = find->workspace.name,
		.hits = hits.hits,
		.n_hits = n,
		.is_stale = hits.is_stale,
		.is_wordless = hits.is_wordless,
	};
	return 0;
}

static void
on_found(void *arg, const struct envelope *answer, const struct err *why)
{
	AUTO(find_free)
	struct find *find = arg;
	AUTO(buf_release)
	struct buf body = { 0 };
	struct search_found out;
	struct err err;

	buf_init(&body);
	if (take_answer(find, answer, why, &out, &err) < 0) {
		service_reply_later(find->ticket, NULL, &err);
		return;
	}
	api_encode_list(&search_found_shape, &out, &out.n_hits, &body);
	service_reply_later(find->ticket, &body, NULL);
}

static int
ask_indexer(struct svc *svc, const struct request *request,
    const struct search_find *in, struct find *find, struct err *err)
{
	const struct search_query query = {
		.workspace_id = find->workspace.id,
		.query = in->query,
		.limit = in->limit ? in->limit : LIMIT_DEFAULT,
		.scope = find->scope,
	};
	AUTO(buf_release)
	struct buf body = { 0 };
	const struct bus_call call = {
		.to = SVC_INDEXER,
		.type = "search.query",
		.cause = request->id,
		.deadline_ms = request->deadline_ms,
		.body = &body,
	};

	buf_init(&body);
	search_query_encode(&query, &body);
	return bus_call(svc->env.bus, &call, on_found, find, err);
}

/* With the local credential, and only so, all of a workspace is readable. */
int
on_search_find(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	static const char *everything[] = { "" };
	AUTO(find_free)
	struct find *find = xcalloc(1, sizeof(*find));
	struct search_find in;
	struct actor actor;

	find->arena = arena_new(ARENA_BYTES);
	find->ticket = request->ticket;
	find->scope = (struct search_scope){
		.allow = everything,
		.n_allow = N_OF(everything),
	};
	if (search_find_decode(&in, request->body, request->arena, err) < 0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0 ||
	    workspace_meant(
		svc, in.workspace, find->arena, &find->workspace, err) < 0 ||
	    ask_indexer(svc, request, &in, find, err) < 0)
		return -1;
	find = NULL;
	reply->is_deferred = true;
	return 0;
}
