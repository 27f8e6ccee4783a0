/* Keeps the summary of a conversation up to date. */

#include "services/task-engine/knowledge/memory.h"

#include <inttypes.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "services/task-engine/config.h"
#include "services/task-engine/knowledge/prompt.h"
#include "services/task-engine/knowledge/summary.h"
#include "services/task-engine/policy/names.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/store/summaries.h"
#include "services/task-engine/store/tasks.h"

enum { MAX_NAME_BYTES = 60 };

/* The conversation's last messages. */
struct said {
	struct message_row *rows; /* oldest first */
	size_t n;
};

static bool
is_of_people(const struct message_row *row)
{
	return strcmp(row->direction, "inbound") == 0 && *row->text &&
	       *row->text != '/';
}

static const char *
name_of(const struct message_row *row, struct arena *arena)
{
	return prompt_label(*row->actor_name ? row->actor_name : row->actor,
	    MAX_NAME_BYTES, arena);
}

static int
read_said(const struct memory *m, struct said *out, struct err *err)
{
	return store_messages_before(m->store, m->context->id, INT64_MAX,
	    m->cfg->grounding_summary_max_lines, m->arena, &out->rows, &out->n,
	    err);
}

/* Enough is new, or more than is looked at. */
static bool
is_due(const struct memory *m, const struct message_count *fresh)
{
	return fresh->n_people >= m->cfg->grounding_summary_refresh_turns ||
	       fresh->n >= m->cfg->grounding_summary_max_lines;
}

/* A message may decide one thing and ask another: one item of each kind. */
static int
keep_items(
    const struct memory *m, const struct message_row *row, struct err *err)
{
	struct summary_item items[SUMMARY_ITEMS_A_MESSAGE];
	size_t n = summary_extract(row->text, items, m->arena);

	for (size_t i = 0; i < n; i++) {
		const struct summary_row item = {
			.seq = row->seq,
			.context_id = m->context->id,
			.kind = summary_kind_name(items[i].kind),
			.who = name_of(row, m->arena),
			.text = items[i].text,
		};

		if (store_summary_item_add(m->store, &item, err) < 0)
			return -1;
	}
	return 0;
}

/* What was said since: sentences are kept, and answers close questions. */
static int
take_new(const struct memory *m, const struct said *said, int64_t seen_seq,
    struct err *err)
{
	for (size_t i = 0; i < said->n; i++) {
		const struct message_row *row = &said->rows[i];

		if (row->seq <= seen_seq)
			continue;
		if (is_of_people(row) && keep_items(m, row, err) < 0)
			return -1;
		if (*row->reply_to_id && *row->text &&
		    store_summary_answered(
			m->store, m->context->id, row->reply_to_id, err) < 0)
			return -1;
	}
	return store_summary_prune(
	    m->store, m->context->id, m->cfg->grounding_summary_max_items, err);
}

static void
add_person(
    struct summary_in *in, const char **people, size_t limit, const char *name)
{
	for (size_t i = 0; i < in->n_people; i++)
		if (strcmp(people[i], name) == 0)
			return;
	if (in->n_people < limit)
		people[in->n_people++] = name;
}

static void
add_people_and_topics(
    const struct memory *m, const struct said *said, struct summary_in *in)
{
	size_t limit = (size_t)m->cfg->grounding_summary_max_items;
	const char **people = arena_alloc(m->arena, limit * sizeof(*people));
	const char **topics = arena_alloc(m->arena, limit * sizeof(*topics));
	const char **texts =
	    arena_alloc(m->arena, (said->n + 1) * sizeof(*texts));
	size_t n_texts = 0;

	in->people = people;
	in->topics = topics;
	for (size_t i = said->n; i-- > 0;) {
		if (!is_of_people(&said->rows[i]))
			continue;
		texts[n_texts++] = said->rows[i].text;
		add_person(
		    in, people, limit, name_of(&said->rows[i], m->arena));
	}
	in->n_topics = summary_topics(texts, n_texts, topics, limit, m->arena);
}

/* Of messages behind after_seq. */
static int
make_body(const struct memory *m, const struct said *said, int64_t after_seq,
    struct buf *out, struct err *err)
{
	struct summary_row *rows;
	struct summary_item *items;
	struct summary_in in = { 0 };
	size_t n_rows;

	if (store_summary_items(
		m->store, m->context->id, m->arena, &rows, &n_rows, err) < 0)
		return -1;
	items = arena_alloc(m->arena, (n_rows + 1) * sizeof(*items));
	for (size_t i = 0; i < n_rows; i++)
		if (rows[i].seq > after_seq)
			items[in.n_items++] = (struct summary_item){
				summary_kind_parse(rows[i].kind), rows[i].who,
				rows[i].text
			};
	in.items = items;
	add_people_and_topics(m, said, &in);
	summary_body(&in, out);
	return 0;
}

