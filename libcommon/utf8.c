/* UTF-8: checking, stepping, counting and cutting. */

#include "libcommon/utf8.h"

#include <string.h>

#include "libcommon/defs.h"

struct lead {
	unsigned char mask, bits;
	unsigned size;
	uint32_t least; /* a smaller code point is an overlong form */
};

static const struct lead leads[] = {
	{ 0x80, 0x00, 1, 0x1 },
	{ 0xe0, 0xc0, 2, 0x80 },
	{ 0xf0, 0xe0, 3, 0x800 },
	{ 0xf8, 0xf0, 4, 0x10000 },
};

static const struct lead *
find_lead(unsigned char byte)
{
	for (size_t i = 0; i < N_OF(leads); i++)
		if ((byte & leads[i].mask) == leads[i].bits)
			return &leads[i];
	return NULL;
}

static bool
is_scalar(uint32_t code_point)
{
	return code_point <= 0x10ffff &&
	       (code_point < 0xd800 || code_point > 0xdfff);
}

size_t
utf8_next(const char *text, size_t size, uint32_t *code_point_out)
{
	const unsigned char *bytes = (const unsigned char *)text;
	const struct lead *lead;
	uint32_t code_point;

	if (size == 0)
		return 0;
	lead = find_lead(bytes[0]);
	if (lead == NULL || lead->size > size)
		return 0;
	code_point = bytes[0] & (unsigned char)~lead->mask;
	for (size_t i = 1; i < lead->size; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		code_point = code_point << 6 | (bytes[i] & 0x3f);
	}
	if (code_point < lead->least || !is_scalar(code_point))
		return 0;
	*code_point_out = code_point;
	return lead->size;
}

/* Whether the next eight are ASCII, and none is NUL: a byte of 0x01 to 0x7f
 * stays below 0x80 and, less one, does not borrow. */
static bool
are_ascii(const char *text)
{
	static const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t eight;

	memcpy(&eight, text, sizeof(eight));
	return ((eight | (eight - ones)) & (ones << 7)) == 0;
}

bool
utf8_is_valid(const char *text, size_t size)
{
	uint32_t code_point;
	size_t step;

	for (size_t at = 0; at < size; at += step) {
		/* Nearly all text is ASCII; spare it the table. */
		if (size - at >= sizeof(uint64_t) && are_ascii(text + at)) {
			step = sizeof(uint64_t);
			continue;
		}
		step = utf8_next(text + at, size - at, &code_point);
		if (step == 0)
			return false;
	}
	return true;
}

size_t
utf8_cut(const char *text, size_t size, size_t limit)
{
	size_t cut = limit;

	if (size <= limit)
		return size;
	/* More than three steps back is not UTF-8: cut where asked. */
	while (cut > 0 && limit - cut < 3 && (text[cut] & 0xc0) == 0x80)
		cut--;
	return (text[cut] & 0xc0) == 0x80 ? limit : cut;
}

size_t
utf8_put(char out[4], uint32_t code_point)
{
	const struct lead *lead = leads;

	if (code_point == 0 || !is_scalar(code_point))
		code_point = 0xfffd;
	while (lead + 1 < leads + N_OF(leads) && code_point >= lead[1].least)
		lead++;
	for (unsigned i = lead->size; i-- > 1; code_point >>= 6)
		out[i] = (char)(0x80 | (code_point & 0x3f));
	out[0] = (char)(lead->bits | code_point);
	return lead->size;
}

/* Broken bytes count one each, as the U+FFFD that will stand for them. */
static size_t
step_units(
    const char *text, size_t size, enum utf8_unit unit, size_t *units_out)
{
	uint32_t code_point;
	size_t step = utf8_next(text, size, &code_point);

	*units_out = unit == UTF8_UTF16 && step == 4 ? 2 : 1;
	return step ? step : 1;
}

size_t
utf8_units(const char *text, size_t size, enum utf8_unit unit)
{
	size_t n = 0, units;

	for (size_t at = 0; at < size; n += units)
		at += step_units(text + at, size - at, unit, &units);
	return n;
}

size_t
utf8_offset(const char *text, size_t size, size_t n_units, enum utf8_unit unit)
{
	size_t at = 0, units;

	while (at < size) {
		size_t step = step_units(text + at, size - at, unit, &units);

		if (units > n_units)
			break;
		n_units -= units;
		at += step;
	}
	return at;
}

bool
utf8_is_deceptive(uint32_t code_point)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00, 0x1f }, { 0x7f, 0x9f }, /* DEL and the C1 controls */
		{ 0x061c, 0x061c },		/* Arabic letter mark */
		{ 0x200e, 0x200f },		/* direction marks */
		{ 0x2028, 0x202e }, /* separators, embeddings, overrides */
		{ 0x2066, 0x2069 }, /* isolates */
		{ 0xfeff, 0xfeff }, /* byte order mark */
	};

	for (size_t i = 0; i < N_OF(ranges); i++)
		if (code_point >= ranges[i].first &&
		    code_point <= ranges[i].last)
			return true;
	return false;
}
