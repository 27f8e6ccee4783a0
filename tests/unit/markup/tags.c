/* Marks as tags, for tests. */

#include "tests/unit/markup/tags.h"

#include <stdlib.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/markup.h"
#include "libcommon/split.h"

static const char *const names[MARK_KIND_COUNT] = {
	[MARK_BOLD] = "b",
	[MARK_ITALIC] = "i",
	[MARK_STRIKE] = "s",
	[MARK_CODE] = "c",
	[MARK_BLOCK] = "pre",
	[MARK_QUOTE] = "q",
	[MARK_HEADING] = "h",
	[MARK_LINK] = "a",
};

static void
put(struct buf *out, const char *text, size_t size, unsigned within)
{
	(void)within;
	for (size_t i = 0; i < size; i++)
		if (text[i] == '<')
			buf_adds(out, "&lt;");
		else if (text[i] == '&')
			buf_adds(out, "&amp;");
		else
			buf_addc(out, text[i]);
}

static void
put_open(struct buf *out, const struct mark *mark, unsigned within)
{
	buf_addf(out, "<%s", names[mark->kind]);
	if (*mark->detail) {
		buf_addc(out, ' ');
		put(out, mark->detail, strlen(mark->detail), within);
	}
	buf_addc(out, '>');
}

static void
put_close(struct buf *out, const struct mark *mark, unsigned within)
{
	(void)within;
	buf_addf(out, "</%s>", names[mark->kind]);
}

const struct split_renderer tags_renderer = { put_open, put_close, put };

static size_t
name_size(const char *tag)
{
	return strcspn(tag, " >");
}

void
tags_check(const char *written)
{
	const char *open[64];
	size_t n = 0;

	for (const char *p = written; (p = strchr(p, '<')); p++) {
		if (p[1] != '/') {
			if (n == 64)
				abort();
			open[n++] = p + 1;
			continue;
		}
		if (n == 0 || name_size(open[n - 1]) != name_size(p + 2) ||
		    memcmp(open[n - 1], p + 2, name_size(p + 2)) != 0)
			abort();
		n--;
	}
	if (n != 0)
		abort();
}
