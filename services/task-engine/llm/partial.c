/* What of an unfinished answer may be shown. Pure. */

#include "services/task-engine/llm/partial.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/utf8.h"
#include "services/task-engine/llm/exchange.h"
#include "services/task-engine/llm/stream.h"
#include "services/task-engine/llm/thoughts.h"

enum { FENCE_LEAST = 3 };

static const char blanks[] = " \t\r\n";

enum partial_way
partial_learn(enum partial_way known, const char *said)
{
	if (!*said)
		return known;
	return thoughts_end_unbegun(said) ? PARTIAL_THINKING : PARTIAL_SAYING;
}

const char *
partial_said(enum partial_way way, const struct llm_stream *stream)
{
	const char *said = stream->said.data;

	if (stream->n_wants || way == PARTIAL_UNKNOWN ||
	    (way == PARTIAL_THINKING && !thoughts_end_unbegun(said)))
		return "";
	return said;
}

static const char *
next_line(const char *line)
{
	line += strcspn(line, "\n");
	return line + (*line == '\n');
}

static size_t
marks_of(const char *line, char *mark_out)
{
	line += strspn(line, " \t>");
	*mark_out = *line;
	if (*line == '`' || *line == '~') {
		const char marks[] = { *line, '\0' };

		return strspn(line, marks);
	}
	return 0;
}

/* A block whose name says that it is for people; without a name it may be one
 * that wants something. */
static bool
is_shown(const char *line)
{
	static const char *const hidden[] = { "action", "tool", "tool_call",
		"json", "think", "thinking" };
	const char *info;
	char mark;
	size_t n = marks_of(line, &mark);

	info = line + strspn(line, " \t>") + n;
	info += strspn(info, " \t");
	n = strcspn(info, " \t\r\n{");
	for (size_t i = 0; i < N_OF(hidden); i++)
		if (strlen(hidden[i]) == n &&
		    strncasecmp(hidden[i], info, n) == 0)
			return false;
	return n > 0;
}

static bool
is_whole(const char *line)
{
	return strchr(line, '\n') != NULL;
}

static bool
closes(const char *line, char mark, size_t n_marks)
{
	char found;
	size_t n = marks_of(line, &found);

	line += strspn(line, " \t>") + n;
	return n >= n_marks && found == mark && is_whole(line) &&
	       line[strspn(line, " \t\r")] == '\n';
}

/* What is behind the block, or NULL when it has no end yet. */
static const char *
block_end(const char *line)
{
	char mark;
	size_t n = marks_of(line, &mark);

	for (line = next_line(line); *line; line = next_line(line))
		if (closes(line, mark, n))
			return next_line(line);
	return NULL;
}

/* Of the last line, which goes on, only what cannot become a mark. */
static void
add_last_line(struct buf *out, const char *line)
{
	const char *begin = line + strspn(line, " \t>");

	if (*begin && !strchr("`~{", *begin))
		buf_adds(out, line);
}

/* A block that goes on is shown as far as it is. */
static void
add_open_block(struct buf *out, const char *line)
{
	const char *last = strrchr(line, '\n') + 1;

	if (!is_shown(line))
		return;
	buf_add(out, line, (size_t)(last - line));
	add_last_line(out, last);
}

static void
add_lines(struct buf *out, const char *line)
{
	while (is_whole(line)) {
		char mark;
		bool is_block = marks_of(line, &mark) >= FENCE_LEAST;
		const char *next = is_block ? block_end(line) : next_line(line);

		if (next == NULL) {
			add_open_block(out, line);
			return;
		}
		if (!is_block || is_shown(line))
			buf_add(out, line, (size_t)(next - line));
		line = next;
	}
	add_last_line(out, line);
}

void
partial_visible(struct buf *out, const char *text, size_t max_bytes)
{
	AUTO(buf_release)
	struct buf certain = { 0 }, clean = { 0 }, lines = { 0 };

	buf_init(&certain);
	buf_init(&clean);
	buf_init(&lines);
	buf_add(&certain, text, thoughts_before_open(text));
	llm_clean(&clean, certain.data, false);
	/* The whole of it may be what a model without tools of its own wants. */
	if (clean.data[strspn(clean.data, blanks)] == '{')
		return;
	add_lines(&lines, clean.data);
	buf_add(out, lines.data, utf8_cut(lines.data, lines.size, max_bytes));
}
