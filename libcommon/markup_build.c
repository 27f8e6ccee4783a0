/* Grows marked text: gaps, bullets, indentation, marks. */

#include "libcommon/markup_build.h"

#include "libcommon/arena.h"

enum { INDENT = 2 };

void
markup_gap(struct markup_builder *b, unsigned lines)
{
	/* Within a list the items stand close. */
	if (b->n_lists > 0 && lines > 1)
		lines = 1;
	if (b->gap < lines)
		b->gap = lines;
}

static void
mark_begin(struct markup_builder *b, struct markup_open *open)
{
	if (b->n_marks == b->marks_room) {
		b->marks_room = b->marks_room ? 2 * b->marks_room : 16;
		b->marks =
		    xrealloc(b->marks, b->marks_room * sizeof(*b->marks));
	}
	open->at = b->n_marks++;
	b->marks[open->at] = (struct mark){
		.kind = open->kind,
		.start = b->text.size,
		.end = b->text.size,
		.detail = open->detail,
	};
}

static void
begin_marks(struct markup_builder *b, size_t until)
{
	for (size_t i = 0; i < until && i < MARKUP_DEPTH_MAX; i++)
		if (b->open[i].at == MARKUP_NOT_BEGUN)
			mark_begin(b, &b->open[i]);
}

static void
indent(struct markup_builder *b, size_t levels)
{
	for (size_t i = 0; i < levels * INDENT; i++)
		buf_addc(&b->text, ' ');
}

/* Quotes are whole lines, with their indentation. */
static size_t
quotes_depth(const struct markup_builder *b)
{
	size_t n = b->n_open < MARKUP_DEPTH_MAX ? b->n_open : MARKUP_DEPTH_MAX;

	while (n > 0 && b->open[n - 1].kind != MARK_QUOTE)
		n--;
	return n;
}

void
markup_flush(struct markup_builder *b)
{
	bool is_new_line = b->gap > 0 && b->text.size > 0;
	size_t depth =
	    b->n_lists < MARKUP_DEPTH_MAX ? b->n_lists : MARKUP_DEPTH_MAX;

	for (; is_new_line && b->gap > 0; b->gap--)
		buf_addc(&b->text, '\n');
	b->gap = 0;
	if (b->bullet) {
		begin_marks(b, b->bullet_depth);
		indent(b, depth - 1);
		buf_adds(&b->text, b->bullet);
		b->bullet = NULL;
	} else if (is_new_line && !b->is_in_block) {
		begin_marks(b, quotes_depth(b));
		indent(b, depth);
	}
	begin_marks(b, b->n_open);
}

void
markup_put(struct markup_builder *b, const char *text, size_t size)
{
	struct buf *out = b->is_in_table ? &b->cell : &b->text;

	if (size == 0)
		return;
	if (!b->is_in_table)
		markup_flush(b);
	for (size_t i = 0; i < size; i++)
		if (text[i] != '\r')
			buf_addc(out, text[i]);
}

void
markup_push(struct markup_builder *b, enum mark_kind kind, const char *detail)
{
	if (b->n_open < MARKUP_DEPTH_MAX)
		b->open[b->n_open] =
		    (struct markup_open){ kind, detail, MARKUP_NOT_BEGUN };
	b->n_open++;
}

struct mark *
markup_pop(struct markup_builder *b)
{
	struct mark *mark;

	b->n_open--;
	if (b->n_open >= MARKUP_DEPTH_MAX ||
	    b->open[b->n_open].at == MARKUP_NOT_BEGUN)
		return NULL;
	mark = &b->marks[b->open[b->n_open].at];
	mark->end = b->text.size;
	return mark;
}
