/* Text that nobody could show, taken out of JSON that is sent all the same. */

#include <stdbool.h>
#include <string.h>

#include "libcommon/json.h"

enum { ESCAPE_BYTES = 6 };

/* Of an escape \uXXXX at text; -1 when it is none. */
static long
escaped_unit(const char *text, size_t size)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	long unit = 0;

	if (size < ESCAPE_BYTES || text[0] != '\\' || text[1] != 'u')
		return -1;
	for (size_t i = 2; i < ESCAPE_BYTES; i++) {
		const char *digit =
		    text[i] != '\0' ? strchr(digits, text[i]) : NULL;

		if (digit == NULL)
			return -1;
		unit = unit << 4 | ((digit - digits) & 15);
	}
	return unit;
}

static bool
is_high(long unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static bool
is_low(long unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

/* Returns how many bytes the escape has that text begins with. */
static size_t
mend_escape(char *text, size_t size)
{
	static const char replacement[] = "\\ufffd";
	long unit = escaped_unit(text, size);

	/* What is escaped here is ASCII, or no escape. */
	if (unit < 0)
		return size > 1 && text[1] != '\0' && !(text[1] & 0x80) ? 2 : 1;
	if (is_high(unit) &&
	    is_low(escaped_unit(text + ESCAPE_BYTES, size - ESCAPE_BYTES)))
		return (size_t)2 * ESCAPE_BYTES;
	if (unit == 0 || is_high(unit) || is_low(unit))
		memcpy(text, replacement, ESCAPE_BYTES);
	return ESCAPE_BYTES;
}

void
json_mend(char *text, size_t size)
{
	uint32_t code_point;

	for (size_t at = 0; at < size;) {
		size_t n;

		if (text[at] == '\\') {
			at += mend_escape(text + at, size - at);
			continue;
		}
		n = utf8_next(text + at, size - at, &code_point);
		if (n == 0)
			text[at] = '?';
		at += n ? n : 1;
	}
}
