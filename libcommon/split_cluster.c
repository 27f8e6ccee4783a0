/* Characters of several code points. Pure. */

#include "libcommon/split_cluster.h"

#include <string.h>

#include "libcommon/defs.h"
#include "libcommon/utf8.h"

struct range {
	uint32_t first, last;
};

/* What belongs to the code point before it. */
static const struct range followers[] = {
	{ 0x0300, 0x036f }, /* combining marks */
	{ 0x0483, 0x0489 },
	{ 0x0591, 0x05bd }, /* Hebrew points */
	{ 0x0610, 0x061a }, /* Arabic marks */
	{ 0x064b, 0x065f },
	{ 0x0900, 0x0903 }, /* Devanagari signs */
	{ 0x093a, 0x094f },
	{ 0x0e31, 0x0e31 }, /* Thai vowels and tones */
	{ 0x0e34, 0x0e3a },
	{ 0x0e47, 0x0e4e },
	{ 0x1ab0, 0x1aff },
	{ 0x1dc0, 0x1dff },
	{ 0x200c, 0x200d }, /* joiners */
	{ 0x2060, 0x2060 },
	{ 0x20d0, 0x20ff },
	{ 0x302a, 0x302f },
	{ 0x3099, 0x309a },
	{ 0xfe00, 0xfe0f }, /* variations */
	{ 0xfe20, 0xfe2f },
	{ 0x1f3fb, 0x1f3ff }, /* colours of skin */
	{ 0xe0020, 0xe007f }, /* tags of flags */
	{ 0xe0100, 0xe01ef },
};

static const struct range invisible[] = {
	{ 0x09, 0x0d },
	{ 0x20, 0x20 },
	{ 0xa0, 0xa0 },
	{ 0xad, 0xad },
	{ 0x034f, 0x034f },
	{ 0x061c, 0x061c },
	{ 0x115f, 0x1160 },
	{ 0x1680, 0x1680 },
	{ 0x17b4, 0x17b5 },
	{ 0x180b, 0x180f },
	{ 0x2000, 0x200f },
	{ 0x2028, 0x202f },
	{ 0x205f, 0x206f },
	{ 0x2800, 0x2800 },
	{ 0x3000, 0x3000 },
	{ 0x3164, 0x3164 },
	{ 0xfe00, 0xfe0f },
	{ 0xfeff, 0xfeff },
	{ 0xffa0, 0xffa0 },
	{ 0xe0000, 0xe0fff },
};

static bool
is_among(const struct range *ranges, size_t n, uint32_t c)
{
	for (size_t i = 0; i < n; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

bool
split_is_invisible(uint32_t code_point)
{
	return is_among(invisible, N_OF(invisible), code_point);
}

size_t
split_before(const char *text, size_t at)
{
	size_t start = at - 1;

	while (start > 0 && at - start < 4 && (text[start] & 0xc0) == 0x80)
		start--;
	return start;
}

static uint32_t
code_point_at(const char *text, size_t at)
{
	uint32_t c = 0;

	return utf8_next(text + at, strnlen(text + at, 4), &c) ? c : 0;
}

static bool
is_flag_letter(uint32_t c)
{
	return c >= 0x1f1e6 && c <= 0x1f1ff;
}

/* Two letters make a flag: a cut may stand behind each second one. */
static bool
is_within_flag(const char *text, size_t at)
{
	size_t n = 0;

	if (!is_flag_letter(code_point_at(text, at)))
		return false;
	for (; at > 0; n++) {
		at = split_before(text, at);
		if (!is_flag_letter(code_point_at(text, at)))
			break;
	}
	return n % 2 == 1;
}

bool
split_joins(const char *text, size_t at)
{
	uint32_t before;

	if (at == 0)
		return false;
	before = code_point_at(text, split_before(text, at));
	return is_among(followers, N_OF(followers), code_point_at(text, at)) ||
	       before == 0x200d || before == 0x2060 || is_within_flag(text, at);
}
