/* What a turn worked with, and where it came from. */

#include "services/task-engine/turn/trace.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/utf8.h"
#include "proto/trace.h"
#include "services/task-engine/approvals/canonical.h"
#include "services/task-engine/llm/llm.h"
#include "services/task-engine/store/traces.h"
#include "services/task-engine/turn/turn.h"

enum {
	BYTES_PER_TOKEN = 4,
	/* of a notice: who reads it decides, and reads no list */
	BASED_ON_MAX = 5,
	SOURCE_BYTES = 80,
};

/* What may give instructions is not quoted. */
static const struct {
	const char *name;
	bool is_trusted;
} sections[SECTION_COUNT] = {
	[SECTION_BASELINE] = { "baseline", true },
	[SECTION_PROMPT_FILE] = { "prompt-file", true },
	[SECTION_PROMPT] = { "prompt", true },
	[SECTION_SOUL] = { "soul", true },
	[SECTION_RULES] = { "rules", true },
	[SECTION_SKILL] = { "skill", true },
	[SECTION_PASSAGE] = { "passage", false },
	[SECTION_SUMMARY] = { "summary", false },
	[SECTION_REFINED] = { "model-summary", false },
	[SECTION_TAIL] = { "tail", false },
	[SECTION_TASK] = { "task", true },
	[SECTION_MESSAGE] = { "message", true },
	[SECTION_TOOL] = { "tool", false },
};

struct parts {
	struct noted_part items[BOUND_TRACE_PARTS];
	size_t n;
	struct trace_document *documents;
	size_t n_documents;
};

static void
add(struct noted_part *items, size_t *n, const struct noted_part *part)
{
	if (*n < BOUND_TRACE_PARTS)
		items[(*n)++] = *part;
}

void
turn_note(struct turn *turn, const struct noted_part *part)
{
	add(turn->notes.parts, &turn->notes.n_parts, part);
}

static void
add_document(struct parts *parts, const struct trace_document *document)
{
	if (parts->n_documents < BOUND_TRACE_DOCUMENTS)
		parts->documents[parts->n_documents++] = *document;
}

static void
add_found(const struct turn *turn, struct parts *parts)
{
	for (size_t i = 0; i < turn->found.n_hits; i++) {
		const struct search_hit *hit = &turn->found.hits[i];

		add_document(
		    parts, &(struct trace_document){
			       .path = hit->path,
			       .short_id = hit->short_id,
			       .line = hit->line,
			       .score = hit->score,
			       .use = turn->is_shown[i] ? "shown" : "left-out",
			   });
	}
}

/* Of the object that a tool returned: one of its sections, or all of it. */
static void
add_read(const struct turn *turn, const struct json *item, size_t bytes,
    struct parts *parts)
{
	const char *path =
	    arena_strdup(turn->arena, json_str(json_get(item, "path"), ""));

	add(parts->items, &parts->n,
	    &(struct noted_part){
		SECTION_TOOL, origin_of_path(path), bytes, false });
	add_document(parts, &(struct trace_document){
				.path = path,
				.short_id = arena_strdup(turn->arena,
				    json_str(json_get(item, "id"), "")),
				.line = json_int(json_get(item, "line"), 0),
				.use = "tool",
			    });
}

static void
add_documents(
    const struct turn *turn, const struct turn_call *call, struct parts *parts)
{
	size_t bytes = strlen(call->result), n;
	const struct json *list, *item;
	AUTO(json_free)
	struct json *root = NULL;
	struct err err;

	if (json_parse(&root, call->result, bytes, &err) < 0)
		return;
	list = json_get(root, "sections");
	if (list == NULL) {
		add_read(turn, root, bytes, parts);
		return;
	}
	n = json_count(list);
	for (item = json_first(list); item; item = json_next(item))
		add_read(turn, item, bytes / n, parts);
}

/* The tools whose results are documents; of others the tool is the source. */
static bool
shows_documents(const char *tool)
{
	return strcmp(tool, "search_knowledge") == 0 ||
	       strcmp(tool, "open_knowledge") == 0;
}

static void
add_call(
    const struct turn *turn, const struct turn_call *call, struct parts *parts)
{
	if (call->is_error)
		return;
	if (shows_documents(call->want.name)) {
		add_documents(turn, call, parts);
		return;
	}
	add(parts->items, &parts->n,
	    &(struct noted_part){ SECTION_TOOL,
		{ ORIGIN_TOOL, call->want.name, "" }, strlen(call->result),
		false });
}

static struct parts *
collect(const struct turn *turn)
{
	struct parts *parts = arena_alloc(turn->arena, sizeof(*parts));

	memcpy(parts->items, turn->notes.parts, sizeof(parts->items));
	parts->n = turn->notes.n_parts;
	parts->n_documents = 0;
	parts->documents = arena_alloc(
	    turn->arena, BOUND_TRACE_DOCUMENTS * sizeof(*parts->documents));
	add_found(turn, parts);
	for (size_t i = 0; i < turn->talk.n_calls; i++)
		add_call(turn, &turn->talk.calls[i], parts);
	return parts;
}

