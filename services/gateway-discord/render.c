/* Discord's Markdown from marked text. Pure. */

#include "services/gateway-discord/render.h"

#include <stdbool.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/markup.h"
#include "libcommon/split.h"

/* Discord has three sizes of headings; deeper ones are bold. */
enum { HEADINGS = 3 };

static const char joiner[] = "\xe2\x81\xa0"; /* U+2060, seen by nobody */

static bool
is_line_start(const struct buf *out)
{
	return out->size == 0 || out->data[out->size - 1] == '\n';
}

static void
begin_line(struct buf *out, unsigned within)
{
	if ((within & MARK_BIT(MARK_QUOTE)) && is_line_start(out))
		buf_adds(out, "> ");
}

static void
open_heading(struct buf *out, const struct mark *mark)
{
	int level = mark->detail[0] - '0';

	if (level > HEADINGS) {
		buf_adds(out, "**");
		return;
	}
	buf_addf(out, "%.*s ", level, "###");
}

static void
close_heading(struct buf *out, const struct mark *mark)
{
	if (mark->detail[0] - '0' > HEADINGS)
		buf_adds(out, "**");
}

static void
open_block(struct buf *out, const struct mark *mark)
{
	size_t size = strspn(mark->detail,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "+-_.");

	buf_addf(out, "```%.*s\n", (int)size, mark->detail);
}

static void
close_block(struct buf *out, unsigned within)
{
	if (!is_line_start(out))
		buf_addc(out, '\n');
	begin_line(out, within);
	buf_adds(out, "```");
}

/* Those that are the same at both ends. */
static const char *const signs[MARK_KIND_COUNT] = {
	[MARK_BOLD] = "**",
	[MARK_ITALIC] = "*",
	[MARK_STRIKE] = "~~",
	[MARK_CODE] = "``",
};

static void
open_mark(struct buf *out, const struct mark *mark, unsigned within)
{
	begin_line(out, within | MARK_BIT(mark->kind));
	if (mark->kind == MARK_HEADING)
		open_heading(out, mark);
	else if (mark->kind == MARK_BLOCK)
		open_block(out, mark);
	else if (signs[mark->kind])
		buf_adds(out, signs[mark->kind]);
}

static void
close_mark(struct buf *out, const struct mark *mark, unsigned within)
{
	if (mark->kind == MARK_HEADING)
		close_heading(out, mark);
	else if (mark->kind == MARK_BLOCK)
		close_block(out, within);
	else if (signs[mark->kind])
		buf_adds(out, signs[mark->kind]);
}

/* No two backticks in a row, nor one beside those that stand around. */
static void
put_code(struct buf *out, char c)
{
	if (c != '`') {
		buf_addc(out, c);
		return;
	}
	if (out->size > 0 && out->data[out->size - 1] == '`')
		buf_adds(out, joiner);
	buf_addc(out, c);
	buf_adds(out, joiner);
}

static void
put_text(struct buf *out, char c)
{
	bool is_first =
	    is_line_start(out) ||
	    (out->size >= 2 && memcmp(out->data + out->size - 2, "> ", 2) == 0);

	if (strchr("\\*_~`|<[@", c) || (is_first && strchr("#>-+", c)))
		buf_addc(out, '\\');
	buf_addc(out, c);
}

static void
write_text(struct buf *out, const char *text, size_t size, unsigned within)
{
	const unsigned code = MARK_BIT(MARK_CODE) | MARK_BIT(MARK_BLOCK);

	for (size_t i = 0; i < size; i++) {
		begin_line(out, within);
		if (text[i] == '\n' || (within & MARK_BIT(MARK_LINK)))
			buf_addc(out, text[i]);
		else if (within & code)
			put_code(out, text[i]);
		else
			put_text(out, text[i]);
	}
}

const struct split_renderer render_discord = {
	.open = open_mark,
	.close = close_mark,
	.text = write_text,
};
