/* Tools in words, for models that have none of their own; pure. */

#include "services/task-engine/llm/plain.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/fence.h"
#include "libcommon/json.h"
#include "services/task-engine/llm/exchange.h"

static const char how[] =
    "\n\nTools. To use one, answer with nothing but a block of this form, and "
    "wait for its result, which is shown to you next:\n"
    "```tool\n"
    "{\"tool\":\"name\",\"args\":{}}\n"
    "```\n"
    "Answer without such a block when you need no tool. These exist, each with "
    "the JSON Schema of its args:\n";

static const char *
describe_tools(const struct llm_prompt *in, struct arena *arena)
{
	AUTO(buf_release)
	struct buf out = { 0 };

	buf_init(&out);
	buf_adds(&out, how);
	for (size_t i = 0; i < in->n_tools; i++)
		buf_addf(&out, "- %s: %s\n  %s\n", in->tools[i].name,
		    in->tools[i].description, in->tools[i].schema);
	if (in->is_last)
		buf_adds(&out, "You have used them up: answer now.\n");
	return arena_strndup(arena, out.data, out.size);
}

static const char *
say_wants(const struct llm_message *m, struct arena *arena)
{
	AUTO(buf_release)
	struct buf out = { 0 };

	buf_init(&out);
	buf_adds(&out, m->text);
	for (size_t i = 0; i < m->n_wants; i++) {
		struct json_out json;

		buf_adds(&out, out.size ? "\n```tool\n" : "```tool\n");
		json_out_init(&json, &out);
		json_out_object(&json, NULL);
		json_out_str(&json, "tool", m->wants[i].name);
		json_out_raw(&json, "args", m->wants[i].arguments,
		    strlen(m->wants[i].arguments));
		json_out_object_end(&json);
		buf_adds(&out, "\n```");
	}
	return arena_strndup(arena, out.data, out.size);
}

/* A result cannot end its own quotation: one that tries is not shown. */
static const char *
say_result(const struct llm_message *m, const char *fence, struct arena *arena)
{
	const char *text = strstr(m->text, fence) ? "" : m->text;

	return arena_printf(arena, "[%s tool %s%s]\n%s\n[end %s]", fence,
	    m->name, m->is_error ? ", failed" : "", text, fence);
}

static struct llm_message
to_plain(const struct llm_message *m, const char *fence, struct arena *arena)
{
	struct llm_message out = { .role = m->role, .text = m->text };

	if (m->role == LLM_TOOL) {
		out.role = LLM_USER;
		out.text = say_result(m, fence, arena);
	} else if (m->n_wants) {
		out.text = say_wants(m, arena);
	}
	return out;
}

void
plain_prompt(struct llm_prompt *out, const struct llm_prompt *in,
    const char *fence, struct arena *arena)
{
	struct llm_message *messages =
	    arena_alloc(arena, in->n_messages * sizeof(*messages));
	size_t n = 0;

	for (size_t i = 0; i < in->n_messages; i++) {
		struct llm_message m = to_plain(&in->messages[i], fence, arena);

		if (m.role == LLM_SYSTEM && in->n_tools)
			m.text = arena_printf(
			    arena, "%s%s", m.text, describe_tools(in, arena));
		/* Many models want the roles to alternate. */
		if (n && m.role == LLM_USER && messages[n - 1].role == LLM_USER)
			messages[n - 1].text = arena_printf(
			    arena, "%s\n\n%s", messages[n - 1].text, m.text);
		else
			messages[n++] = m;
	}
	*out = (struct llm_prompt){ .messages = messages, .n_messages = n };
}

/* Whether that is an object of exactly this form, which is then wanted. */
static bool
take(struct llm_answer *answer, const char *text, size_t size,
    struct arena *arena)
{
	AUTO(json_free)
	struct json *root = NULL;
	AUTO(buf_release)
	struct buf arguments = { 0 };
	const struct json *args;
	const char *name;
	struct err err;

	if (json_parse(&root, text, size, &err) < 0 ||
	    json_type(root) != JSON_OBJECT)
		return false;
	name = json_str(json_get(root, "tool"), "");
	args = json_get(root, "args");
	if (*name == '\0' || json_count(root) != (args ? 2u : 1u) ||
	    (args && json_type(args) != JSON_OBJECT))
		return false;
	buf_init(&arguments);
	if (args)
		json_print(args, &arguments);
	else
		buf_adds(&arguments, "{}");
	llm_answer_want(answer,
	    arena_printf(arena, "call_%zu", answer->n_wants + 1), name,
	    arguments.data, arena);
	return true;
}

static bool
may_hold_tool(const struct fence_line *line)
{
	static const char *const names[] = { "", "tool", "tool_call", "json" };
	const char *end = line->text + line->size, *info;
	size_t size = 0;
	char mark;

	if (fence_marks(line, &mark, &info) != FENCE_LEAST || mark != '`')
		return false;
	while (info < end && strchr(" \t", *info))
		info++;
	while (info + size < end && !strchr(" \t", info[size]))
		size++;
	for (size_t i = 0; i < N_OF(names); i++)
		if (strlen(names[i]) == size &&
		    strncasecmp(names[i], info, size) == 0)
			return true;
	return false;
}

/* The line that closes the block which line opens; its text is NULL when none
 * does. */
static struct fence_line
find_close(struct fence_line line, char mark, size_t n_marks)
{
	while (*line.next) {
		line = fence_line_at(line.next);
		if (fence_closes(&line, mark, n_marks))
			return line;
	}
	return (struct fence_line){ .next = line.next };
}

/* Appends the rest of the text, without the blocks that were taken. */
static void
take_blocks(struct llm_answer *answer, const char *at, struct buf *rest,
    struct arena *arena)
{
	while (*at) {
		struct fence_line line = fence_line_at(at), close = { 0 };
		const char *next = line.next;
		char mark;
		size_t n = fence_opens(&line, &mark);

		if (n > 0) {
			close = find_close(line, mark, n);
			/* What is never closed is code. */
			next = close.next;
		}
		if (!close.text || !may_hold_tool(&line) ||
		    !take(answer, line.next, (size_t)(close.text - line.next),
			arena))
			buf_add(rest, at, (size_t)(next - at));
		at = next;
	}
}

void
plain_read(struct llm_answer *answer, struct arena *arena)
{
	AUTO(buf_release)
	struct buf rest = { 0 };

	if (take(answer, answer->text, strlen(answer->text), arena)) {
		answer->text = "";
	} else {
		buf_init(&rest);
		take_blocks(answer, answer->text, &rest, arena);
		if (answer->n_wants == 0)
			return;
		while (rest.size && strchr(" \t\r\n", rest.data[rest.size - 1]))
			buf_truncate(&rest, rest.size - 1);
		answer->text = arena_strndup(arena, rest.data, rest.size);
	}
	if (answer->n_wants && answer->finish == LLM_FINISH_DONE)
		answer->finish = LLM_FINISH_WANTS;
}
