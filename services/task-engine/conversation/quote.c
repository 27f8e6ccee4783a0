/* Quotes foreign words. Pure. */

#include "services/task-engine/conversation/quote.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/utf8.h"

enum { ZERO_WIDTH_BYTES = 3 };

/* Between a sign and a name it makes them no mention and no command. */
static const char zero_width_space[] = "\xe2\x80\x8b";

/* The code point at *text, which moves on; wrong bytes are U+FFFD. */
static uint32_t
next(const char **text, const char **bytes_out, size_t *size_out)
{
	uint32_t code_point;

	*bytes_out = *text;
	*size_out = utf8_next(*text, strlen(*text), &code_point);
	if (*size_out == 0) {
		*bytes_out = "\xef\xbf\xbd";
		*size_out = 3;
		(*text)++;
		return 0xfffd;
	}
	*text += *size_out;
	return code_point;
}

static bool
is_break(uint32_t c)
{
	return (c >= '\n' && c <= '\r') || c == 0x85 || c == 0x2028 ||
	       c == 0x2029;
}

static bool
is_blank(uint32_t c)
{
	return c == ' ' || c == '\t' || c == 0xa0 || c == 0x3000 || is_break(c);
}

static bool
is_plain(uint32_t c)
{
	return (c >= '0' && c <= '9') ||
	       ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' ||
	       c >= 0xc0;
}

/* One line of text; true when it was cut. */
static bool
add_line(struct buf *out, const char *text, size_t limit)
{
	size_t began = out->size, size;
	const char *bytes;
	uint32_t c, before = ' ';

	while (*text) {
		c = next(&text, &bytes, &size);
		if (is_blank(c)) {
			if (before == ' ')
				continue;
			c = ' ';
			bytes = " ";
			size = 1;
		} else if (utf8_is_deceptive(c)) {
			continue;
		}
		if (out->size - began + size + ZERO_WIDTH_BYTES > limit)
			return true;
		if (c == '`')
			buf_addc(out, '\'');
		else
			buf_add(out, bytes, size);
		if (c == '@' || (c == '/' && !is_plain(before)))
			buf_adds(out, zero_width_space);
		before = c;
	}
	if (out->size > began && before == ' ')
		buf_truncate(out, out->size - 1);
	return false;
}

void
quote_line(struct buf *out, const char *text, size_t limit)
{
	buf_addc(out, '`');
	if (add_line(out, text, limit))
		buf_adds(out, "...");
	buf_addc(out, '`');
}

const char *
quote_title(const char *text, size_t limit, struct arena *arena)
{
	AUTO(buf_release)
	struct buf line = { 0 };

	buf_init(&line);
	(void)add_line(&line, text, limit);
	return arena_strndup(arena, line.data, line.size);
}

void
quote_lines(struct buf *out, const char *text, size_t limit)
{
	size_t began = out->size, size;
	const char *bytes;
	uint32_t c;

	buf_adds(out, "> ");
	while (*text) {
		c = next(&text, &bytes, &size);
		if (c == '\r' && *text == '\n')
			continue;
		if (out->size - began + size > limit) {
			buf_adds(out, "\n> (cut here)");
			return;
		}
		if (is_break(c))
			buf_adds(out, "\n> ");
		else if (c == '\t' || !utf8_is_deceptive(c))
			buf_add(out, bytes, size);
	}
}
