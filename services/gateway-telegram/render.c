/* Telegram's HTML: the few tags that it knows. */

#include "services/gateway-telegram/render.h"

#include <stdbool.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/markup.h"

static const struct {
	const char *open, *close; /* without what open takes from the mark */
} tags[MARK_KIND_COUNT] = {
	[MARK_BOLD] = { "<b>", "</b>" },
	[MARK_ITALIC] = { "<i>", "</i>" },
	[MARK_STRIKE] = { "<s>", "</s>" },
	[MARK_CODE] = { "<code>", "</code>" },
	[MARK_BLOCK] = { "<pre>", "</pre>" },
	[MARK_QUOTE] = { "<blockquote>", "</blockquote>" },
	[MARK_HEADING] = { "<b>", "</b>" },
	[MARK_LINK] = { "", "" }, /* Telegram makes the address one */
};

static void
put_text(struct buf *out, const char *text, size_t size, unsigned within)
{
	(void)within;
	for (size_t i = 0; i < size; i++)
		if (text[i] == '<')
			buf_adds(out, "&lt;");
		else if (text[i] == '>')
			buf_adds(out, "&gt;");
		else if (text[i] == '&')
			buf_adds(out, "&amp;");
		else
			buf_addc(out, text[i]);
}

/* A heading is bold already. */
static bool
is_shown(const struct mark *mark, unsigned within)
{
	return mark->kind != MARK_BOLD || !(within & MARK_BIT(MARK_HEADING));
}

static bool
has_language(const struct mark *mark)
{
	static const char known[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789+-#._";
	size_t size = strspn(mark->detail, known);

	return mark->kind == MARK_BLOCK && size > 0 && size <= 32 &&
	       mark->detail[size] == '\0';
}

static void
put_open(struct buf *out, const struct mark *mark, unsigned within)
{
	if (!is_shown(mark, within))
		return;
	buf_adds(out, tags[mark->kind].open);
	if (has_language(mark))
		buf_addf(out, "<code class=\"language-%s\">", mark->detail);
}

static void
put_close(struct buf *out, const struct mark *mark, unsigned within)
{
	if (!is_shown(mark, within))
		return;
	if (has_language(mark))
		buf_adds(out, "</code>");
	buf_adds(out, tags[mark->kind].close);
}

const struct split_renderer telegram_html = { put_open, put_close, put_text };
