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
#include "services/task-engine/knowledge/memory.h"
#include "services/task-engine/knowledge/origin.h"
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

/* Quotes of what was said, and beside them the rows that they are of. */
struct tail {
	struct quote *quotes;
	struct message_row *rows;
	size_t n;
};

/* What is known before the passages are. */
struct prepared {
	const char *system;
	struct remembered summary;
	struct tail tail;
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
		const struct origin origin = origin_of_path(hit->path);

		quotes[i - first] = (struct quote){
			.label = prompt_label(
			    arena_printf(turn->arena, "%s %s:%" PRId64 " %s",
				origin_name(&origin), hit->path, hit->line,
				hit->heading),
			    MAX_LABEL_BYTES, turn->arena),
			.text = turn->excerpts[i][0] ? turn->excerpts[i]
						     : hit->snippet,
		};
	}
	*quotes_out = quotes;
	return found->n_hits - first;
}

static const char *
speaker(const struct message_row *row, struct arena *arena)
{
	if (strcmp(row->direction, "outbound") == 0)
		return "you, the agent";
	return prompt_speaker(row->said_as,
	    row->actor_name[0] ? row->actor_name : row->actor, arena);
}

static void
note_passages(
    struct turn *turn, size_t first, const struct quote *quotes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		turn->is_shown[first + i] = quotes[i].is_shown;
		turn_note(
		    turn, &(struct noted_part){ SECTION_PASSAGE,
			      origin_of_path(turn->found.hits[first + i].path),
			      strlen(quotes[i].text), !quotes[i].is_shown });
	}
}

/* Of those that found no room the trace keeps nothing: there are many. */
static void
note_tail(struct turn *turn, const struct tail *tail)
{
	for (size_t i = 0; i < tail->n; i++)
		if (tail->quotes[i].is_shown)
			turn_note(
			    turn, &(struct noted_part){ SECTION_TAIL,
				      origin_of_person(tail->rows[i].said_by,
					  tail->rows[i].said_as),
				      strlen(tail->quotes[i].text), false });
}

/* n_shown: bytes of its lines that found room. */
static void
note_summary(struct turn *turn, const struct remembered *was, size_t n_shown)
{
	size_t size = strlen(was->text);

	if (size)
		turn_note(turn,
		    &(struct noted_part){
			was->is_refined ? SECTION_REFINED : SECTION_SUMMARY,
			origin_of_path(arena_printf(turn->arena,
			    "memory/contexts/%s.md", turn->work.context.id)),
			n_shown ? n_shown : size, n_shown == 0 });
}

static void
note_asked(struct turn *turn)
{
	const struct turn_work *work = &turn->work;
	bool is_task = work->kind == TURN_TASK;

	turn_note(turn,
	    &(struct noted_part){ is_task ? SECTION_TASK : SECTION_MESSAGE,
		is_task
		    ? origin_of_person(work->task.asked_by, work->task.asked_as)
		    : origin_of_person(
			  work->message.said_by, work->message.said_as),
		strlen(turn->text), false });
}

/* A task has no conversation, and a greeting needs none. */
static bool
wants_memory(const struct turn *turn)
{
	return turn->work.kind == TURN_ANSWER &&
	       turn->plan.strategy != KNOWLEDGE_NONE;
}

/* What was said before, oldest first; nothing for a task. */
static struct tail
tail_quotes(const struct turn *turn)
{
	const struct turns_options *o = &turn->turns->options;
	struct tail tail = { 0 };
	struct message_row *rows;
	size_t n_rows;
	struct err err;

	if (!wants_memory(turn))
		return tail;
	if (store_messages_before(o->store, turn->work.context.id,
		turn->work.message.seq, o->cfg->grounding_chat_tail_lines,
		turn->arena, &rows, &n_rows, &err) < 0) {
		log_warn("chat-tail-unread", "why=%s", log_quote(err.text));
		return tail;
	}
	tail.quotes =
	    arena_alloc(turn->arena, (n_rows + 1) * sizeof(*tail.quotes));
	tail.rows = arena_alloc(turn->arena, (n_rows + 1) * sizeof(*tail.rows));
	for (size_t i = 0; i < n_rows; i++) {
		if (strcmp(rows[i].direction, "tool") == 0)
			continue;
		tail.rows[tail.n] = rows[i];
		tail.quotes[tail.n++] = (struct quote){
			.label = speaker(&rows[i], turn->arena),
			.text = prompt_excerpt(
			    rows[i].text, MAX_TAIL_MESSAGE_BYTES, turn->arena),
		};
	}
	return tail;
}

static struct remembered
summary(const struct turn *turn)
{
	const struct remembered nothing = { .text = "" };
	const struct turns_options *o = &turn->turns->options;
	const struct memory memory = { .store = o->store,
		.cfg = o->cfg,
		.context = &turn->work.context,
		.arena = turn->arena };
	struct remembered was;
	struct err err;

	if (!wants_memory(turn))
		return nothing;
	if (memory_text(&memory, &was, &err) < 0) {
		log_warn("summary-unread", "why=%s", log_quote(err.text));
		return nothing;
	}
	return was;
}

