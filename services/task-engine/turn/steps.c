/* The talk with the model: asked, heard, asked again, within its limits. */

#include <inttypes.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "services/task-engine/config.h"
#include "services/task-engine/knowledge/confidence.h"
#include "services/task-engine/llm/llm.h"
#include "services/task-engine/tasks/blame.h"
#include "services/task-engine/turn/tools.h"
#include "services/task-engine/turn/turn.h"
#include "services/task-engine/turn/usage.h"

enum {
	/* a long answer in pieces: more than a chat shows */
	MAX_CONTINUED = 3,
	/* nor is it, when it is longer than that by itself */
	MAX_PIECE_BYTES = 48 * 1024,
	/* results that the model is still shown; older ones make room */
	MAX_RESULT_BYTES = 96 * 1024,
};

static const char go_on[] =
    "Your answer was cut at its longest allowed length. Go on exactly where it "
    "stopped, in the middle of a word if need be, and repeat nothing.";

void
turn_say(struct turn *turn, struct llm_message message)
{
	struct talk *talk = &turn->talk;
	struct llm_message *more;

	if (talk->n_messages == talk->n_room) {
		talk->n_room = talk->n_room ? 2 * talk->n_room : 8;
		more = arena_alloc(turn->arena, talk->n_room * sizeof(*more));
		if (talk->n_messages)
			memcpy(more, talk->messages,
			    talk->n_messages * sizeof(*more));
		talk->messages = more;
	}
	if (message.text == NULL)
		message.text = "";
	talk->messages[talk->n_messages++] = message;
}

/* The oldest results go first when there is no room for all. */
static void
make_room(struct talk *talk)
{
	size_t bytes = 0;

	for (size_t i = talk->n_messages; i-- > 0;) {
		struct llm_message *m = &talk->messages[i];

		if (m->role != LLM_TOOL)
			continue;
		bytes += strlen(m->text);
		if (bytes > MAX_RESULT_BYTES)
			m->text = "{\"left_out\":\"this result was too long "
				  "ago\"}";
	}
}

/* Whether it may still want something done. */
static bool
is_last(const struct turn *turn)
{
	return turn->talk.step + 1 >= turn->limits.max_steps ||
	       (int64_t)turn->talk.n_calls >= turn->limits.max_calls;
}

static void
on_model(void *arg, const char *body, size_t size, const struct err *err);

static void
on_piece(void *arg, struct llm_call *call)
{
	const struct turn *turn = arg;

	blame_set(turn->work.turn_id);
	llm_hear(call);
	blame_clear();
	turn_show(turn);
}

/* The first that did not fail lately; else the first that did not fail now. */
static struct model *
choose_model(const struct turn *turn)
{
	struct turns *turns = turn->turns;
	int64_t now_ms = clock_mono_ms();
	struct model *any = NULL;

	for (size_t i = 0; i < turns->n_models; i++) {
		struct model *model = &turns->models[i];

		if (turn->tried & (1u << i))
			continue;
		if (model->cool_until_mono_ms <= now_ms)
			return model;
		if (any == NULL)
			any = model;
	}
	return any;
}

static int
ask(struct turn *turn, struct err *err)
{
	struct talk *talk = &turn->talk;
	struct llm_prompt prompt = { .messages = talk->messages,
		.n_messages = talk->n_messages,
		.tools = talk->tools,
		.n_tools = talk->n_tools,
		.n_estimated = turn->usage.estimated,
		.is_last = talk->n_tools > 0 && is_last(turn),
		.fence = turn->fence };
	const struct llm_listener listener = { on_model, on_piece, turn };

	turn->notes.since_mono_ms = clock_mono_ms();
	turn->model = choose_model(turn);
	turn->is_degraded = turn->model != &turn->turns->models[0];
	return llm_start(turn->model->llm, &prompt, turn->deadline_mono_ms,
	    &listener, &turn->call, err);
}

/* Whoever waits is told whose budget it is, and who can raise it. */
static void
end_unaffordable(struct turn *turn, const struct err *err)
{
	if (err->code != ERR_BUSY)
		turn_end_degraded(turn, EXTRACTIVE_MODEL_AWAY, err->text);
	else if (turn->talk.step == 0)
		turn_end_refused(turn,
		    arena_printf(
			turn->arena, "I cannot answer: %s.", err->text),
		    "a budget of tokens is used up");
	else
		turn_end_exhausted(turn, arena_strdup(turn->arena, err->text));
}

