/* What may be asked of the indexer, and the answers. */

#include "services/indexer/handlers.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/envelope.h"
#include "libcommon/log.h"
#include "libcommon/utf8.h"
#include "proto/search.h"
#include "services/indexer/document.h"
#include "services/indexer/index.h"
#include "services/indexer/library.h"
#include "services/indexer/match.h"
#include "services/indexer/meaning.h"
#include "services/indexer/paths.h"
#include "services/indexer/qmd.h"
#include "services/indexer/qmd_answer.h"
#include "services/indexer/workspace.h"

enum {
	QUERY_ARENA_BYTES = 1024 * 1024,
	/* What an envelope has beside its body fits into the rest. */
	BODY_MAX_BYTES = ENVELOPE_MAX_BYTES - 4096,
	/* Enough for the own index to answer after all. */
	LEFT_OF_DEADLINE_MS = 200,
};

/* A search that may have to wait for its workspace. */
struct waiting {
	struct svc *svc;
	struct arena *arena;
	struct search_query query;
	struct index_meaning meaning; /* none: by words alone */
	const char *id, *cause;	      /* of the request */
	int64_t asked_ms;	      /* monotonic */
	int64_t patience_ms;	      /* for qmd */
	uint64_t ticket;
	struct buf *body; /* NULL once the request is deferred */
	bool is_answered;
	bool is_stale;
	const struct qmd_hits *found; /* NULL: the own index is asked */
	int rc;
	struct err *err;
};

static void
waiting_free(struct waiting **waiting)
{
	if (!*waiting)
		return;
	arena_free(&(*waiting)->arena);
	xfree(waiting);
}

/* A damaged index is found out by using it: then it is made anew, once. */
static int
search(struct search_hits *out, struct library *library, struct workspace *ws,
    struct waiting *waiting, struct err *err)
{
	const struct search_query *query = &waiting->query;
	const struct index_meaning *meaning =
	    waiting->meaning.values ? &waiting->meaning : NULL;
	struct arena *arena = waiting->arena;

	if (library_use(library, ws, err) < 0)
		return -1;
	if (waiting->found &&
	    qmd_answer(out, waiting->found, ws->index, query, arena, err) == 0)
		return 0;
	if (index_search(ws->index, query, meaning, out, arena, err) == 0)
		return 0;
	if (index_is_usable(ws->index) || library_use(library, ws, err) < 0)
		return -1;
	return index_search(ws->index, query, meaning, out, arena, err);
}

/*
 * Who reads on asks for the text at once: a question for each document would
 * take longer than the search. What cannot be read any more has its snippet.
 */
static void
add_texts(struct waiting *waiting, struct search_hits *hits, int root_fd)
{
	const struct search_query *query = &waiting->query;
	int64_t max_bytes = query->text_bytes;

	for (size_t i = 0; max_bytes > 0 && i < hits->n_hits; i++) {
		struct search_hit *hit = &hits->hits[i];
		int64_t share = BODY_MAX_BYTES / (int64_t)hits->n_hits;
		struct search_document document;
		struct err ignored;

		if (document_read(&document, root_fd, query->workspace_id,
			hit->path, hit->line,
			max_bytes < share ? max_bytes : share, waiting->arena,
			&ignored) == 0)
			hit->text = document.text;
	}
}

/* Whether there was anything to shorten. */
static bool
halve_texts(struct search_hits *hits, struct arena *arena)
{
	bool is_shorter = false;

	for (size_t i = 0; i < hits->n_hits; i++) {
		const char *text = hits->hits[i].text;
		size_t size = strlen(text);

		is_shorter |= size > 0;
		hits->hits[i].text =
		    arena_strndup(arena, text, utf8_cut(text, size, size / 2));
	}
	return is_shorter;
}

/* Texts that need much escaping may not fit: then less of them is sent. */
static void
encode_hits(struct search_hits *hits, struct buf *body, struct arena *arena)
{
	do {
		buf_reset(body);
		search_hits_encode(hits, body);
	} while (body->size > BODY_MAX_BYTES && halve_texts(hits, arena));
}

/* What found nothing, and could not. */
static bool
is_wordless(const struct search_hits *hits, const struct waiting *waiting)
{
	struct match match;

	if (hits->n_hits > 0)
		return false;
	match_build(&match, waiting->query.query, waiting->arena);
	return !match.best;
}

