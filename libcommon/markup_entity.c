/* Characters that Markdown can name: the few that people and models write. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/markup_parts.h"
#include "libcommon/utf8.h"

static const struct {
	const char *name, *text;
} entities[] = {
	{ "&amp;", "&" },
	{ "&lt;", "<" },
	{ "&gt;", ">" },
	{ "&quot;", "\"" },
	{ "&apos;", "'" },
	{ "&nbsp;", "\xc2\xa0" },
	{ "&copy;", "\xc2\xa9" },
	{ "&reg;", "\xc2\xae" },
	{ "&trade;", "\xe2\x84\xa2" },
	{ "&hellip;", "\xe2\x80\xa6" },
	{ "&mdash;", "\xe2\x80\x94" },
	{ "&ndash;", "\xe2\x80\x93" },
	{ "&lsquo;", "\xe2\x80\x98" },
	{ "&rsquo;", "\xe2\x80\x99" },
	{ "&ldquo;", "\xe2\x80\x9c" },
	{ "&rdquo;", "\xe2\x80\x9d" },
	{ "&laquo;", "\xc2\xab" },
	{ "&raquo;", "\xc2\xbb" },
	{ "&bull;", "\xe2\x80\xa2" },
	{ "&middot;", "\xc2\xb7" },
	{ "&times;", "\xc3\x97" },
	{ "&deg;", "\xc2\xb0" },
	{ "&plusmn;", "\xc2\xb1" },
	{ "&larr;", "\xe2\x86\x90" },
	{ "&rarr;", "\xe2\x86\x92" },
	{ "&euro;", "\xe2\x82\xac" },
};

/* "&#65;" or "&#x41;": the parser has looked at the form. */
static void
write_number(struct buf *out, const char *entity)
{
	char *end;
	unsigned long c = entity[2] == 'x' || entity[2] == 'X'
			      ? strtoul(entity + 3, &end, 16)
			      : strtoul(entity + 2, &end, 10);
	char bytes[4];

	/* A control character, however written, is none of a text. */
	if (c > 0x10ffff || ((c < 0x20 || c == 0x7f) && c != '\n' && c != '\t'))
		c = 0xfffd;
	buf_add(out, bytes, utf8_put(bytes, (uint32_t)c));
}

void
markup_entity_write(struct buf *out, const char *entity, size_t size)
{
	if (size > 3 && entity[1] == '#') {
		write_number(out, entity);
		return;
	}
	for (size_t i = 0; i < N_OF(entities); i++) {
		if (strlen(entities[i].name) != size ||
		    memcmp(entities[i].name, entity, size) != 0)
			continue;
		buf_adds(out, entities[i].text);
		return;
	}
	buf_add(out, entity, size);
}
