/* What a turn says: the model's answer, or passages when there is none. */

#include <inttypes.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "services/task-engine/config.h"
#include "services/task-engine/knowledge/confidence.h"
#include "services/task-engine/knowledge/prompt.h"
#include "services/task-engine/knowledge/words.h"
#include "services/task-engine/llm/llm.h"
#include "services/task-engine/tasks/blame.h"
#include "services/task-engine/turn/tools.h"
#include "services/task-engine/turn/turn.h"
#include "services/task-engine/turn/usage.h"

static const char *
workspace_folder(const struct turn *turn)
{
	return arena_printf(turn->arena, "%s/%s",
	    turn->turns->options.workspace_root,
	    turn->work.context.workspace_id);
}

/* Where Markdown goes is told only to who can put it there. */
static const char *
folder_for_asker(const struct turn *turn)
{
	if (turn->asker.kind != ACTOR_LOCAL)
		return NULL;
	return workspace_folder(turn);
}

/* The section around a hit, where its heading names the question; else "". */
static const char *
named_section(const struct turn *turn, const struct search_hit *hit)
{
	const struct engine_cfg *cfg = turn->turns->options.cfg;

	if (!knowledge_names(hit->heading, turn->text))
		return "";
	return prompt_section(hit->text,
	    (size_t)cfg->grounding_max_doc_excerpt_bytes, turn->arena);
}

/*
 * What was found, each with the text that a person reads best. Beside a
 * section that names the question those that only touch it are noise.
 */
static size_t
readable_hits(const struct turn *turn, struct search_hit **hits_out)
{
	const struct search_hits *found = &turn->found;
	struct search_hit *hits =
	    arena_alloc(turn->arena, (found->n_hits + 1) * sizeof(*hits));
	bool is_named = false;
	size_t n = 0;

	for (size_t i = 0; i < found->n_hits; i++) {
		const char *section = named_section(turn, &found->hits[i]);

		if (i == 0)
			is_named = section[0] != '\0';
		if (section[0] == '\0' && is_named)
			continue;
		turn->is_shown[i] = true;
		hits[n] = found->hits[i];
		if (section[0] != '\0')
			hits[n].snippet = section;
		n++;
	}
	*hits_out = hits;
	return n;
}

static void
add_extractive(
    const struct turn *turn, enum extractive_why why, struct buf *out)
{
	struct search_hit *hits;
	struct extractive in = { .why = why,
		.is_unsearched = !turn->is_searched,
		.is_search_away = turn->is_search_away,
		.folder = folder_for_asker(turn) };

	if (turn->plan.is_reaction) {
		extractive_greeting(why, out);
		return;
	}
	blame_set(turn->work.turn_id);
	in.n_hits = readable_hits(turn, &hits);
	in.hits = hits;
	extractive_answer(&in, out);
	blame_clear();
}

/* Tried again when it cannot be stored: so it leaves the turn as it was. */
static int
store_rest(void *arg, int64_t now_ms, struct err *err)
{
	struct turn *turn = arg;
	size_t n_recorded = turn->talk.n_recorded;
	int rc;

	if (usage_record(turn, err) < 0)
		return -1;
	rc = tools_record(turn, now_ms, err);
	turn->talk.n_recorded = n_recorded;
	if (rc < 0 || turn_store_proposed(turn, now_ms, err) < 0)
		return -1;
	if (turn->turns->options.cfg->trace_days == 0)
		return 0;
	return turn_trace_store(turn, now_ms, err);
}

/* The log has it in the order in which it happened. */
static int
store_calls(void *arg, int64_t now_ms, struct err *err)
{
	return tools_log(arg, now_ms, err);
}

/* What was done belongs to the end, whatever that is. */
static void
finish(struct turn *turn, struct turn_outcome outcome, const struct buf *text)
{
	outcome.text = arena_strndup(turn->arena, text->data, text->size);
	outcome.trace = tools_trace(turn);
	outcome.before = store_calls;
	outcome.also = store_rest;
	outcome.also_arg = turn;
	turn_end(turn, &outcome);
}

/* Passages are an answer; a task that found none has nothing to show. */
static void
end_empty_handed(struct turn *turn)
{
	static const char why[] =
	    "no model is connected and nothing about it was found: set "
	    "AGENT_RUNTIME_LLM_API_KEY, or AGENT_RUNTIME_LLM_BASE_URL for a "
	    "server of your own, start again, and retry it";
	struct turn_outcome outcome = { .error = why };
	AUTO(buf_release)
	struct buf text;

	buf_init(&text);
	if (turn->work.kind == TURN_TASK)
		buf_addf(&text, "The task could not be done: %s.", why);
	else
		add_extractive(turn, EXTRACTIVE_NO_MODEL, &text);
	finish(turn, outcome, &text);
}

static void
end_with_passages(struct turn *turn)
{
	struct turn_outcome outcome = { .is_ok = true };
	AUTO(buf_release)
	struct buf text;

	buf_init(&text);
	add_extractive(turn, EXTRACTIVE_NO_MODEL, &text);
	finish(turn, outcome, &text);
}

void
turn_end_without_model(struct turn *turn)
{
	if (turn->work.has_task && turn->found.n_hits == 0)
		end_empty_handed(turn);
	else
		end_with_passages(turn);
}

