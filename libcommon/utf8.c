/* UTF-8: checking, stepping and cutting; nothing is converted here. */

#include "libcommon/utf8.h"

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

bool
utf8_is_valid(const char *text, size_t size)
{
	uint32_t code_point;
	size_t step;

	for (size_t at = 0; at < size; at += step) {
		/* Nearly all text is ASCII; spare it the table. */
		if (text[at] > 0) {
			step = 1;
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
