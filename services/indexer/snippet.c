/* Passages made fit to be shown; pure. */

#include "services/indexer/snippet.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/utf8.h"

static const char ellipsis[] = "\xe2\x80\xa6";

/* What could move or hide other text counts as white space. */
static size_t
collapse(char *out, const char *text, size_t size)
{
	size_t n = 0, at = 0;

	while (at < size) {
		uint32_t c;
		size_t step = utf8_next(text + at, size - at, &c);

		if (step > 0 && c > ' ' && !utf8_is_deceptive(c)) {
			memcpy(out + n, text + at, step);
			n += step;
		} else if (n > 0 && out[n - 1] != ' ') {
			out[n++] = ' ';
		}
		at += step > 0 ? step : 1;
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	return n;
}

const char *
snippet_clean(
    const char *text, size_t text_size, size_t limit, struct arena *arena)
{
	char *out = arena_alloc(arena, text_size + 1);
	size_t size = collapse(out, text, text_size);
	size_t cut, word;

	if (size <= limit)
		return out;
	cut = utf8_cut(out, size, limit - strlen(ellipsis));
	for (word = cut; word > cut / 2; word--)
		if (out[word] == ' ')
			break;
	if (word > cut / 2)
		cut = word;
	out[cut] = '\0';
	return arena_printf(arena, "%s%s", out, ellipsis);
}