static int
answer(struct waiting *waiting, struct library *library, struct workspace *ws,
    bool is_stale, struct buf *body, struct err *err)
{
	struct search_hits hits = { 0 };

	if (ws && search(&hits, library, ws, waiting, err) < 0)
		return -1;
	hits.is_stale = is_stale || (ws && workspace_is_pending(ws));
	hits.is_wordless = is_wordless(&hits, waiting);
	waiting->svc->counters->n_searches++;
	waiting->svc->counters->n_stale += hits.is_stale;
	add_texts(waiting, &hits, library_root_fd(library));
	encode_hits(&hits, body, waiting->arena);
	log_context(waiting->id, waiting->cause);
	log_info("searched", "hits=%zu stale=%d meaning=%d ms=%" PRId64,
	    hits.n_hits, hits.is_stale, waiting->meaning.values != NULL,
	    clock_mono_ms() - waiting->asked_ms);
	log_context_clear();
	return 0;
}

static void
answer_later(struct waiting *waiting, struct library *library,
    struct workspace *ws, bool is_stale)
{
	AUTO(buf_release)
	struct buf body;
	struct err err;
	int rc;

	buf_init(&body);
	rc = answer(waiting, library, ws, is_stale, &body, &err);
	service_reply_later(waiting->ticket, &body, rc < 0 ? &err : NULL);
	waiting_free(&waiting);
}

static void
finish(struct waiting *waiting, struct library *library, struct workspace *ws,
    bool is_stale)
{
	if (!waiting->body) {
		answer_later(waiting, library, ws, is_stale);
		return;
	}
	waiting->rc =
	    answer(waiting, library, ws, is_stale, waiting->body, waiting->err);
	waiting->is_answered = true;
}

/* The workspace may be gone by now. */
static void
on_found(void *arg, const struct qmd_hits *hits, bool is_behind)
{
	struct waiting *waiting = arg;
	struct library *library = waiting->svc->library;

	waiting->found = hits;
	finish(waiting, library,
	    library_find(library, waiting->query.workspace_id),
	    waiting->is_stale || is_behind);
}

static void
on_ready(
    void *arg, struct library *library, struct workspace *ws, bool is_stale)
{
	struct waiting *waiting = arg;
	struct qmd *qmd = waiting->svc->qmd;

	if (!ws || !qmd) {
		finish(waiting, library, ws, is_stale);
		return;
	}
	waiting->is_stale = is_stale;
	qmd_search(qmd, ws->id, waiting->query.query, waiting->patience_ms,
	    on_found, waiting);
}

/* First the vector, which may take longer, and then what changed meanwhile. */
static void
on_meaning(void *arg, const struct index_meaning *found)
{
	struct waiting *waiting = arg;
	struct library *library = waiting->svc->library;
	struct workspace *ws =
	    library_find(library, waiting->query.workspace_id);
	float *values;

	if (found) {
		size_t size = found->n_dimensions * sizeof(*values);

		values = arena_alloc(waiting->arena, size);
		memcpy(values, found->values, size);
		waiting->meaning = (struct index_meaning){
			arena_strdup(waiting->arena, found->model), values,
			found->n_dimensions
		};
	}
	if (ws)
		library_when_ready(library, ws, on_ready, waiting);
	else
		on_ready(waiting, library, NULL, false);
}

int
on_search_query(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	AUTO(waiting_free)
	struct waiting *waiting = xcalloc(1, sizeof(*waiting));
	struct workspace *ws;

	waiting->arena = arena_new(QUERY_ARENA_BYTES);
	waiting->id = arena_strdup(waiting->arena, request->id);
	waiting->cause = arena_strdup(waiting->arena, request->cause);
	waiting->asked_ms = clock_mono_ms();
	waiting->patience_ms =
	    request->deadline_ms - request->now_ms - LEFT_OF_DEADLINE_MS;
	if (search_query_decode(
		&waiting->query, request->body, waiting->arena, err) < 0)
		return -1;
	waiting->svc = svc;
	waiting->ticket = request->ticket;
	waiting->body = reply->body;
	waiting->err = err;
	ws = library_find(svc->library, waiting->query.workspace_id);
	if (!ws)
		return answer(
		    waiting, svc->library, NULL, false, reply->body, err);
	if (svc->qmd)
		on_meaning(waiting, NULL);
	else
		meaning_of(svc->meaning, ws->id, waiting->query.query,
		    on_meaning, waiting);
	if (waiting->is_answered)
		return waiting->rc;
	waiting->body = NULL;
	reply->is_deferred = true;
	waiting = NULL;
	return 0;
}

static int
no_document(struct err *err)
{
	return err_set(err, ERR_NOT_FOUND,
	    "there is no such document in this workspace: look for it with "
	    "/search");
}

