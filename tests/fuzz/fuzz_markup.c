/* Any Markdown: marks nest, parts fit, tags close, no word is lost. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/markup.h"
#include "libcommon/split.h"
#include "libcommon/split_cluster.h"
#include "tests/unit/markup/tags.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_marks(const struct markup *markup)
{
	size_t ends[64], n = 0;

	if (!utf8_is_valid(markup->text, markup->size))
		abort();
	for (size_t i = 0; i < markup->n_marks; i++) {
		const struct mark *mark = &markup->marks[i];

		if (mark->start >= mark->end || mark->end > markup->size ||
		    (i > 0 && mark->start < mark[-1].start) ||
		    (markup->text[mark->start] & 0xc0) == 0x80 ||
		    (markup->text[mark->end] & 0xc0) == 0x80)
			abort();
		while (n > 0 && ends[n - 1] <= mark->start)
			n--;
		if (n == 64 || (n > 0 && mark->end > ends[n - 1]))
			abort();
		ends[n++] = mark->end;
	}
}

/* What is seen of a text: cuts take white space away. */
static void
add_visible(struct buf *out, const char *text)
{
	uint32_t c;
	size_t step;

	for (; *text; text += step) {
		step = utf8_next(text, strlen(text), &c);
		if (step == 0)
			abort();
		if (!split_is_invisible(c))
			buf_add(out, text, step);
	}
}

static void
check_kept(
    const struct markup *markup, const struct split_part *parts, size_t n)
{
	struct buf whole, kept;

	buf_init(&whole);
	buf_init(&kept);
	add_visible(&whole, markup->text);
	for (size_t i = 0; i < n; i++)
		add_visible(&kept, parts[i].plain);
	if (whole.size != kept.size || strcmp(whole.data, kept.data) != 0)
		abort();
	buf_release(&whole);
	buf_release(&kept);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct split_options options = { .renderer = &tags_renderer };
	struct arena *arena;
	struct markup markup;
	struct split_part *parts;
	size_t n;

	if (size < 2 || !utf8_is_valid((const char *)data + 1, size - 1))
		return 0;
	arena = arena_new(8 << 20);
	options.limit = 16 + (data[0] & 0x3f) * 4;
	options.counts_plain = data[0] & 0x40;
	options.unit = data[0] & 0x80 ? UTF8_UTF16 : UTF8_CODE_POINTS;
	markup_parse(&markup, (const char *)data + 1, size - 1,
	    MARKUP_BREAK_MENTIONS | MARKUP_BREAK_COMMANDS, arena);
	check_marks(&markup);
	n = split_markup(&markup, &options, arena, &parts);
	for (size_t i = 0; i < n; i++) {
		const char *counted =
		    options.counts_plain ? parts[i].plain : parts[i].written;

		tags_check(parts[i].written);
		if (utf8_units(counted, strlen(counted), options.unit) >
		    options.limit)
			abort();
	}
	check_kept(&markup, parts, n);
	arena_free(&arena);
	return 0;
}
