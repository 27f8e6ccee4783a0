/* Reads a chat log back, entry by entry. Pure. */

#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "services/task-engine/workspace/chatlog.h"
#include "services/task-engine/workspace/chatlog_line.h"

struct reader {
	const char *at;
	const char *end;
	size_t line;
	struct arena *arena;
	struct err *err;
};

struct line {
	const char *text;
	size_t size;
};

/* False at the end. A line ends with LF, the last one too. */
static bool
peek(const struct reader *r, struct line *out)
{
	const char *lf = memchr(r->at, '\n', (size_t)(r->end - r->at));

	if (r->at == r->end)
		return false;
	out->text = r->at;
	out->size = (size_t)((lf ? lf : r->end) - r->at);
	return true;
}

static void
skip(struct reader *r, const struct line *line)
{
	r->at = line->text + line->size;
	if (r->at < r->end)
		r->at++;
	r->line++;
}

static int
wrong(struct reader *r, const char *wanted)
{
	return err_set(
	    r->err, ERR_INVALID, "line %zu: expected %s", r->line + 1, wanted);
}

static int
expect(struct reader *r, const char *text)
{
	struct line line;

	if (!peek(r, &line) || line.size != strlen(text) ||
	    memcmp(line.text, text, line.size) != 0)
		return wrong(r, *text ? text : "an empty line");
	skip(r, &line);
	return 0;
}

static const char *
unescape_name(struct reader *r, const char *text, size_t size)
{
	AUTO(buf_release)
	struct buf name = { 0 };

	buf_init(&name);
	for (size_t i = 0; i < size; i++) {
		char hex[3] = { 0 };

		if (text[i] != '%') {
			buf_addc(&name, text[i]);
			continue;
		}
		if (size - i < 3 || !isxdigit((unsigned char)text[i + 1]) ||
		    !isxdigit((unsigned char)text[i + 2]))
			return NULL;
		memcpy(hex, text + i + 1, 2);
		if (strcmp(hex, "00") == 0)
			return NULL;
		buf_addc(&name, (char)strtol(hex, NULL, 16));
		i += 2;
	}
	return arena_strndup(r->arena, name.data, name.size);
}

/* "- <what>: `<name>`" */
static int
read_name(struct reader *r, const char *what, const char **out)
{
	const char *wanted = arena_printf(r->arena, "- %s: `", what);
	size_t head = strlen(wanted);
	struct line line;

	if (!peek(r, &line) || line.size < head + 1 ||
	    memcmp(line.text, wanted, head) != 0 ||
	    line.text[line.size - 1] != '`')
		return wrong(r, wanted);
	*out = unescape_name(r, line.text + head, line.size - head - 1);
	if (!*out)
		return wrong(r, "%XX with two hexadecimal digits");
	skip(r, &line);
	return 0;
}

static int
read_heading(struct reader *r, struct chatlog_entry *out)
{
	static const char *const directions[][2] = {
		{ "INBOUND", "inbound" },
		{ "OUTBOUND", "outbound" },
		{ "TOOL", "tool" },
	};
	const size_t at_size = CLOCK_RFC3339_SIZE - 1;
	struct line line;
	const char *label;

	if (!peek(r, &line) || line.size < at_size + 6 ||
	    memcmp(line.text, "## ", 3) != 0)
		return wrong(r, "an entry's heading");
	label = line.text + 3 + at_size;
	if (clock_parse_rfc3339(arena_strndup(r->arena, line.text + 3, at_size),
		&out->at_ms) < 0)
		return wrong(r, "a time such as 2026-11-22T14:12:03Z");
	for (size_t i = 0; i < N_OF(directions); i++) {
		const char *want =
		    arena_printf(r->arena, " `%s`", directions[i][0]);
		size_t rest = (size_t)(line.text + line.size - label);

		if (strlen(want) == rest && memcmp(label, want, rest) == 0)
			out->direction = directions[i][1];
	}
	if (!out->direction)
		return wrong(r, "`INBOUND`, `OUTBOUND` or `TOOL`");
	skip(r, &line);
	return 0;
}

static bool
is_heading(const struct line *line)
{
	return line->size >= 3 && memcmp(line->text, "## ", 3) == 0;
}

/* What the log ended a block of code with that the text left open. */
static void
drop_end_of_code(struct buf *text)
{
	const char *last = memrchr(text->data, '\n', text->size);

	if (last && text->data[text->size - 1] == ' ')
		buf_truncate(text, (size_t)(last - text->data));
}

/* Undoes what kept it from changing how its neighbours are shown. */
static int
release(struct buf *text)
{
	bool has_html = text->size > 0 && text->data[text->size - 1] == '\t';

	if (has_html)
		buf_truncate(text, text->size - 1);
	drop_end_of_code(text);
	return has_html ? chatlog_html_show(text) : 0;
}

static int
read_text(struct reader *r, const char **out)
{
	AUTO(buf_release)
	struct buf text = { 0 };
	struct line line;

	buf_init(&text);
	while (peek(r, &line) && !is_heading(&line)) {
		size_t at = chatlog_forged_at(line.text, line.size);

		if (at == SIZE_MAX) {
			buf_add(&text, line.text, line.size);
		} else if (line.text[at] != '\\') {
			return wrong(r, "a backslash before what looks like "
					"a line of the log");
		} else {
			buf_add(&text, line.text, at);
			buf_add(&text, line.text + at + 1, line.size - at - 1);
		}
		buf_addc(&text, '\n');
		skip(r, &line);
	}
	/* The text's own last line end, and the empty line between entries. */
	if (text.size < 3 || strcmp(text.data + text.size - 2, "\n\n") != 0)
		return wrong(r, "text and an empty line behind it");
	buf_truncate(&text, text.size - 2);
	if (memchr(text.data, '\0', text.size))
		return wrong(r, "text without NUL");
	if (release(&text) < 0)
		return wrong(r, "a backslash before each \"<\" of HTML");
	*out = arena_strndup(r->arena, text.data, text.size);
	return 0;
}

static int
read_entry(struct reader *r, struct chatlog_entry *out)
{
	const char *direction = "";

	*out = (struct chatlog_entry){ 0 };
	if (read_heading(r, out) < 0 ||
	    read_name(r, "direction", &direction) < 0)
		return -1;
	assert(out->direction);
	if (strcmp(direction, out->direction) != 0)
		return wrong(r, "the direction of the heading");
	if (read_name(r, "actor", &out->actor) < 0 || expect(r, "") < 0)
		return -1;
	return read_text(r, &out->text);
}

static size_t
count_headings(struct reader r)
{
	struct line line;
	size_t n = 0;

	while (peek(&r, &line)) {
		n += is_heading(&line);
		skip(&r, &line);
	}
	return n;
}

int
chatlog_read(const char *text, size_t size, struct arena *arena,
    struct chatlog *out, struct err *err)
{
	struct reader r = { text, text + size, 0, arena, err };
	size_t room;

	*out = (struct chatlog){ 0 };
	if (expect(&r, "# Chat Log") < 0 || expect(&r, "") < 0 ||
	    read_name(&r, "connector", &out->connector) < 0 ||
	    read_name(&r, "external_id", &out->external_id) < 0 ||
	    read_name(&r, "display_name", &out->display_name) < 0 ||
	    expect(&r, "") < 0)
		return -1;
	room = count_headings(r);
	out->entries = arena_alloc(arena, (room + 1) * sizeof(*out->entries));
	while (r.at < r.end)
		if (read_entry(&r, &out->entries[out->n_entries++]) < 0)
			return -1;
	return 0;
}