/* What helps: another setting, other words, or to wait. */
static enum extractive_why
why_failed(const struct err *err)
{
	if (err->code == ERR_REFUSED || err->code == ERR_NOT_FOUND)
		return EXTRACTIVE_MODEL_SHUT;
	return err->code == ERR_INVALID ? EXTRACTIVE_MODEL_MUTE
					: EXTRACTIVE_MODEL_AWAY;
}

/* Another one may answer; what the turn did so far it is shown. */
static void
fail(struct turn *turn, enum extractive_why why, const struct err *err)
{
	struct turns *turns = turn->turns;
	struct err next = *err;

	usage_release(turn);
	turn->model->cool_until_mono_ms =
	    clock_mono_ms() + 1000 * turns->options.cfg->llm_cool_down_s;
	turn->tried |= 1u << (turn->model - turns->models);
	while (choose_model(turn)) {
		log_warn("model-changed", "turn=%" PRId64 " from=%s why=%s",
		    turn->work.turn_id, log_quote(llm_name(turn->model->llm)),
		    log_quote(next.text));
		/* What one cannot be paid no other can. */
		if (usage_reserve(turn, &next) < 0) {
			end_unaffordable(turn, &next);
			return;
		}
		if (ask(turn, &next) == 0)
			return;
		usage_release(turn);
		turn->tried |= 1u << (turn->model - turns->models);
	}
	turn_end_degraded(turn, why, next.text);
}

void
turn_step(struct turn *turn)
{
	struct err err;
	int rc;

	make_room(&turn->talk);
	usage_keep(turn);
	if (usage_reserve(turn, &err) < 0) {
		end_unaffordable(turn, &err);
		return;
	}
	turn->tried = 0;
	blame_set(turn->work.turn_id);
	rc = ask(turn, &err);
	blame_clear();
	if (rc < 0)
		fail(turn, EXTRACTIVE_MODEL_AWAY, &err);
}

/* Pieces of one answer; the model is shown them as it said them. */
static void
join(struct turn *turn, struct llm_answer *answer)
{
	struct talk *talk = &turn->talk;

	if (talk->said == NULL)
		return;
	answer->text = arena_printf(turn->arena, "%s%s%s", talk->said,
	    *talk->trail ? talk->trail : answer->lead, answer->text);
}

static bool
may_go_on(const struct turn *turn, const struct llm_answer *answer)
{
	return answer->finish == LLM_FINISH_LENGTH && *answer->text &&
	       strlen(answer->text) < MAX_PIECE_BYTES &&
	       turn->talk.n_continued < MAX_CONTINUED &&
	       turn->talk.step < turn->limits.max_steps;
}

static void
ask_to_go_on(struct turn *turn, const struct llm_answer *piece)
{
	struct llm_answer whole = *piece;

	turn_say(turn,
	    (struct llm_message){ .role = LLM_ASSISTANT, .text = piece->text });
	turn_say(turn, (struct llm_message){ .role = LLM_USER, .text = go_on });
	join(turn, &whole);
	turn->talk.said = whole.text;
	turn->talk.trail = piece->trail;
	turn->talk.n_continued++;
	turn_step(turn);
}

static void
conclude(struct turn *turn, struct llm_answer *answer)
{
	int64_t confidence;

	join(turn, answer);
	confidence = confidence_take(&answer->text, turn->arena);
	if (answer->text[0] == '\0')
		turn_end_degraded(turn, EXTRACTIVE_MODEL_MUTE,
		    answer->finish == LLM_FINISH_REFUSED
			? "the answer was refused"
			: "the answer was empty");
	else if (confidence != CONFIDENCE_UNSAID &&
		 confidence < turn->limits.min_confidence)
		turn_end_unsure(turn, confidence);
	else
		turn_end_with_answer(turn, answer);
}

static void
note_answer(struct turn *turn, const struct llm_answer *answer)
{
	turn->talk.step++;
	log_info("model-answered",
	    "turn=%" PRId64 " step=%" PRId64 " finish=%s bytes=%zu wants=%zu"
	    " tokens_in=%" PRId64 " tokens_out=%" PRId64,
	    turn->work.turn_id, turn->talk.step,
	    llm_finish_name(answer->finish), strlen(answer->text),
	    answer->n_wants, answer->input_tokens, answer->output_tokens);
}