static const char *
lower(const char *text, struct arena *arena)
{
	char *copy = arena_strdup(arena, text);

	for (char *p = copy; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return copy;
}

/* "#a1b2c3" to a path. */
static int
path_of_short_id(struct svc *svc, struct workspace *ws, const char *target,
    const char **path_out, struct arena *arena, struct err *err)
{
	int rc;

	library_refresh(svc->library, ws);
	ws = library_find(svc->library, ws->id);
	if (!ws)
		return no_document(err);
	if (library_use(svc->library, ws, err) < 0)
		return -1;
	rc = index_find_short_id(
	    ws->index, lower(target, arena), path_out, arena, err);
	return rc == 1 ? no_document(err) : rc;
}

static int
find_target(struct svc *svc, struct workspace *ws, const struct search_open *in,
    const char **path_out, int64_t *line_out, struct arena *arena,
    struct err *err)
{
	*line_out = 1;
	if (in->target[0] == '#')
		return path_of_short_id(
		    svc, ws, in->target, path_out, arena, err);
	*path_out = document_target(in->target, line_out, arena);
	if (!paths_is_openable(*path_out))
		return err_set(err, ERR_INVALID,
		    "that is no document: give a path beneath the workspace "
		    "that ends in .md, or a short id such as #a1b2c3");
	return 0;
}

static const char *
short_id_of(struct svc *svc, struct workspace *ws, const char *path,
    struct arena *arena)
{
	struct index_document known;
	struct err ignored;

	if (library_use(svc->library, ws, &ignored) < 0 ||
	    index_find(ws->index, path, &known, arena, &ignored) != 0)
		return "";
	return known.short_id;
}

/* Text that needs much escaping may not fit: then less of it is sent. */
static int
encode_document(struct search_document *out, const struct search_open *in,
    int64_t line, int root_fd, struct request const *request, struct buf *body,
    struct err *err)
{
	int64_t max_bytes = in->max_bytes;

	do {
		if (document_read(out, root_fd, in->workspace_id, out->path,
			line, max_bytes, request->arena, err) < 0)
			return -1;
		buf_reset(body);
		search_document_encode(out, body);
		max_bytes /= 2;
	} while (body->size > BODY_MAX_BYTES);
	return 0;
}

int
on_search_open(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct search_open in;
	struct search_document out = { 0 };
	struct workspace *ws;
	int64_t line;

	if (search_open_decode(&in, request->body, request->arena, err) < 0)
		return -1;
	ws = library_find(svc->library, in.workspace_id);
	if (!ws)
		return no_document(err);
	if (find_target(svc, ws, &in, &out.path, &line, request->arena, err) <
	    0)
		return -1;
	if (!search_scope_allows(&in.scope, out.path))
		return no_document(err);
	ws = library_find(svc->library, in.workspace_id);
	if (!ws)
		return no_document(err);
	out.short_id = short_id_of(svc, ws, out.path, request->arena);
	return encode_document(&out, &in, line, library_root_fd(svc->library),
	    request, reply->body, err);
}

static void
add_qmd(struct search_state *out, struct qmd *qmd, const char *workspace,
    struct arena *arena)
{
	AUTO(buf_release)
	struct buf detail;

	buf_init(&detail);
	qmd_describe(qmd, workspace, &detail);
	if (*out->detail)
		buf_addf(&detail, "; %s", out->detail);
	out->backend = "qmd";
	out->detail = arena_strdup(arena, detail.data);
	out->is_pending |= qmd_is_behind(qmd, workspace);
}

static int
reply_state(struct svc *svc, struct workspace *ws,
    const struct request *request, struct reply *reply, struct err *err)
{
	AUTO(buf_release)
	struct buf meaning;
	struct search_state out;

	buf_init(&meaning);
	if (library_state(svc->library, ws, &out, request->arena, err) < 0 ||
	    (ws && !svc->qmd &&
		meaning_describe(svc->meaning, ws, &meaning, err) < 0))
		return -1;
	if (svc->qmd && ws)
		add_qmd(&out, svc->qmd, ws->id, request->arena);
	out.meaning = meaning.data;
	search_state_encode(&out, reply->body);
	return 0;
}

int
on_search_status(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct search_workspace in;

	if (search_workspace_decode(&in, request->body, request->arena, err) <
	    0)
		return -1;
	return reply_state(svc, library_find(svc->library, in.workspace_id),
	    request, reply, err);
}

int
on_search_reindex(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct search_workspace in;
	struct workspace *ws;

	if (search_workspace_decode(&in, request->body, request->arena, err) <
	    0)
		return -1;
	ws = library_find(svc->library, in.workspace_id);
	if (ws)
		library_reindex(svc->library, ws);
	return reply_state(svc, ws, request, reply, err);
}
