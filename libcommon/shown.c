/* Makes visible what text of others hides. */

#include "libcommon/shown.h"

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/utf8.h"

enum { IDEOGRAPHIC_SPACE = 0x3000 };

bool
shown_is_hidden(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00a0, 0x00a0 }, { 0x00ad, 0x00ad }, { 0x034f, 0x034f },
		{ 0x115f, 0x1160 }, { 0x1680, 0x1680 }, { 0x17b4, 0x17b5 },
		{ 0x180b, 0x180f }, { 0x2000, 0x200f }, { 0x202f, 0x202f },
		{ 0x205f, 0x206f }, { 0x2800, 0x2800 },
		{ IDEOGRAPHIC_SPACE, IDEOGRAPHIC_SPACE }, { 0x3164, 0x3164 },
		{ 0xd800, 0xf8ff }, /* for private use, the first of them */
		{ 0xfe00, 0xfe0f }, { 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb },
		{ 0xe0000, 0x10ffff }, /* tags, selectors, private use */
	};

	for (size_t i = 0; i < N_OF(ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return utf8_is_deceptive(c);
}

void
shown_escape(struct buf *out, uint32_t c)
{
	if (c >= 0x10000) {
		c -= 0x10000;
		buf_addf(out, "\\u%04x\\u%04x", 0xd800 + (c >> 10),
		    0xdc00 + (c & 0x3ff));
		return;
	}
	buf_addf(out, "\\u%04x", c);
}

/* Names of East Asia have that one, and it is as wide as a letter. */
static bool
is_plain_in_a_name(uint32_t c)
{
	return c == IDEOGRAPHIC_SPACE ||
	       (c != '`' && c != '\\' && !shown_is_hidden(c));
}

bool
shown_name(struct buf *out, const char *name, size_t size)
{
	size_t step;
	bool is_as_it_is = true;
	uint32_t c;

	for (size_t at = 0; at < size; at += step) {
		step = utf8_next(name + at, size - at, &c);
		if (step > 0 && is_plain_in_a_name(c)) {
			buf_add(out, name + at, step);
			continue;
		}
		shown_escape(out, step > 0 ? c : 0xfffd);
		is_as_it_is = false;
		step = step > 0 ? step : 1;
	}
	return is_as_it_is;
}
