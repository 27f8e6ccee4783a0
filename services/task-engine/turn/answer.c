/* What a turn says: the model's answer, or passages when there is none. */

#include <inttypes.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "libcommon/json.h"
#include "libcommon/log.h"
#include "services/task-engine/config.h"
#include "services/task-engine/knowledge/prompt.h"
#include "services/task-engine/knowledge/prompt_files.h"
#include "services/task-engine/knowledge/system.h"
#include "services/task-engine/llm/exchange.h"
#include "services/task-engine/llm/llm.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/tasks/blame.h"
#include "services/task-engine/turn/turn.h"

enum {
	MAX_LABEL_BYTES = 160,
	/* what is remembered of one message: its beginning tells most */
	MAX_TAIL_MESSAGE_BYTES = 600,
	/* of the configured tokens: about four bytes each */
	BYTES_PER_TOKEN = 4,
};

static size_t
smaller(int64_t bytes, int64_t tokens)
{
	int64_t limit = tokens * BYTES_PER_TOKEN;

	return (size_t)(bytes < limit ? bytes : limit);
}

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
	bool is_named = found->n_hits > 0 && turn->sections[0][0] != '\0';
	size_t n = 0;

	for (size_t i = 0; i < found->n_hits; i++) {
		const char *section = turn->sections[i];

		if (section[0] == '\0' && is_named)
			continue;
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

	if (turn->strategy == KNOWLEDGE_NONE) {
		extractive_greeting(why, out);
		return;
	}
	in.n_hits = readable_hits(turn, &hits);
	in.hits = hits;
	extractive_answer(&in, out);
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
	outcome.text = arena_strndup(turn->arena, text.data, text.size);
	turn_end(turn, &outcome);
}

static void
end_with_passages(struct turn *turn)
{
	struct turn_outcome outcome = { .is_ok = true };
	AUTO(buf_release)
	struct buf text;

	buf_init(&text);
	blame_set(turn->work.turn_id);
	add_extractive(turn, EXTRACTIVE_NO_MODEL, &text);
	blame_clear();
	outcome.text = arena_strndup(turn->arena, text.data, text.size);
	turn_end(turn, &outcome);
}

static void
end_without_model(struct turn *turn)
{
	if (turn->work.has_task && turn->found.n_hits == 0)
		end_empty_handed(turn);
	else
		end_with_passages(turn);
}

/*
 * A question still gets what the files say, and its row says that this was
 * not the model. A task that no model did is not done.
 */
static void
end_degraded(struct turn *turn, enum extractive_why why, const char *reason)
{
	struct turn_outcome outcome = { .is_ok = false };
	AUTO(buf_release)
	struct buf text;

	log_warn("model-failed", "turn=%" PRId64 " why=%s", turn->work.turn_id,
	    log_quote(reason));
	buf_init(&text);
	if (turn->work.kind == TURN_TASK)
		buf_adds(&text,
		    why == EXTRACTIVE_MODEL_AWAY
			? "The task could not be done: the model could not be "
			  "reached. Retry it later."
			: "The task could not be done: the model gave no "
			  "answer that can be shown. Retry it, perhaps in "
			  "other words.");
	else
		add_extractive(turn, why, &text);
	outcome.text = arena_strndup(turn->arena, text.data, text.size);
	outcome.error = arena_printf(turn->arena, "model: %s", reason);
	turn_end(turn, &outcome);
}

static void
end_with_answer(struct turn *turn, const struct llm_answer *answer)
{
	struct turn_outcome outcome = { .is_ok = true };
	AUTO(buf_release)
	struct buf text = { 0 };

	log_info("model-answered",
	    "turn=%" PRId64 " finish=%s bytes=%zu tokens_in=%" PRId64
	    " tokens_out=%" PRId64,
	    turn->work.turn_id, llm_finish_name(answer->finish),
	    strlen(answer->text), answer->input_tokens, answer->output_tokens);
	buf_init(&text);
	blame_set(turn->work.turn_id);
	turn_propose(turn, answer->text, answer->finish == LLM_FINISH_LENGTH,
	    &outcome, &text);
	blame_clear();
	outcome.text = arena_strndup(turn->arena, text.data, text.size);
	turn_end(turn, &outcome);
}

static void
on_model(void *arg, const char *body, size_t size, const struct err *err)
{
	struct turn *turn = arg;
	struct llm_answer answer;
	struct err read_err;
	int rc;

	turn->call = NULL;
	if (body == NULL) {
		end_degraded(turn, EXTRACTIVE_MODEL_AWAY, err->text);
		return;
	}
	blame_set(turn->work.turn_id);
	rc = llm_read(
	    turn->turns->llm, body, size, turn->arena, &answer, &read_err);
	blame_clear();
	if (rc < 0)
		end_degraded(turn, EXTRACTIVE_MODEL_MUTE, read_err.text);
	else if (answer.text[0] == '\0')
		end_degraded(turn, EXTRACTIVE_MODEL_MUTE,
		    answer.finish == LLM_FINISH_REFUSED
			? "the answer was refused"
			: "the answer was empty");
	else
		end_with_answer(turn, &answer);
}

