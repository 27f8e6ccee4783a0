/* Scripts without spaces, and common words; pure. */

#include "services/indexer/words.h"

#include <stdlib.h>
#include <strings.h>

#include "libcommon/defs.h"
#include "libcommon/utf8.h"

bool
words_is_unspaced(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} rows[] = {
		{ 0x0e01, 0x0eff },   /* Thai, Lao */
		{ 0x1000, 0x109f },   /* Burmese */
		{ 0x1780, 0x17ff },   /* Khmer */
		{ 0x3005, 0x3007 },   /* marks of repetition */
		{ 0x3040, 0x30ff },   /* Hiragana, Katakana */
		{ 0x31f0, 0x31ff },   /* more Katakana */
		{ 0x3400, 0x4dbf },   /* Han, extension A */
		{ 0x4e00, 0x9fff },   /* Han */
		{ 0xac00, 0xd7a3 },   /* Hangul */
		{ 0xf900, 0xfaff },   /* Han, compatibility */
		{ 0xff66, 0xff9f },   /* Katakana of half width */
		{ 0x20000, 0x3fffd }, /* Han, further extensions */
	};

	if (c < rows[0].first)
		return false;
	for (size_t i = 0; i < N_OF(rows); i++)
		if (c >= rows[i].first && c <= rows[i].last)
			return true;
	return false;
}

size_t
words_run(const char *text, size_t size, bool *is_unspaced_out)
{
	size_t at = 0;

	*is_unspaced_out = false;
	while (at < size) {
		uint32_t c = 0;
		size_t step = utf8_next(text + at, size - at, &c);
		bool is_unspaced = step > 0 && words_is_unspaced(c);

		if (at == 0)
			*is_unspaced_out = is_unspaced;
		else if (is_unspaced != *is_unspaced_out)
			break;
		at += step > 0 ? step : 1;
	}
	return at;
}

static int
by_name(const void *word, const void *row)
{
	return strcasecmp(word, *(const char *const *)row);
}

bool
words_is_common(const char *word)
{
	/* Sorted. Words that may be what is asked about ("all", "not", "after"
	 * as names of things) are rare enough to stay out of the way. */
	static const char *const rows[] = { "a", "about", "after", "all",
		"also", "am", "an", "and", "any", "are", "as", "at", "be",
		"been", "being", "but", "by", "can", "could", "did", "do",
		"does", "each", "for", "from", "get", "got", "had", "has",
		"have", "how", "i", "if", "in", "into", "is", "it", "its",
		"just", "like", "make", "many", "me", "more", "most", "much",
		"must", "my", "need", "no", "not", "of", "on", "or", "other",
		"our", "out", "over", "s", "same", "should", "so", "some",
		"such", "t", "than", "that", "the", "their", "them", "then",
		"there", "these", "they", "this", "to", "too", "up", "us",
		"use", "used", "using", "very", "want", "was", "way", "we",
		"were", "what", "when", "where", "which", "who", "why", "will",
		"with", "within", "without", "would", "you", "your" };

	return bsearch(word, rows, N_OF(rows), sizeof(rows[0]), by_name);
}
