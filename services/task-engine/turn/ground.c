/* Finds the passages for a turn: asks the indexer, reads what it found. */

#include <stdlib.h>
#include <string.h>

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
	/* what is shown without a model */
	HITS_WITHOUT_MODEL = 3,
	/* the heading of a section comes before its text */
	HEADING_BYTES = 1024,
};

/*
 * One question to the indexer. It cannot be called back, so a turn that ends
 * before the answer comes is taken out of it.
 */
struct lookup {
	struct turn *turn; /* NULL: nobody waits any more */
};

void
turn_ground_forget(struct turn *turn)
{
	if (turn->lookup != NULL)
		turn->lookup->turn = NULL;
	turn->lookup = NULL;
}

struct turn *
turn_lookup_end(struct lookup *lookup)
{
	struct turn *turn = lookup->turn;

	if (turn != NULL)
		turn->lookup = NULL;
	free(lookup);
	return turn;
}

int
turn_ask_indexer(struct turn *turn, const char *type, const struct buf *body,
    int64_t at_most_ms, bus_answer_fn fn, struct err *err)
{
	struct bus_call call = { .to = SVC_INDEXER,
		.type = type,
		.cause = turn->work.has_message ? turn->work.message.cause : "",
		.deadline_ms = clock_unix_ms() + at_most_ms,
		.body = body };

	turn->lookup = xcalloc(1, sizeof(*turn->lookup));
	turn->lookup->turn = turn;
	if (bus_call(turn->turns->options.bus, &call, fn, turn->lookup, err) ==
	    0)
		return 0;
	turn_lookup_end(turn->lookup);
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

/* The search quotes little, and from the middle of things. */
static void
read_texts(struct turn *turn)
{
	size_t max_bytes =
	    (size_t)turn->turns->options.cfg->grounding_max_doc_excerpt_bytes;

	blame_set(turn->work.turn_id);
	for (size_t i = 0; i < turn->found.n_hits; i++) {
		const struct search_hit *hit = &turn->found.hits[i];

		turn->excerpts[i] =
		    prompt_excerpt(hit->text, max_bytes, turn->arena);
		if (knowledge_names(hit->heading, turn->text))
			turn->sections[i] =
			    prompt_section(hit->text, max_bytes, turn->arena);
	}
	blame_clear();
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
	struct turn *turn = turn_lookup_end(arg);
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
	read_texts(turn);
	turn_steps(turn);
}

static int
search(struct turn *turn, struct err *err)
{
	const struct turns *turns = turn->turns;
	struct search_query body = {
		.workspace_id = turn->work.context.workspace_id,
		.limit = turns->llm ? turns->options.cfg->grounding_top_k
				    : HITS_WITHOUT_MODEL,
		.text_bytes =
		    turns->options.cfg->grounding_max_doc_excerpt_bytes +
		    HEADING_BYTES,
	};
	AUTO(buf_release)
	struct buf query, buf;

	buf_init(&query);
	buf_init(&buf);
	if (policy_scope(turns->options.policy, &turn->asker,
		&turn->work.context, turn->arena, &turn->scope, err) < 0)
		return -1;
	blame_set(turn->work.turn_id);
	knowledge_query(turn->text, &query);
	blame_clear();
	body.query = query.data;
	body.scope = turn->scope;
	search_query_encode(&body, &buf);
	return turn_ask_indexer(turn, "search.query", &buf,
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
		turn_steps(turn);
		return;
	}
	turn->is_searched = true;
	if (search(turn, &err) < 0) {
		log_warn("search-failed", "why=%s", log_quote(err.text));
		turn->is_search_away = true;
		turn_steps(turn);
	}
}
