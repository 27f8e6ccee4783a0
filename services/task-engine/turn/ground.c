/* Finds the passages for a turn: asks the indexer, opens what it found. */

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/bus.h"
#include "libcommon/clock.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "services/task-engine/config.h"
#include "services/task-engine/knowledge/prompt.h"
#include "services/task-engine/policy/scope.h"
#include "services/task-engine/tasks/blame.h"
#include "services/task-engine/turn/turn.h"

enum {
	/* A person waits; with a model an answer without passages is better
	 * than a late one. */
	SEARCH_MS = 5000,
	SEARCH_WITH_MODEL_MS = 2000,
	OPEN_MS = 1500,
	/* what is shown without a model */
	HITS_WITHOUT_MODEL = 3,
	MAX_DOCUMENT_BYTES = 64 * 1024,
	DOCUMENT_ARENA_BYTES = 512 * 1024,
};

/*
 * One question to the indexer. It cannot be called back, so a turn that ends
 * before the answer comes is taken out of it.
 */
struct lookup {
	struct turn *turn; /* NULL: nobody waits any more */
	size_t hit;
	struct lookup *prev, *next;
};

void
turn_ground_forget(struct turn *turn)
{
	for (struct lookup *l = turn->lookups; l != NULL; l = l->next)
		l->turn = NULL;
	turn->lookups = NULL;
}

/* Frees the lookup; returns the turn that waits for it, or NULL. */
static struct turn *
lookup_end(struct lookup *lookup)
{
	struct turn *turn = lookup->turn;

	if (turn != NULL)
		DL_DELETE(turn->lookups, lookup);
	free(lookup);
	return turn;
}

static int
ask_indexer(struct turn *turn, const char *type, size_t hit,
    const struct buf *body, int64_t at_most_ms, bus_answer_fn fn,
    struct err *err)
{
	struct bus_call call = { .to = SVC_INDEXER,
		.type = type,
		.cause = turn->work.has_message ? turn->work.message.cause : "",
		.deadline_ms = clock_unix_ms() + at_most_ms,
		.body = body };
	struct lookup *lookup = xcalloc(1, sizeof(*lookup));

	lookup->turn = turn;
	lookup->hit = hit;
	DL_APPEND(turn->lookups, lookup);
	if (bus_call(turn->turns->options.bus, &call, fn, lookup, err) == 0)
		return 0;
	lookup_end(lookup);
	return -1;
}

/* What the indexer answered, or -1 with the reason logged. */
static int
check_answer(const struct envelope *answer, const struct err *err)
{
	if (answer != NULL && answer->ok)
		return 0;
	log_info("search-failed", "why=%s",
	    log_quote(answer ? answer->error.text : err->text));
	return -1;
}

static void
one_opened(struct turn *turn)
{
	if (--turn->n_waiting == 0)
		turn_answer(turn);
}

static void
read_document(struct turn *turn, size_t hit, const struct envelope *answer)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(DOCUMENT_ARENA_BYTES);
	const struct search_hit *found = &turn->found.hits[hit];
	size_t max_bytes =
	    (size_t)turn->turns->options.cfg->grounding_max_doc_excerpt_bytes;
	struct search_document document;
	struct err err;

	if (search_document_decode(&document, answer->body, arena, &err) < 0) {
		log_warn(
		    "search-answer-invalid", "why=%s", log_quote(err.text));
		return;
	}
	/* What was asked for may be read; what came must be that. */
	if (strcmp(document.path, found->path) != 0) {
		log_warn("search-answer-invalid", "why=%s",
		    log_quote("another document than was asked for"));
		return;
	}
	turn->excerpts[hit] =
	    prompt_excerpt(document.text, found->line, max_bytes, turn->arena);
	if (knowledge_names(found->heading, turn->text))
		turn->sections[hit] = prompt_section(
		    document.text, found->line, max_bytes, turn->arena);
}

static void
on_document(void *arg, const struct envelope *answer, const struct err *err)
{
	struct lookup *lookup = arg;
	size_t hit = lookup->hit;
	struct turn *turn = lookup_end(lookup);

	if (turn == NULL)
		return;
	if (check_answer(answer, err) == 0) {
		blame_set(turn->work.turn_id);
		read_document(turn, hit, answer);
		blame_clear();
	}
	one_opened(turn);
}

