/* Cuts marked text into parts of a platform's size. Pure. */

#include "libcommon/split.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/markup.h"
#include "libcommon/split_cluster.h"

enum {
	OPEN_MAX = 32, /* more than markup nests */
	/* Below this share of a part its marks cost more than they show. */
	BARE_SHARE = 8,
};

struct splitter {
	const struct markup *markup;
	const struct split_options *options;
	unsigned char *within; /* MARK_BITs around each byte, and a 0 */
	struct arena *arena;
};

_Static_assert(MARK_KIND_COUNT <= 8, "the bits of a mark fit a byte");

static unsigned char *
map_marks(const struct markup *markup, struct arena *arena)
{
	unsigned char *within = arena_alloc(arena, markup->size + 1);

	for (size_t i = 0; i < markup->n_marks; i++) {
		const struct mark *mark = &markup->marks[i];

		for (size_t at = mark->start; at < mark->end; at++)
			within[at] |= (unsigned char)MARK_BIT(mark->kind);
	}
	return within;
}

/* Writing a slice of the text. */
struct writer {
	const struct split_renderer *renderer;
	struct buf *out;
	const struct mark *open[OPEN_MAX];
	size_t n_open;
	unsigned n_of_kind[MARK_KIND_COUNT];
	unsigned within;
};

static void
open_mark(struct writer *w, const struct mark *mark)
{
	assert(w->n_open < OPEN_MAX);
	w->open[w->n_open++] = mark;
	if (w->n_of_kind[mark->kind]++ > 0)
		return;
	w->renderer->open(w->out, mark, w->within);
	w->within |= MARK_BIT(mark->kind);
}

static void
close_mark(struct writer *w)
{
	const struct mark *mark = w->open[--w->n_open];

	if (--w->n_of_kind[mark->kind] > 0)
		return;
	w->within &= ~MARK_BIT(mark->kind);
	w->renderer->close(w->out, mark, w->within);
}

static void
write_marked(
    const struct splitter *s, size_t from, size_t until, struct buf *out)
{
	struct writer w = { .renderer = s->options->renderer, .out = out };
	const struct mark *next = s->markup->marks;
	const struct mark *last = next + s->markup->n_marks;

	for (size_t at = from, stop; at < until; at = stop) {
		while (w.n_open > 0 && w.open[w.n_open - 1]->end <= at)
			close_mark(&w);
		for (; next < last && next->start <= at; next++)
			if (next->end > at)
				open_mark(&w, next);
		stop = until;
		if (next < last && next->start < stop)
			stop = next->start;
		if (w.n_open > 0 && w.open[w.n_open - 1]->end < stop)
			stop = w.open[w.n_open - 1]->end;
		w.renderer->text(
		    out, s->markup->text + at, stop - at, w.within);
	}
	while (w.n_open > 0)
		close_mark(&w);
}

enum boundary { PARAGRAPH, LINE, WORD, NO_BOUNDARY };

/* Whether a part may end before text[at]. */
static enum boundary
boundary_at(const struct splitter *s, size_t at)
{
	const char *text = s->markup->text;
	unsigned within = s->within[at];

	if (text[at] == '\n') {
		bool is_paragraph =
		    text[at + 1] == '\n' && !(within & MARK_BIT(MARK_BLOCK));

		return is_paragraph ? PARAGRAPH : LINE;
	}
	if (text[at] == ' ' &&
	    !(within & (MARK_BIT(MARK_CODE) | MARK_BIT(MARK_LINK))))
		return WORD;
	return NO_BOUNDARY;
}

/* The last boundary of the best kind in (from, until]; 0: none. */
static size_t
find_boundary(const struct splitter *s, size_t from, size_t until)
{
	size_t last[NO_BOUNDARY] = { 0 };

	for (size_t at = until; at > from && !last[PARAGRAPH]; at--) {
		enum boundary kind = boundary_at(s, at);

		if (kind != NO_BOUNDARY && !last[kind])
			last[kind] = at;
	}
	for (size_t kind = 0; kind < N_OF(last); kind++)
		if (last[kind])
			return last[kind];
	return 0;
}

