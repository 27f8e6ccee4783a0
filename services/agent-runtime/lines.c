/* From bytes of a pipe to lines of a log. Pure. */

#include "services/agent-runtime/lines.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/utf8.h"

void
lines_init(struct lines *lines)
{
	buf_init(&lines->part);
	lines->is_cut = false;
}

void
lines_release(struct lines *lines)
{
	buf_release(&lines->part);
}

static void
scrub(char *line, size_t size)
{
	bool is_valid = utf8_is_valid(line, size);

	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)line[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f ||
		    (c >= 0x80 && !is_valid))
			line[i] = '?';
	}
}

static void
emit(struct lines *lines, line_fn fn, void *arg)
{
	scrub(lines->part.data, lines->part.size);
	if (lines->is_cut)
		buf_adds(&lines->part, " (cut)");
	fn(arg, lines->part.data);
	buf_reset(&lines->part);
	lines->is_cut = false;
}

/* One byte too many is enough to tell that, and where, the line is cut. */
static void
take(struct lines *lines, const char *bytes, size_t size)
{
	struct buf *part = &lines->part;
	size_t room = LINES_MAX_BYTES - part->size;

	buf_add(part, bytes, size > room ? room + 1 : size);
	if (size <= room)
		return;
	lines->is_cut = true;
	buf_truncate(part, utf8_cut(part->data, part->size, LINES_MAX_BYTES));
}

void
lines_feed(
    struct lines *lines, const char *bytes, size_t size, line_fn fn, void *arg)
{
	while (size > 0) {
		const char *newline = memchr(bytes, '\n', size);
		size_t n = newline != NULL ? (size_t)(newline - bytes) : size;

		if (!lines->is_cut)
			take(lines, bytes, n);
		if (newline == NULL)
			return;
		emit(lines, fn, arg);
		bytes += n + 1;
		size -= n + 1;
	}
}

void
lines_end(struct lines *lines, line_fn fn, void *arg)
{
	if (lines->part.size > 0)
		emit(lines, fn, arg);
}

/* "2026-11-22T14:12:03.120Z " */
static bool
begins_with_time(const char *line)
{
	static const char form[] = "0000-00-00T00:00:00.000Z ";

	for (size_t i = 0; i < sizeof(form) - 1; i++) {
		bool is_digit = line[i] >= '0' && line[i] <= '9';

		if (form[i] == '0' ? !is_digit : line[i] != form[i])
			return false;
	}
	return true;
}

bool
log_line_parse(struct log_line *out, const char *line)
{
	char level[8];

	if (!begins_with_time(line))
		return false;
	line += strlen("0000-00-00T00:00:00.000Z ");
	if (sscanf(line, "%7s %39s %47s", level, out->program, out->id) != 3)
		return false;
	return log_level_parse(level, &out->level) == 0;
}