static void
open_document(struct turn *turn, size_t hit)
{
	struct search_open body = {
		.workspace_id = turn->work.context.workspace_id,
		.target = turn->found.hits[hit].path,
		.max_bytes = MAX_DOCUMENT_BYTES,
		.scope = turn->scope,
	};
	AUTO(buf_release)
	struct buf buf;
	struct err err;

	buf_init(&buf);
	search_open_encode(&body, &buf);
	if (ask_indexer(
		turn, "search.open", hit, &buf, OPEN_MS, on_document, &err) < 0)
		one_opened(turn);
}

/* The search quotes little, and from the middle of things. */
static void
open_documents(struct turn *turn)
{
	size_t n = turn->found.n_hits;

	/* One more than there are, so that the last cannot end it early. */
	turn->n_waiting = n + 1;
	for (size_t i = 0; i < n; i++)
		open_document(turn, i);
	one_opened(turn);
}

/* The scope went with the question; the answer is checked all the same. */
static void
keep_readable(struct turn *turn)
{
	struct search_hits *found = &turn->found;
	size_t n = 0;

	for (size_t i = 0; i < found->n_hits; i++)
		if (policy_may_read(&turn->scope, found->hits[i].path))
			found->hits[n++] = found->hits[i];
	found->n_hits = n;
	turn->excerpts = arena_alloc(turn->arena, (n + 1) * sizeof(char *));
	turn->sections = arena_alloc(turn->arena, (n + 1) * sizeof(char *));
	for (size_t i = 0; i < n; i++)
		turn->excerpts[i] = turn->sections[i] = "";
}

static void
on_hits(void *arg, const struct envelope *answer, const struct err *err)
{
	struct turn *turn = lookup_end(arg);
	struct err decode_err;

	if (turn == NULL)
		return;
	if (check_answer(answer, err) < 0) {
		turn->is_search_away = true;
	} else if (search_hits_decode(&turn->found, answer->body, turn->arena,
		       &decode_err) < 0) {
		log_warn("search-answer-invalid", "why=%s",
		    log_quote(decode_err.text));
		turn->found = (struct search_hits){ 0 };
		turn->is_search_away = true;
	}
	keep_readable(turn);
	open_documents(turn);
}

static enum actor_kind
asker(const struct turn_work *work)
{
	if (work->kind == TURN_TASK)
		return actor_kind_of(work->task.asked_by);
	return actor_kind_parse(work->message.actor_kind);
}

static int
search(struct turn *turn, struct err *err)
{
	const struct turns *turns = turn->turns;
	struct search_query body = {
		.workspace_id = turn->work.context.workspace_id,
		.limit = turns->llm ? turns->options.cfg->grounding_top_k
				    : HITS_WITHOUT_MODEL,
	};
	AUTO(buf_release)
	struct buf query, buf;

	buf_init(&query);
	buf_init(&buf);
	if (policy_scope(turns->options.store, asker(&turn->work),
		&turn->work.context, turn->arena, &turn->scope, err) < 0)
		return -1;
	blame_set(turn->work.turn_id);
	knowledge_query(turn->text, &query);
	blame_clear();
	body.query = query.data;
	body.scope = turn->scope;
	search_query_encode(&body, &buf);
	return ask_indexer(turn, "search.query", 0, &buf,
	    turns->llm ? SEARCH_WITH_MODEL_MS : SEARCH_MS, on_hits, err);
}

/* A model that is asked about the conversation needs no search; without one
 * there is nothing else to answer from. */
static bool
needs_search(const struct turn *turn)
{
	const struct engine_cfg *cfg = turn->turns->options.cfg;

	if (turn->strategy == KNOWLEDGE_NONE)
		return false;
	if (turn->turns->llm == NULL)
		return true;
	return turn->strategy == KNOWLEDGE_SEARCH &&
	       cfg->agent_grounding_first_step && cfg->grounding_top_k > 0;
}

void
turn_ground(struct turn *turn)
{
	struct err err;

	if (!needs_search(turn)) {
		turn_answer(turn);
		return;
	}
	turn->is_searched = true;
	if (search(turn, &err) < 0) {
		log_warn("search-failed", "why=%s", log_quote(err.text));
		turn->is_search_away = true;
		turn_answer(turn);
	}
}