/* Where a part that begins at from ends, if it may reach until. */
static size_t
find_cut(const struct splitter *s, size_t from, size_t until)
{
	const char *text = s->markup->text;
	size_t middle = from + (until - from) / 2;
	size_t cut;

	if (until == s->markup->size)
		return until;
	/* A better boundary is not worth a part that is half empty. */
	cut = find_boundary(s, middle, until);
	if (!cut)
		cut = find_boundary(s, from, middle);
	if (cut)
		return cut;
	for (cut = until; cut > from && split_joins(text, cut);)
		cut = split_before(text, cut);
	return cut > from ? cut : until;
}

static size_t
reach(const struct splitter *s, size_t from, size_t units)
{
	size_t size = s->markup->size - from;
	size_t got =
	    utf8_offset(s->markup->text + from, size, units, s->options->unit);

	return from + (got ? got
			   : utf8_offset(s->markup->text + from, size, 2,
				 s->options->unit));
}

static size_t
trim_end(const struct splitter *s, size_t from, size_t until)
{
	const char *text = s->markup->text;

	while (until > from &&
	       (text[until - 1] == ' ' || text[until - 1] == '\n') &&
	       !(s->within[until - 1] & MARK_BIT(MARK_BLOCK)))
		until--;
	return until;
}

/* One try; false when what was written is too long. */
static bool
try_part(const struct splitter *s, size_t from, size_t until, bool is_bare,
    struct buf *out, size_t *units_out)
{
	const struct split_options *o = s->options;
	const char *text = s->markup->text + from;

	buf_reset(out);
	if (is_bare)
		o->renderer->text(out, text, until - from, 0);
	else
		write_marked(s, from, until, out);
	*units_out = o->counts_plain
			 ? utf8_units(text, until - from, o->unit)
			 : utf8_units(out->data, out->size, o->unit);
	return *units_out <= o->limit;
}

/* Writes the part that begins at from; returns where its text was cut. */
static size_t
write_part(const struct splitter *s, size_t from, struct split_part *part)
{
	AUTO(buf_release)
	struct buf out = { 0 };
	size_t limit = s->options->limit, units = limit;
	size_t cut, until, written;
	bool is_bare = false;

	buf_init(&out);
	for (;;) {
		cut = find_cut(s, from, reach(s, from, units));
		until = trim_end(s, from, cut);
		if (try_part(s, from, until, is_bare, &out, &written) ||
		    units <= 1)
			break;
		/* What was cut shrinks as what was written must. */
		units = utf8_units(s->markup->text + from, cut - from,
			    s->options->unit) *
			limit / written;
		if (!is_bare && units < limit / BARE_SHARE) {
			is_bare = true;
			units = limit;
		}
		units = units ? units : 1;
	}
	part->written = arena_strndup(s->arena, out.data, out.size);
	part->plain =
	    arena_strndup(s->arena, s->markup->text + from, until - from);
	return cut;
}

static size_t
skip_gap(const struct splitter *s, size_t at)
{
	const char *text = s->markup->text;

	if (text[at] == '\n' && (s->within[at] & MARK_BIT(MARK_BLOCK)))
		return at + 1;
	if (text[at] == ' ')
		return at + strspn(text + at, " ");
	return at + strspn(text + at, "\n");
}

static bool
is_blank(const char *text)
{
	uint32_t c;
	size_t step, size = strlen(text);

	for (size_t at = 0; at < size; at += step) {
		step = utf8_next(text + at, size - at, &c);
		if (step == 0 || !split_is_invisible(c))
			return false;
	}
	return true;
}

size_t
split_markup(const struct markup *markup, const struct split_options *options,
    struct arena *arena, struct split_part **parts_out)
{
	struct splitter s = {
		.markup = markup,
		.options = options,
		.within = map_marks(markup, arena),
		.arena = arena,
	};
	AUTO(xfree)
	struct split_part *parts = NULL;
	size_t n = 0, room = 0;

	assert(options->limit >= 16);
	for (size_t at = 0; at < markup->size;) {
		if (n == room) {
			room = room ? 2 * room : 4;
			parts = xrealloc(parts, room * sizeof(*parts));
		}
		at = skip_gap(&s, write_part(&s, at, &parts[n]));
		/* Platforms refuse a message that shows nothing. */
		if (!is_blank(parts[n].plain))
			n++;
	}
	*parts_out = arena_alloc(arena, (n + 1) * sizeof(**parts_out));
	if (n > 0)
		memcpy(*parts_out, parts, n * sizeof(*parts));
	return n;
}
