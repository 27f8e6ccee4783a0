/* Finds the passages for a turn: asks the indexer, reads what it found. */

#include <inttypes.h>
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
#include "services/task-engine/knowledge/words.h"
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
	/* in which the message is looked for that a short one leans on */
	LOOK_BACK = 12,
};

/*
 * One question to the indexer. It cannot be called back, so a turn that ends
 * before the answer comes is taken out of it.
 */
struct lookup {
	struct turn *turn; /* NULL: nobody waits any more, or yet */
	/* Of one that was asked ahead, until its turn takes it. */
	struct turns *turns; /* NULL: it was not, or was taken */
	int64_t message_seq;
	struct buf body;
	struct lookup *next;
};

void
turn_ground_forget(struct turn *turn)
{
	if (turn->lookup != NULL)
		turn->lookup->turn = NULL;
	turn->lookup = NULL;
}

static void
take_out(struct lookup *lookup)
{
	if (lookup->turns == NULL)
		return;
	LL_DELETE(lookup->turns->ahead, lookup);
	lookup->turns->n_ahead--;
	lookup->turns = NULL;
}

struct turn *
turn_lookup_end(struct lookup *lookup)
{
	struct turn *turn = lookup->turn;

	if (turn != NULL)
		turn->lookup = NULL;
	take_out(lookup);
	buf_release(&lookup->body);
	free(lookup);
	return turn;
}

static int
call_indexer(const struct turns *turns, const struct bus_call *what,
    int64_t at_most_ms, bus_answer_fn fn, struct lookup *lookup,
    struct err *err)
{
	struct bus_call call = *what;

	call.to = SVC_INDEXER;
	call.deadline_ms = clock_unix_ms() + at_most_ms;
	if (bus_call(turns->options.bus, &call, fn, lookup, err) == 0)
		return 0;
	turn_lookup_end(lookup);
	return -1;
}

