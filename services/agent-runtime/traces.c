/* Prints the traces of messages and turns, for people. */

#include "services/agent-runtime/traces.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/json.h"
#include "libcommon/shown.h"
#include "services/agent-runtime/screen.h"

const char *
trace_str(const struct json *object, const char *key)
{
	return json_str(json_get(object, key), "");
}

static int64_t
number(const struct json *object, const char *key)
{
	return json_int(json_get(object, key), 0);
}

static bool
is(const struct json *object, const char *key)
{
	return json_bool(json_get(object, key), false);
}

static void
put(const char *label, const struct buf *line)
{
	AUTO(buf_release)
	struct buf first = { 0 };

	buf_init(&first);
	buf_addf(&first, "  %-10s ", label);
	screen_print(line->data, first.data, "             ");
}

static void
print_each(const struct json *list, const char *label,
    void (*add)(const struct json *item, struct buf *line))
{
	const struct json *item = list ? json_first(list) : NULL;

	for (; item; item = json_next(item)) {
		AUTO(buf_release)
		struct buf line = { 0 };

		buf_init(&line);
		add(item, &line);
		put(label, &line);
	}
}

static void
add_gate(const struct json *gate, struct buf *line)
{
	buf_addf(line, "%s %s", is(gate, "is_passed") ? "passed" : "failed",
	    trace_str(gate, "gate"));
	if (*trace_str(gate, "rule"))
		buf_addf(line, " %s", trace_str(gate, "rule"));
	if (*trace_str(gate, "why"))
		buf_addf(line, ": %s", trace_str(gate, "why"));
}

void
trace_print_gates(const struct json *gates)
{
	print_each(gates, "gate", add_gate);
}

void
trace_print_heard(const struct json *heard)
{
	AUTO(buf_release)
	struct buf line = { 0 };

	buf_init(&line);
	buf_addf(&line, "%s %s -> %s", trace_str(heard, "how"),
	    trace_str(heard, "command"), trace_str(heard, "became"));
	put("heard", &line);
	trace_print_gates(json_get(heard, "gates"));
	if (!*trace_str(heard, "triage"))
		return;
	buf_reset(&line);
	buf_addf(&line, "%s (%s)", trace_str(heard, "triage"),
	    trace_str(heard, "triage_reason"));
	if (*trace_str(heard, "row"))
		buf_addf(&line, ": a row, %s", trace_str(heard, "row"));
	put("triage", &line);
}

static void
add_document(const struct json *document, struct buf *line)
{
	const char *path = trace_str(document, "path");

	(void)shown_name(line, path, strlen(path));
	if (number(document, "line"))
		buf_addf(line, ":%" PRId64, number(document, "line"));
	buf_addf(line, "  %s  %.2f  %s", trace_str(document, "short_id"),
	    json_real(json_get(document, "score"), 0),
	    trace_str(document, "use"));
}

static void
add_tool(const struct json *tool, struct buf *line)
{
	buf_addf(line, "step %" PRId64 ": %s %s in %" PRId64 " ms",
	    number(tool, "step"), trace_str(tool, "name"),
	    is(tool, "is_ok") ? "done" : "failed", number(tool, "took_ms"));
}

static void
add_part(const struct json *part, struct buf *line)
{
	buf_addf(line, "%-11s %s %s  ~%" PRId64 " tokens%s%s",
	    trace_str(part, "section"), trace_str(part, "origin"),
	    trace_str(part, "source"), number(part, "tokens"),
	    is(part, "is_trusted") ? "" : ", quoted",
	    is(part, "is_left_out") ? ", left out" : "");
}

static void
print_model(const struct json *turn)
{
	AUTO(buf_release)
	struct buf line = { 0 };

	buf_init(&line);
	if (!*trace_str(turn, "model"))
		buf_adds(&line, "none was asked");
	else
		buf_addf(&line,
		    "%s%s, %" PRId64 " calls, tokens in %" PRId64
		    " (cached %" PRId64 ") out %" PRId64,
		    trace_str(turn, "model"),
		    is(turn, "is_fallback") ? " (fallback)" : "",
		    number(turn, "calls"), number(turn, "tokens_in"),
		    number(turn, "tokens_cached"), number(turn, "tokens_out"));
	put("model", &line);
}

static void
print_times(const struct json *turn)
{
	AUTO(buf_release)
	struct buf line = { 0 };

	buf_init(&line);
	buf_addf(&line,
	    "waited %" PRId64 " ms, took %" PRId64 " ms (search %" PRId64
	    ", model %" PRId64 "), attempt %" PRId64,
	    number(turn, "waited_ms"), number(turn, "took_ms"),
	    number(turn, "search_ms"), number(turn, "model_ms"),
	    number(turn, "attempt"));
	put("time", &line);
}

void
trace_print_turn(const struct json *turn)
{
	AUTO(buf_release)
	struct buf line = { 0 };

	buf_init(&line);
	buf_addf(&line, "%s as %s", trace_str(turn, "asker"),
	    trace_str(turn, "role"));
	put("for", &line);
	buf_reset(&line);
	buf_addf(&line, "%s (%s), search %s", trace_str(turn, "strategy"),
	    trace_str(turn, "strategy_reason"), trace_str(turn, "search"));
	put("strategy", &line);
	print_each(json_get(turn, "documents"), "document", add_document);
	print_each(json_get(turn, "tools"), "tool", add_tool);
	print_each(json_get(turn, "parts"), "part", add_part);
	print_model(turn);
	print_times(turn);
}