/* Where a label or an account is longer than a trace keeps. */
static const char *
bounded(const struct turn *turn, const char *text, size_t max)
{
	size_t size = strlen(text);

	return size <= max ? text
			   : arena_strndup(
				 turn->arena, text, utf8_cut(text, size, max));
}

static void
set_parts(
    const struct turn *turn, const struct parts *parts, struct trace_turn *out)
{
	out->parts =
	    arena_alloc(turn->arena, (parts->n + 1) * sizeof(*out->parts));
	for (size_t i = 0; i < parts->n; i++) {
		const struct noted_part *p = &parts->items[i];

		out->parts[out->n_parts++] = (struct trace_part){
			.section = sections[p->section].name,
			.origin = origin_name(&p->origin),
			.source = bounded(turn, p->origin.source, BOUND_NAME),
			.is_trusted = sections[p->section].is_trusted,
			.is_left_out = p->is_left_out,
			.tokens = (int64_t)p->bytes / BYTES_PER_TOKEN,
		};
	}
}

static void
set_tools(const struct turn *turn, struct trace_turn *out)
{
	size_t n = turn->talk.n_calls;

	if (n > BOUND_TRACE_TOOLS)
		n = BOUND_TRACE_TOOLS;
	out->tools = arena_alloc(turn->arena, (n + 1) * sizeof(*out->tools));
	for (size_t i = 0; i < n; i++) {
		const struct turn_call *call = &turn->talk.calls[i];

		out->tools[out->n_tools++] = (struct trace_tool){
			.step = call->step,
			.name = bounded(turn, call->want.name, BOUND_WORD),
			.is_ok = !call->is_error,
			.took_ms = call->took_ms,
		};
	}
}

static const char *
search_state(const struct turn *turn)
{
	return !turn->is_searched     ? "none"
	       : turn->is_search_away ? "away"
				      : "done";
}

void
turn_trace(const struct turn *turn, struct trace_turn *out)
{
	const struct turn_notes *notes = &turn->notes;
	const struct parts *parts = collect(turn);

	*out = (struct trace_turn){
		.asker = turn->asker.name,
		.role = turn->work.has_task ? turn->work.task.asked_as
					    : turn->work.message.said_as,
		.strategy = knowledge_strategy_name(turn->plan.strategy),
		.strategy_reason = turn->plan.reason,
		.search = search_state(turn),
		.model = turn->model ? llm_name(turn->model->llm) : "",
		.is_fallback = turn->is_degraded,
		.is_answered = notes->is_answered,
		.attempt = turn->work.attempts,
		.steps = turn->talk.step,
		.calls = notes->used.calls,
		.tokens_in = notes->used.in,
		.tokens_cached = notes->used.cached,
		.tokens_out = notes->used.out,
		.waited_ms = notes->waited_ms,
		.search_ms = notes->search_ms,
		.model_ms = notes->model_ms,
		.took_ms = clock_mono_ms() - notes->began_mono_ms,
		.documents = parts->documents,
		.n_documents = parts->n_documents,
	};
	set_parts(turn, parts, out);
	set_tools(turn, out);
}

int
turn_trace_store(struct turn *turn, int64_t now_ms, struct err *err)
{
	struct trace_turn trace;
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	turn_trace(turn, &trace);
	trace_turn_encode(&trace, &text);
	return store_trace_turn_put(turn->turns->options.store,
	    turn->work.turn_id, text.data, now_ms, err);
}

/* Whether the model was shown it and the asker did not write it. */
static bool
is_foreign(const struct turn *turn, const struct noted_part *part)
{
	return !sections[part->section].is_trusted && !part->is_left_out &&
	       !(part->section == SECTION_TAIL &&
		   part->origin.kind == ORIGIN_AGENT) &&
	       strcmp(part->origin.source, turn->asker.name) != 0;
}

static bool
was_said(const struct parts *parts, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (origin_is(
			&parts->items[i].origin, &parts->items[at].origin))
			return true;
	return false;
}

static void
say_source(struct buf *out, const char *source)
{
	size_t size = strlen(source);

	if (size == 0)
		return;
	buf_addc(out, ' ');
	canonical_string(out, source, utf8_cut(source, size, SOURCE_BYTES));
	if (size > SOURCE_BYTES)
		buf_adds(out, "...");
}

/* The newest first: what a tool was asked for says most. */
void
turn_say_based_on(const struct turn *turn, struct buf *out)
{
	const struct parts *parts = collect(turn);
	size_t n = 0;

	for (size_t i = parts->n; i-- > 0;) {
		const struct noted_part *part = &parts->items[i];

		if (!is_foreign(turn, part) || was_said(parts, i) ||
		    n++ >= BASED_ON_MAX)
			continue;
		buf_adds(out, n == 1 ? "; based on " : ", ");
		origin_say(out, &part->origin);
		say_source(out, part->origin.source);
	}
	if (n > BASED_ON_MAX)
		buf_addf(out, " and %zu more", n - BASED_ON_MAX);
}