/* What was found, each with where it stands. */
static size_t
passage_quotes(const struct turn *turn, struct quote **quotes_out)
{
	const struct search_hits *found = &turn->found;
	struct quote *quotes =
	    arena_alloc(turn->arena, (found->n_hits + 1) * sizeof(*quotes));

	for (size_t i = 0; i < found->n_hits; i++) {
		const struct search_hit *hit = &found->hits[i];

		quotes[i].label =
		    prompt_label(arena_printf(turn->arena, "%s:%" PRId64 " %s",
				     hit->path, hit->line, hit->heading),
			MAX_LABEL_BYTES, turn->arena);
		quotes[i].text =
		    turn->excerpts[i][0] ? turn->excerpts[i] : hit->snippet;
	}
	*quotes_out = quotes;
	return found->n_hits;
}

static const char *
speaker(const struct message_row *row, struct arena *arena)
{
	if (strcmp(row->direction, "outbound") == 0)
		return "you, the agent";
	return prompt_label(row->actor_name[0] ? row->actor_name : row->actor,
	    MAX_LABEL_BYTES, arena);
}

/* What was said before, oldest first; nothing for a task. */
static size_t
tail_quotes(const struct turn *turn, struct quote **quotes_out)
{
	const struct turns_options *o = &turn->turns->options;
	struct message_row *rows;
	struct quote *quotes;
	size_t n_rows, n = 0;
	struct err err;

	if (turn->work.kind != TURN_ANSWER || turn->strategy == KNOWLEDGE_NONE)
		return 0;
	if (store_messages_before(o->store, turn->work.context.id,
		turn->work.message.seq, o->cfg->grounding_chat_tail_lines,
		turn->arena, &rows, &n_rows, &err) < 0) {
		log_warn("chat-tail-unread", "why=%s", log_quote(err.text));
		return 0;
	}
	quotes = arena_alloc(turn->arena, (n_rows + 1) * sizeof(*quotes));
	for (size_t i = 0; i < n_rows; i++) {
		if (strcmp(rows[i].direction, "tool") == 0)
			continue;
		quotes[n].label = speaker(&rows[i], turn->arena);
		quotes[n++].text = prompt_excerpt(
		    rows[i].text, MAX_TAIL_MESSAGE_BYTES, turn->arena);
	}
	*quotes_out = quotes;
	return n;
}

static void
add_user(const struct turn *turn, const char *fence, struct buf *out)
{
	const struct engine_cfg *cfg = turn->turns->options.cfg;
	struct quote *passages = NULL, *tail = NULL;
	struct prompt_in in = {
		.fence = fence,
		.asker = turn->work.has_message
			     ? speaker(&turn->work.message, turn->arena)
			     : "",
		.question = turn->text,
		.max_bytes = smaller(cfg->grounding_max_prompt_bytes,
		    cfg->grounding_max_prompt_tokens),
		.max_passages_bytes =
		    (size_t)cfg->grounding_qmd_max_tokens * BYTES_PER_TOKEN,
		.max_tail_bytes = smaller(cfg->grounding_chat_tail_bytes,
		    cfg->grounding_chat_tail_max_tokens),
		.max_tail_lines = (size_t)cfg->grounding_chat_tail_lines,
	};

	in.n_passages = passage_quotes(turn, &passages);
	in.n_tail = tail_quotes(turn, &tail);
	in.passages = passages;
	in.tail = tail;
	prompt_user(&in, out);
}

/* Without what its admins said there nothing is asked in their name. */
static int
add_system(const struct turn *turn, const char *fence, struct buf *out,
    struct err *err)
{
	const struct context_row *x = &turn->work.context;
	const struct turns_options *o = &turn->turns->options;
	struct prompt_files *files = &turn->turns->prompt_files;
	const struct prompt_place place = { x->workspace_id, x->id,
		x->is_admin };
	struct system_in in = {
		.fence = fence,
		.now_ms = clock_unix_ms(),
		.max_bytes = (size_t)o->cfg->system_prompt_max_bytes,
	};
	const char *policy;

	if (store_context_prompt(o->store, x->id, turn->arena, &policy, err) !=
	    0)
		return -1;
	prompt_files_read(files, &place, policy, turn->arena, &in);
	(void)system_prompt(&in, out);
	prompt_files_note(files, &place, &in, turn->arena);
	return 0;
}

static int
ask_model(struct turn *turn, struct err *err)
{
	struct llm_message messages[2] = { { .role = LLM_SYSTEM },
		{ .role = LLM_USER } };
	struct llm_prompt prompt = { messages, N_OF(messages) };
	AUTO(buf_release)
	struct buf system, user;
	unsigned char random[8];
	char fence[2 * sizeof(random) + 1];

	buf_init(&system);
	buf_init(&user);
	id_random(random, sizeof(random));
	id_hex(fence, random, sizeof(random));
	if (add_system(turn, fence, &system, err) < 0)
		return -1;
	add_user(turn, fence, &user);
	messages[0].text = system.data;
	messages[1].text = user.data;
	return llm_start(turn->turns->llm, &prompt, turn->deadline_mono_ms,
	    on_model, turn, &turn->call, err);
}

void
turn_answer(struct turn *turn)
{
	struct err err;
	int rc;

	if (turn->turns->llm == NULL) {
		end_without_model(turn);
		return;
	}
	blame_set(turn->work.turn_id);
	rc = ask_model(turn, &err);
	blame_clear();
	if (rc < 0)
		end_degraded(turn, EXTRACTIVE_MODEL_AWAY, err.text);
}