/* A turn that fails may have done something before. */
static void
add_changes(const struct turn *turn, struct buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < turn->talk.n_calls; i++) {
		const struct turn_call *call = &turn->talk.calls[i];

		if (call->is_error || !tools_is_change(call->want.name))
			continue;
		buf_adds(out, n++ ? ", " : "\n\nDone before: ");
		buf_addf(out, "`%s`", call->want.name);
	}
}

static const char *const of_a_task[EXTRACTIVE_WHY_COUNT] = {
	[EXTRACTIVE_NO_MODEL] = "no model is connected",
	[EXTRACTIVE_MODEL_AWAY] =
	    "the model could not be reached. Retry it later",
	[EXTRACTIVE_MODEL_SHUT] =
	    "the model's service refuses what it is asked. Retry it when the "
	    "setting is changed that `model-failed` in the log names",
	[EXTRACTIVE_MODEL_MUTE] =
	    "the model gave no answer that can be shown. Retry it, perhaps in "
	    "other words",
};

static const char *const of_a_rest[EXTRACTIVE_WHY_COUNT] = {
	[EXTRACTIVE_NO_MODEL] = "no model is connected any more",
	[EXTRACTIVE_MODEL_AWAY] = "the model could not be reached any more",
	[EXTRACTIVE_MODEL_SHUT] = "the model's service refuses more",
	[EXTRACTIVE_MODEL_MUTE] =
	    "the model said nothing more that can be shown",
};

/*
 * A question still gets what the files say, and its row says that this was
 * not the model. A task that no model did is not done.
 */
static void
end_without_words(
    struct turn *turn, enum extractive_why why, const char *reason)
{
	struct turn_outcome outcome = { .is_ok = false };
	AUTO(buf_release)
	struct buf text;

	buf_init(&text);
	if (turn->work.kind == TURN_TASK)
		buf_addf(
		    &text, "The task could not be done: %s.", of_a_task[why]);
	else
		add_extractive(turn, why, &text);
	add_changes(turn, &text);
	outcome.error = arena_printf(turn->arena, "model: %s", reason);
	finish(turn, outcome, &text);
}

void
turn_end_degraded(
    struct turn *turn, enum extractive_why why, const char *reason)
{
	log_warn("model-failed", "turn=%" PRId64 " why=%s", turn->work.turn_id,
	    log_quote(reason));
	if (turn->talk.said == NULL)
		end_without_words(turn, why, reason);
	else
		turn_end_exhausted(turn, of_a_rest[why]);
}

void
turn_end_with_answer(struct turn *turn, const struct llm_answer *answer)
{
	struct turn_outcome outcome = { .is_ok = true };
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	blame_set(turn->work.turn_id);
	turn_propose(
	    turn, answer->text, answer->finish == LLM_FINISH_LENGTH, &text);
	blame_clear();
	turn->notes.is_answered = true;
	if (turn->is_degraded)
		buf_addf(&text,
		    "\n\n_(Answered by %s: the model that I ask first could "
		    "not be reached.)_",
		    llm_name(turn->model->llm));
	finish(turn, outcome, &text);
}

const char *
turn_last_words(const struct turn *turn)
{
	if (turn->talk.said)
		return turn->talk.said;
	for (size_t i = turn->talk.n_messages; i-- > 0;) {
		const struct llm_message *m = &turn->talk.messages[i];

		if (m->role == LLM_ASSISTANT && *m->text)
			return m->text;
	}
	return "";
}

/* "" when the model doubts them. */
static const char *
trusted_last_words(const struct turn *turn)
{
	const char *words = turn_last_words(turn);
	int64_t confidence = confidence_take(&words, turn->arena);

	return confidence != CONFIDENCE_UNSAID &&
		       confidence < turn->limits.min_confidence
		   ? ""
		   : words;
}

void
turn_end_exhausted(struct turn *turn, const char *why)
{
	const char *words = trusted_last_words(turn);
	struct turn_outcome outcome = { .is_ok = false,
		.error = arena_printf(turn->arena, "not finished: %s", why) };
	AUTO(buf_release)
	struct buf text = { 0 };

	log_warn("turn-exhausted", "turn=%" PRId64 " steps=%" PRId64 " why=%s",
	    turn->work.turn_id, turn->talk.step, log_quote(why));
	buf_init(&text);
	buf_addf(&text, "I could not finish this: %s.", why);
	if (*words) {
		buf_adds(&text, " This is how far I came:\n\n");
		turn_propose(turn, words, false, &text);
	}
	add_changes(turn, &text);
	finish(turn, outcome, &text);
}

/* Not shown: what it was unsure of is no answer, and what it would propose no
 * proposal. */
void
turn_end_unsure(struct turn *turn, int64_t confidence)
{
	struct turn_outcome outcome = {
		.error = arena_printf(turn->arena,
		    "not sure enough: %" PRId64 " of %" PRId64 " thousandths",
		    confidence, turn->limits.min_confidence)
	};
	AUTO(buf_release)
	struct buf text = { 0 };

	log_info("answer-unsure",
	    "turn=%" PRId64 " confidence=%" PRId64 " wanted=%" PRId64,
	    turn->work.turn_id, confidence, turn->limits.min_confidence);
	buf_init(&text);
	buf_adds(&text,
	    "I am not sure enough of what I found to give it as an answer: "
	    "a person should look at this.");
	add_changes(turn, &text);
	finish(turn, outcome, &text);
}

void
turn_end_refused(struct turn *turn, const char *said, const char *error)
{
	struct turn_outcome outcome = { .is_ok = false, .error = error };
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	buf_adds(&text, said);
	finish(turn, outcome, &text);
}
