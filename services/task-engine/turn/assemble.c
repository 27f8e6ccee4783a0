/* What a turn tells the model at first, put together in one place. */

#include <inttypes.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "libcommon/log.h"
#include "services/task-engine/config.h"
#include "services/task-engine/knowledge/prompt.h"
#include "services/task-engine/knowledge/system.h"
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

/* What was found from that one on, each with where it stands. */
static size_t
passage_quotes(const struct turn *turn, size_t first, struct quote **quotes_out)
{
	const struct search_hits *found = &turn->found;
	struct quote *quotes =
	    arena_alloc(turn->arena, (found->n_hits + 1) * sizeof(*quotes));

	for (size_t i = first; i < found->n_hits; i++) {
		const struct search_hit *hit = &found->hits[i];

		quotes[i - first].label =
		    prompt_label(arena_printf(turn->arena, "%s:%" PRId64 " %s",
				     hit->path, hit->line, hit->heading),
			MAX_LABEL_BYTES, turn->arena);
		quotes[i - first].text =
		    turn->excerpts[i][0] ? turn->excerpts[i] : hit->snippet;
	}
	*quotes_out = quotes;
	return found->n_hits - first;
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

	if (turn->work.kind != TURN_ANSWER ||
	    turn->plan.strategy == KNOWLEDGE_NONE)
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

/* The budgets, and the marks of quotations. */
static struct prompt_in
prompt_limits(const struct turn *turn)
{
	const struct engine_cfg *cfg = turn->turns->options.cfg;

	return (struct prompt_in){
		.fence = turn->fence,
		.asker = "",
		.question = "",
		.max_bytes = smaller(cfg->grounding_max_prompt_bytes,
		    cfg->grounding_max_prompt_tokens),
		.max_question_bytes =
		    (size_t)cfg->grounding_user_max_tokens * BYTES_PER_TOKEN,
		.max_passages_bytes =
		    (size_t)cfg->grounding_qmd_max_tokens * BYTES_PER_TOKEN,
		.max_tail_bytes = smaller(cfg->grounding_chat_tail_bytes,
		    cfg->grounding_chat_tail_max_tokens),
		.max_tail_lines = (size_t)cfg->grounding_chat_tail_lines,
		.is_memory_first = turn->plan.strategy != KNOWLEDGE_SEARCH,
	};
}

const char *
turn_passages(const struct turn *turn, size_t first)
{
	struct prompt_in in = prompt_limits(turn);
	struct quote *passages;
	AUTO(buf_release)
	struct buf out = { 0 };

	buf_init(&out);
	in.n_passages = passage_quotes(turn, first, &passages);
	in.passages = passages;
	prompt_user(&in, &out);
	return arena_strndup(turn->arena, out.data, out.size);
}

static void
add_user(const struct turn *turn, struct buf *out)
{
	struct quote *passages = NULL, *tail = NULL;
	struct prompt_in in = prompt_limits(turn);

	if (turn->work.has_message)
		in.asker = speaker(&turn->work.message, turn->arena);
	in.question = turn->text;
	in.n_passages = passage_quotes(turn, 0, &passages);
	in.n_tail = tail_quotes(turn, &tail);
	in.passages = passages;
	in.tail = tail;
	prompt_user(&in, out);
}

/* Without what its admins said there nothing is asked in their name. */
static int
add_system(const struct turn *turn, struct buf *out, struct err *err)
{
	const struct context_row *x = &turn->work.context;
	const struct turns_options *o = &turn->turns->options;
	struct prompt_files *files = &turn->turns->prompt_files;
	const struct prompt_place place = { x->workspace_id, x->id,
		x->is_admin };
	struct system_in in = {
		.fence = turn->fence,
		.has_tools = turn->talk.n_tools > 0,
		.asks_confidence = turn->limits.min_confidence > 0,
		.now_ms = clock_unix_ms(),
		.max_bytes = (size_t)o->cfg->system_prompt_max_bytes,
	};
	struct context_prompt policy;

	if (store_context_prompt(o->store, x->id, turn->arena, &policy, err) !=
	    0)
		return -1;
	prompt_files_read(files, &place, policy.text, turn->arena, &in);
	(void)system_prompt(&in, out);
	prompt_files_note(files, &place, &in, turn->arena);
	return 0;
}

int
turn_assemble(struct turn *turn, struct err *err)
{
	AUTO(buf_release)
	struct buf system, user;
	unsigned char random[(TURN_FENCE_SIZE - 1) / 2];

	buf_init(&system);
	buf_init(&user);
	id_random(random, sizeof(random));
	id_hex(turn->fence, random, sizeof(random));
	if (add_system(turn, &system, err) < 0)
		return -1;
	add_user(turn, &user);
	turn_say(turn,
	    (struct llm_message){ .role = LLM_SYSTEM,
		.text = arena_strndup(turn->arena, system.data, system.size) });
	turn_say(turn,
	    (struct llm_message){ .role = LLM_USER,
		.text = arena_strndup(turn->arena, user.data, user.size) });
	return 0;
}