/* The predecessor's head, then the body. */
static int
write_file(const struct memory *m, const struct summary_state *state,
    const char *body, struct err *err)
{
	char at[CLOCK_RFC3339_SIZE], external_id[NAME_SIZE];
	AUTO(buf_release)
	struct buf content = { 0 };
	struct file_row file = {
		.workspace_id = m->context->workspace_id,
		.path = arena_printf(
		    m->arena, "memory/contexts/%s.md", m->context->id),
	};

	clock_rfc3339(at, m->now_ms);
	name_escape(external_id, m->context->external_id);
	buf_init(&content);
	buf_addf(&content,
	    "# Context Memory Summary\n\n- context_id: `%s`\n- connector: "
	    "`%s`\n- external_id: `%s`\n- turns: `%" PRId64
	    "`\n- refreshed_at: `%s`\n",
	    m->context->id, m->context->connector, external_id, state->n_turns,
	    at);
	if (*state->refined)
		buf_addf(&content, "- put_in_words_by: `%s`\n",
		    prompt_label(state->refined_by, MAX_NAME_BYTES, m->arena));
	buf_addf(&content, "\n%s", body);
	file.content = content.data;
	return store_file_add(m->store, &file, m->now_ms, err);
}

static int
publish(const struct memory *m, const struct said *said,
    struct summary_state *state, struct err *err)
{
	AUTO(buf_release)
	struct buf body = { 0 };

	buf_init(&body);
	if (*state->refined)
		buf_addf(&body, "%s\n\n", state->refined);
	if (make_body(m, said, state->refined_seq, &body, err) < 0)
		return -1;
	state->text = body.data;
	if (store_summary_put(m->store, m->context->id, state, m->now_ms, err) <
	    0)
		return -1;
	return write_file(m, state, body.data, err);
}

int
memory_refresh(const struct memory *m, struct err *err)
{
	struct summary_state state;
	struct message_count fresh;
	struct said said;

	if (store_summary_get(m->store, m->context->id, m->arena, &state, err) <
		0 ||
	    store_messages_since(m->store, m->context->id, state.seen_seq,
		m->cfg->grounding_summary_max_lines, &fresh, err) < 0)
		return -1;
	if (!is_due(m, &fresh))
		return 1;
	if (read_said(m, &said, err) < 0 ||
	    take_new(m, &said, state.seen_seq, err) < 0)
		return -1;
	state.seen_seq = said.rows[said.n - 1].seq;
	state.n_turns += fresh.n_people;
	state.attempts = 0;
	return publish(m, &said, &state, err);
}

int
memory_redo(const struct memory *m, struct err *err)
{
	struct summary_state state;
	struct said said;
	int got =
	    store_summary_get(m->store, m->context->id, m->arena, &state, err);

	if (got != 0)
		return got;
	if (store_summary_drop_wordless(m->store, m->context->id, err) < 0 ||
	    read_said(m, &said, err) < 0)
		return -1;
	/* Nobody knows which of its words were of what is gone. */
	state.refined = state.refined_by = "";
	state.refined_seq = state.attempts = 0;
	state.generation++;
	return publish(m, &said, &state, err);
}

int
memory_text(const struct memory *m, struct remembered *out, struct err *err)
{
	struct summary_state state;

	if (store_summary_get(m->store, m->context->id, m->arena, &state, err) <
	    0)
		return -1;
	*out = (struct remembered){ state.text, *state.refined != '\0' };
	return 0;
}

/* What came since is not in the plain one either. */
static void
leave_out_new(struct said *said, int64_t seen_seq)
{
	while (said->n > 0 && said->rows[said->n - 1].seq > seen_seq)
		said->n--;
}

int
memory_draft(const struct memory *m, struct memory_draft *out, struct err *err)
{
	AUTO(buf_release)
	struct buf plain = { 0 };
	struct summary_state state;
	struct said said;
	int got =
	    store_summary_get(m->store, m->context->id, m->arena, &state, err);

	if (got != 0 || state.refined_seq >= state.seen_seq)
		return got < 0 ? -1 : 1;
	buf_init(&plain);
	if (read_said(m, &said, err) < 0)
		return -1;
	leave_out_new(&said, state.seen_seq);
	if (make_body(m, &said, 0, &plain, err) < 0)
		return -1;
	if (plain.size == 0)
		return 1;
	*out = (struct memory_draft){ arena_strdup(m->arena, plain.data),
		said.rows, said.n, state.seen_seq, state.generation };
	return 0;
}

int
memory_put_refined(const struct memory *m, const struct memory_draft *draft,
    const char *text, const char *model, struct err *err)
{
	struct summary_state state;
	struct said said;
	int got =
	    store_summary_get(m->store, m->context->id, m->arena, &state, err);

	if (got != 0)
		return got;
	if (state.generation != draft->generation)
		return 1;
	if (read_said(m, &said, err) < 0)
		return -1;
	state.refined = text;
	state.refined_by = model;
	state.refined_seq = draft->seen_seq;
	return publish(m, &said, &state, err);
}