/* The budgets, and the marks of quotations. */
static struct prompt_in
prompt_limits(const struct turn *turn)
{
	const struct engine_cfg *cfg = turn->turns->options.cfg;

	return (struct prompt_in){
		.fence = turn->fence,
		.summary = "",
		.asker = "",
		.question = "",
		.max_bytes = smaller(cfg->grounding_max_prompt_bytes,
		    cfg->grounding_max_prompt_tokens),
		.max_question_bytes =
		    (size_t)cfg->grounding_user_max_tokens * BYTES_PER_TOKEN,
		.max_passages_bytes =
		    (size_t)cfg->grounding_qmd_max_tokens * BYTES_PER_TOKEN,
		.max_summary_bytes =
		    (size_t)cfg->grounding_summary_max_tokens * BYTES_PER_TOKEN,
		.max_tail_bytes = smaller(cfg->grounding_chat_tail_bytes,
		    cfg->grounding_chat_tail_max_tokens),
		.max_tail_lines = (size_t)cfg->grounding_chat_tail_lines,
		.is_memory_first = turn->plan.strategy != KNOWLEDGE_SEARCH,
	};
}

const char *
turn_passages(struct turn *turn, size_t first)
{
	struct prompt_in in = prompt_limits(turn);
	struct quote *passages;
	AUTO(buf_release)
	struct buf out = { 0 };

	buf_init(&out);
	in.n_passages = passage_quotes(turn, first, &passages);
	in.passages = passages;
	prompt_user(&in, &out);
	note_passages(turn, first, passages, in.n_passages);
	return arena_strndup(turn->arena, out.data, out.size);
}

static void
add_user(struct turn *turn, struct buf *out)
{
	const struct prepared *is = turn->prepared;
	struct quote *passages = NULL;
	struct prompt_in in = prompt_limits(turn);
	size_t n_shown = 0;

	if (turn->work.has_message)
		in.asker = speaker(&turn->work.message, turn->arena);
	in.question = turn->text;
	in.summary = is->summary.text;
	in.is_refined = is->summary.is_refined;
	in.summary_bytes_out = &n_shown;
	in.n_passages = passage_quotes(turn, 0, &passages);
	in.passages = passages;
	in.tail = is->tail.quotes;
	in.n_tail = is->tail.n;
	prompt_user(&in, out);
	note_passages(turn, 0, passages, in.n_passages);
	note_summary(turn, &is->summary, n_shown);
	note_tail(turn, &is->tail);
	note_asked(turn);
}

static const struct {
	enum trace_section section;
	enum origin_kind origin;
} system_parts[SYSTEM_PART_COUNT] = {
	[SYSTEM_BASELINE] = { SECTION_BASELINE, ORIGIN_INSTALLATION },
	[SYSTEM_PROMPT_FILE] = { SECTION_PROMPT_FILE, ORIGIN_FILE },
	[SYSTEM_POLICY] = { SECTION_PROMPT, ORIGIN_ADMIN },
	[SYSTEM_SOUL_FILE] = { SECTION_SOUL, ORIGIN_FILE },
	[SYSTEM_SKILL] = { SECTION_SKILL, ORIGIN_FILE },
};

/* What no item of it is are our own rules. */
static void
note_system(struct turn *turn, const struct system_in *in, size_t bytes)
{
	for (size_t i = 0; i < in->n_items; i++) {
		const struct system_item *item = &in->items[i];
		size_t size = strlen(item->text);

		turn_note(turn,
		    &(struct noted_part){ system_parts[item->part].section,
			{ system_parts[item->part].origin, item->source, "" },
			size, item->is_left_out });
		if (!item->is_left_out)
			bytes -= size;
	}
	turn_note(turn, &(struct noted_part){ SECTION_RULES,
			    { ORIGIN_PROGRAM, "", "" }, bytes, false });
}

/* Without what its admins said there nothing is asked in their name. */
static int
add_system(struct turn *turn, struct buf *out, struct err *err)
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
	note_system(turn, &in, out->size);
	prompt_files_note(files, &place, &in, turn->arena);
	return 0;
}

int
turn_gather(struct turn *turn, struct err *err)
{
	AUTO(buf_release)
	struct buf system = { 0 };
	unsigned char random[(TURN_FENCE_SIZE - 1) / 2];
	struct prepared *is;

	if (turn->prepared != NULL)
		return 0;
	buf_init(&system);
	id_random(random, sizeof(random));
	id_hex(turn->fence, random, sizeof(random));
	if (add_system(turn, &system, err) < 0)
		return -1;
	is = arena_alloc(turn->arena, sizeof(*is));
	is->system = arena_strndup(turn->arena, system.data, system.size);
	is->summary = summary(turn);
	is->tail = tail_quotes(turn);
	turn->prepared = is;
	return 0;
}

void
turn_assemble(struct turn *turn)
{
	AUTO(buf_release)
	struct buf user = { 0 };

	buf_init(&user);
	add_user(turn, &user);
	turn_say(turn, (struct llm_message){ .role = LLM_SYSTEM,
			   .text = turn->prepared->system });
	turn_say(turn,
	    (struct llm_message){ .role = LLM_USER,
		.text = arena_strndup(turn->arena, user.data, user.size) });
}