int
turn_ask_indexer(struct turn *turn, const char *type, const struct buf *body,
    int64_t at_most_ms, bus_answer_fn fn, struct err *err)
{
	const struct bus_call call = { .type = type,
		.cause = turn->work.has_message ? turn->work.message.cause : "",
		.body = body };

	turn->lookup = xcalloc(1, sizeof(*turn->lookup));
	turn->lookup->turn = turn;
	return call_indexer(
	    turn->turns, &call, at_most_ms, fn, turn->lookup, err);
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
read_texts(struct turn *turn, size_t first)
{
	size_t max_bytes =
	    (size_t)turn->turns->options.cfg->grounding_max_doc_excerpt_bytes;

	blame_set(turn->work.turn_id);
	for (size_t i = first; i < turn->found.n_hits; i++) {
		const struct search_hit *hit = &turn->found.hits[i];

		turn->excerpts[i] =
		    prompt_excerpt(hit->text, max_bytes, turn->arena);
	}
	blame_clear();
}

/* The scope went with the question; the answer is checked all the same. */
static bool
is_wanted(const struct turn *turn, const struct search_hit *hit)
{
	if (!policy_may_read(&turn->scope, hit->path))
		return false;
	for (size_t i = 0; i < turn->found.n_hits; i++)
		if (turn->found.hits[i].line == hit->line &&
		    strcmp(turn->found.hits[i].path, hit->path) == 0)
			return false;
	return true;
}

/* n of them, the first n_old as they were. */
static void *
copy_grown(
    const void *old, size_t n_old, size_t n, size_t size, struct arena *arena)
{
	void *all = arena_alloc(arena, (n + 1) * size);

	if (n_old)
		memcpy(all, old, n_old * size);
	return all;
}

static void
add_found(struct turn *turn, const struct search_hits *more)
{
	struct search_hits *found = &turn->found;
	size_t n_old = found->n_hits, n = n_old + more->n_hits;

	found->hits = copy_grown(
	    found->hits, n_old, n, sizeof(*found->hits), turn->arena);
	turn->excerpts = copy_grown(
	    turn->excerpts, n_old, n, sizeof(*turn->excerpts), turn->arena);
	turn->is_shown = copy_grown(
	    turn->is_shown, n_old, n, sizeof(*turn->is_shown), turn->arena);
	for (size_t i = 0; i < more->n_hits; i++) {
		if (!is_wanted(turn, &more->hits[i]))
			continue;
		turn->excerpts[found->n_hits] = "";
		turn->is_shown[found->n_hits] = false;
		found->hits[found->n_hits++] = more->hits[i];
	}
	read_texts(turn, n_old);
}

/* The turn that waits for it, with what was found beside what it had. */
static struct turn *
receive(void *lookup, const struct envelope *answer, const struct err *why)
{
	struct turn *turn = turn_lookup_end(lookup);
	struct search_hits got = { 0 };
	struct err err;

	if (turn == NULL)
		return NULL;
	turn->notes.search_ms += clock_mono_ms() - turn->notes.since_mono_ms;
	if (check_answer(answer, why) < 0) {
		turn->is_search_away = true;
	} else if (search_hits_decode(&got, answer->body, turn->arena, &err) <
		   0) {
		log_warn(
		    "search-answer-invalid", "why=%s", log_quote(err.text));
		got = (struct search_hits){ 0 };
		turn->is_search_away = true;
	}
	add_found(turn, &got);
	return turn;
}

static void
on_hits(void *arg, const struct envelope *answer, const struct err *err)
{
	struct turn *turn = receive(arg, answer, err);

	if (turn != NULL)
		turn_steps(turn);
}

/* What the asker said last before this, or somebody; "" when nobody did. */
static const char *
said_before(const struct turn *turn)
{
	const struct turns_options *o = &turn->turns->options;
	const char *said = "";
	struct message_row *rows;
	struct err err;
	size_t n;

	if (turn->plan.strategy != KNOWLEDGE_TAIL_SEARCH ||
	    !turn->work.has_message)
		return "";
	if (store_messages_before(o->store, turn->work.context.id,
		turn->work.message.seq, LOOK_BACK, turn->arena, &rows, &n,
		&err) < 0) {
		log_warn("chat-tail-unread", "why=%s", log_quote(err.text));
		return "";
	}
	for (size_t i = n; i-- > 0;) {
		if (strcmp(rows[i].direction, "inbound") != 0)
			continue;
		if (strcmp(rows[i].actor, turn->work.message.actor) == 0)
			return rows[i].text;
		if (*said == '\0')
			said = rows[i].text;
	}
	return said;
}

/* What is searched for, where and for whom. before: beside the words. */
struct question {
	const struct actor *asker;
	const struct context_row *context;
	const char *text, *before;
};

static int
put_question(const struct turns *turns, const struct question *question,
    struct arena *arena, struct search_scope *scope_out, struct buf *out,
    struct err *err)
{
	const struct engine_cfg *cfg = turns->options.cfg;
	struct search_query body = {
		.workspace_id = question->context->workspace_id,
		.limit = turns->llm ? cfg->grounding_top_k : HITS_WITHOUT_MODEL,
		.text_bytes =
		    cfg->grounding_max_doc_excerpt_bytes + HEADING_BYTES,
	};
	AUTO(buf_release)
	struct buf query = { 0 };

	buf_init(&query);
	if (policy_scope(turns->options.policy, question->asker,
		question->context, arena, scope_out, err) < 0)
		return -1;
	knowledge_query(question->text, question->before, &query);
	body.query = query.data;
	body.scope = *scope_out;
	search_query_encode(&body, out);
	return 0;
}

static int64_t
search_ms(const struct turns *turns)
{
	return turns->llm ? SEARCH_WITH_MODEL_MS : SEARCH_MS;
}

/* What was asked ahead for this turn, if it was the same. */
static bool
take_ahead(struct turn *turn, const struct buf *body)
{
	struct lookup *lookup = turn->turns->ahead;

	while (lookup != NULL && lookup->message_seq != turn->work.message.seq)
		lookup = lookup->next;
	if (lookup == NULL || lookup->body.size != body->size ||
	    memcmp(lookup->body.data, body->data, body->size) != 0)
		return false;
	take_out(lookup);
	lookup->turn = turn;
	turn->lookup = lookup;
	return true;
}

/* before: beside the words of the question. */
static int
search(struct turn *turn, const char *before, bus_answer_fn fn, struct err *err)
{
	const struct turns *turns = turn->turns;
	const struct question question = { &turn->asker, &turn->work.context,
		turn->text, before };
	AUTO(buf_release)
	struct buf body = { 0 };
	int rc;

	buf_init(&body);
	blame_set(turn->work.turn_id);
	rc = put_question(
	    turns, &question, turn->arena, &turn->scope, &body, err);
	blame_clear();
	if (rc < 0)
		return -1;
	turn->notes.since_mono_ms = clock_mono_ms();
	if (fn == on_hits && turn->work.has_message && take_ahead(turn, &body))
		return 0;
	return turn_ask_indexer(
	    turn, "search.query", &body, search_ms(turns), fn, err);
}

static bool
is_about_files(const struct knowledge_plan *plan)
{
	return plan->strategy == KNOWLEDGE_SEARCH ||
	       plan->strategy == KNOWLEDGE_TAIL_SEARCH;
}

/* A model that is asked about the conversation needs no search; without one
 * there is nothing else to answer from. */
static bool
needs_search(const struct turns *turns, const struct knowledge_plan *plan)
{
	if (turns->llm == NULL)
		return !plan->is_reaction;
	return is_about_files(plan) &&
	       turns->options.cfg->agent_grounding_first_step;
}

void
turn_ground(struct turn *turn)
{
	struct err err;

	if (!needs_search(turn->turns, &turn->plan)) {
		turn_steps(turn);
		return;
	}
	turn->is_searched = true;
	if (search(turn, said_before(turn), on_hits, &err) < 0) {
		log_warn("search-failed", "why=%s", log_quote(err.text));
		turn->is_search_away = true;
		turn_steps(turn);
		return;
	}
	turn_prepare(turn);
}

/* A question that leans on what was said before is for the turn, which reads
 * that. */
static bool
may_ask_ahead(const struct turns *turns, const char *text)
{
	const struct knowledge_plan plan = knowledge_decide(text);

	return needs_search(turns, &plan) &&
	       plan.strategy != KNOWLEDGE_TAIL_SEARCH;
}

void
turns_look_ahead(
    struct turns *turns, const struct turn_ahead *ahead, struct arena *arena)
{
	const struct question question = { ahead->asker, ahead->context,
		ahead->text, "" };
	struct bus_call call = { .type = "search.query",
		.cause = ahead->cause };
	struct search_scope scope;
	struct lookup *lookup;
	struct err err;

	if (turns->n_running + turns->n_ahead >= turns_places(turns) ||
	    !may_ask_ahead(turns, ahead->text))
		return;
	lookup = xcalloc(1, sizeof(*lookup));
	lookup->turns = turns;
	lookup->message_seq = ahead->message_seq;
	buf_init(&lookup->body);
	LL_PREPEND(turns->ahead, lookup);
	turns->n_ahead++;
	call.body = &lookup->body;
	/* What fails here the turn tries again, and says. */
	if (put_question(turns, &question, arena, &scope, &lookup->body, &err) <
	    0)
		turn_lookup_end(lookup);
	else if (call_indexer(
		     turns, &call, search_ms(turns), on_hits, lookup, &err) < 0)
		log_debug("not-asked-ahead", "seq=%" PRId64 " why=%s",
		    ahead->message_seq, log_quote(err.text));
}

void
turns_forget_ahead(struct turns *turns)
{
	while (turns->ahead != NULL)
		take_out(turns->ahead);
}

static void
on_more_hits(void *arg, const struct envelope *answer, const struct err *err)
{
	const struct lookup *lookup = arg;
	size_t n_old = lookup->turn ? lookup->turn->found.n_hits : 0;
	struct turn *turn = receive(arg, answer, err);
	const char *more;

	if (turn == NULL)
		return;
	more = turn_passages(turn, n_old);
	if (*more)
		turn_say(turn,
		    (struct llm_message){ .role = LLM_USER, .text = more });
	turn_step(turn);
}

void
turn_ground_again(struct turn *turn)
{
	struct err err;

	if (!turn->turns->options.cfg->agent_grounding_every_step ||
	    !is_about_files(&turn->plan)) {
		turn_step(turn);
		return;
	}
	turn->is_searched = true;
	if (search(turn, turn_last_words(turn), on_more_hits, &err) < 0) {
		log_warn("search-failed", "why=%s", log_quote(err.text));
		turn_step(turn);
	}
}