static void
hear(struct turn *turn, struct llm_answer *answer)
{
	bool may_want = turn->talk.n_tools > 0 && !is_last(turn);

	note_answer(turn, answer);
	if (turn->is_simulated) {
		turn->notes.is_answered = true;
		turn_simulated(
		    turn, answer->text, answer->wants, answer->n_wants);
	} else if (answer->n_wants && may_want) {
		turn_say(turn, (struct llm_message){ .role = LLM_ASSISTANT,
				   .text = answer->text,
				   .wants = answer->wants,
				   .n_wants = answer->n_wants });
		turn->talk.said = NULL;
		tools_begin(turn, answer->wants, answer->n_wants);
	} else if (answer->n_wants && *answer->text == '\0') {
		turn_end_exhausted(turn, "it took too many steps");
	} else if (may_go_on(turn, answer)) {
		ask_to_go_on(turn, answer);
	} else {
		conclude(turn, answer);
	}
}

static void
on_model(void *arg, const char *body, size_t size, const struct err *err)
{
	struct turn *turn = arg;
	struct llm_answer answer = { .text = "" };
	struct err read_err;
	int rc;

	usage_lose(turn);
	turn->call = NULL;
	turn->notes.model_ms += clock_mono_ms() - turn->notes.since_mono_ms;
	if (body == NULL) {
		fail(turn, why_failed(err), err);
		return;
	}
	blame_set(turn->work.turn_id);
	rc = llm_read(
	    turn->model->llm, body, size, turn->arena, &answer, &read_err);
	blame_clear();
	usage_settle(turn, &answer);
	if (rc < 0) {
		fail(turn, EXTRACTIVE_MODEL_MUTE, &read_err);
		return;
	}
	turn->model->cool_until_mono_ms = 0;
	hear(turn, &answer);
}

static bool
is_too_long(const struct turn *turn)
{
	const struct engine_cfg *cfg = turn->turns->options.cfg;
	int64_t n = 0;

	/* Characters, as people count them: bytes that begin one. */
	for (const char *p = turn->text; *p; p++)
		n += ((unsigned char)*p & 0xc0) != 0x80;
	return n > cfg->agent_max_input_chars;
}

static void
refuse_length(struct turn *turn)
{
	turn_end_refused(turn,
	    arena_printf(turn->arena,
		"That is too long for me: at most %" PRId64 " characters. Send "
		"it in parts, or as a Markdown file; the people who run me can "
		"raise AGENT_RUNTIME_AGENT_MAX_INPUT_CHARS.",
		turn->turns->options.cfg->agent_max_input_chars),
	    "the message is too long");
}

/* A greeting needs no tools. */
static int
prepare(struct turn *turn, struct err *err)
{
	if (turn->plan.strategy != KNOWLEDGE_NONE && turn->talk.tools == NULL &&
	    llm_has_tools(turn->turns->llm) && tools_choose(turn, err) < 0)
		return -1;
	return turn_gather(turn, err);
}

void
turn_prepare(struct turn *turn)
{
	struct err err;

	if (turn->turns->llm == NULL || is_too_long(turn))
		return;
	blame_set(turn->work.turn_id);
	if (prepare(turn, &err) < 0)
		log_debug("not-prepared", "turn=%" PRId64 " why=%s",
		    turn->work.turn_id, log_quote(err.text));
	blame_clear();
}

static int
begin(struct turn *turn, struct err *err)
{
	if (prepare(turn, err) < 0)
		return -1;
	turn_assemble(turn);
	return turn->work.attempts > 1 ? tools_resume(turn, err) : 0;
}

void
turn_steps(struct turn *turn)
{
	struct err err;
	int rc;

	if (turn->turns->llm == NULL) {
		turn_end_without_model(turn);
		return;
	}
	if (is_too_long(turn)) {
		refuse_length(turn);
		return;
	}
	blame_set(turn->work.turn_id);
	rc = begin(turn, &err);
	blame_clear();
	if (rc < 0)
		turn_end_degraded(turn, EXTRACTIVE_MODEL_AWAY, err.text);
	else if (turn->is_simulated && !turn->simulation.use_model)
		turn_simulated(turn, "", NULL, 0);
	else
		turn_step(turn);
}
