/* What text does by itself on a platform: bare links are links, and nothing
 * calls people or opens programs. Pure. */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/markup.h"
#include "libcommon/markup_parts.h"

/* WORD JOINER: nothing to see, and no line may break there either. */
static const char joiner[] = "\xe2\x81\xa0";

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

static bool
is_scheme(char c)
{
	return (is_word(c) && c != '_') || c == '+' || c == '-' || c == '.';
}

/* "name@example.org" is none. */
static bool
is_mention(const char *text, size_t at)
{
	return text[at] == '@' && is_word(text[at + 1]) &&
	       (at == 0 || (!is_word(text[at - 1]) && text[at - 1] != '.' &&
			       text[at - 1] != '-' && text[at - 1] != '+'));
}

/* As Telegram finds them: "/approve-it" is the command "/approve", and
 * "and/or" or "/etc/motd" are none. */
static bool
is_command(const char *text, size_t at)
{
	size_t n = 1;

	if (text[at] != '/' ||
	    (at > 0 && (is_word(text[at - 1]) || strchr("/<>", text[at - 1]))))
		return false;
	while (is_word(text[at + n]))
		n++;
	return n > 1 && (text[at + n] == '\0' || !strchr("/<>", text[at + n]));
}

static bool
is_pressable(const char *text, size_t at, unsigned flags)
{
	return ((flags & MARKUP_BREAK_MENTIONS) && is_mention(text, at)) ||
	       ((flags & MARKUP_BREAK_COMMANDS) && is_command(text, at));
}

/* Where the scheme before text[at] begins. */
static size_t
scheme_start(const char *text, size_t at)
{
	while (at > 0 && is_scheme(text[at - 1]))
		at--;
	return at;
}

static bool
is_web(const char *text, size_t size)
{
	return (size == 4 && strncasecmp(text, "http", 4) == 0) ||
	       (size == 5 && strncasecmp(text, "https", 5) == 0);
}

/* True at the "//" of "tg://". */
static bool
is_foreign_scheme(const char *text, size_t at)
{
	size_t start;

	if (at == 0 || text[at - 1] != ':' || strncmp(text + at, "//", 2) != 0)
		return false;
	start = scheme_start(text, at - 1);
	return start < at - 1 && !is_web(text + start, at - 1 - start);
}

/* Bytes of the bare link that text begins with, at most size; 0: none. */
static size_t
bare_link(const char *text, size_t size)
{
	size_t head = strcspn(text, ":"), n;

	if (head > 5 || !is_web(text, head) ||
	    strncmp(text + head, "://", 3) != 0)
		return 0;
	n = strcspn(text, " \n\t<>\"`");
	if (n > size)
		n = size;
	/* A sentence's signs behind it are not of it. */
	while (n > 0 && strchr(".,;:!?'*_)]}", text[n - 1]))
		n--;
	return n > head + 3 ? n : 0;
}

/* Marks that platforms look into for nothing. */
static const unsigned opaque =
    MARK_BIT(MARK_CODE) | MARK_BIT(MARK_BLOCK) | MARK_BIT(MARK_LINK);

struct guard {
	const struct markup *from;
	unsigned flags;
	struct arena *arena;
	struct buf text;
	size_t *moved; /* by how much each old position has moved */
	struct mark *marks;
	size_t n_marks, room;
	size_t n_taken;	     /* of the old marks */
	size_t opaque_until; /* of the old text */
};

static void
add_mark(struct guard *g, const struct mark *mark)
{
	if (g->n_marks == g->room) {
		g->room = g->room ? 2 * g->room : 16;
		g->marks = xrealloc(g->marks, g->room * sizeof(*g->marks));
	}
	g->marks[g->n_marks++] = *mark;
	if ((MARK_BIT(mark->kind) & opaque) && mark->end > g->opaque_until)
		g->opaque_until = mark->end;
}

/* Up to where a new mark would cross none of the others. */
static size_t
free_until(const struct guard *g, size_t at)
{
	const struct markup *m = g->from;
	size_t until = m->size;

	if (g->n_taken < m->n_marks)
		until = m->marks[g->n_taken].start;
	for (size_t i = 0; i < g->n_taken; i++)
		if (m->marks[i].end > at && m->marks[i].end < until)
			until = m->marks[i].end;
	return until;
}

static void
mark_bare_link(struct guard *g, size_t at)
{
	const char *text = g->from->text + at;
	size_t n;

	if ((*text != 'h' && *text != 'H') || (at > 0 && is_scheme(text[-1])))
		return;
	n = bare_link(text, g->from->size - at);
	if (n == 0)
		return;
	n = bare_link(text, free_until(g, at) - at);
	if (n == 0)
		return;
	add_mark(g, &(struct mark){
			.kind = MARK_LINK,
			.start = at,
			.end = at + n,
			.detail = arena_strndup(g->arena, text, n),
		    });
}

static void
copy_at(struct guard *g, size_t at)
{
	const struct markup *m = g->from;

	for (; g->n_taken < m->n_marks && m->marks[g->n_taken].start <= at;
	     g->n_taken++)
		add_mark(g, &m->marks[g->n_taken]);
	g->moved[at] = g->text.size - at;
	if (at >= g->opaque_until)
		mark_bare_link(g, at);
	if (at >= g->opaque_until && is_foreign_scheme(m->text, at))
		buf_adds(&g->text, joiner);
	buf_addc(&g->text, m->text[at]);
	if (at >= g->opaque_until && is_pressable(m->text, at, g->flags))
		buf_adds(&g->text, joiner);
}

void
markup_guard(struct markup *markup, unsigned flags, struct arena *arena)
{
	struct guard g = { .from = markup, .flags = flags, .arena = arena };
	struct mark *marks;

	if (!memchr(markup->text, '@', markup->size) &&
	    !memchr(markup->text, '/', markup->size))
		return;
	buf_init(&g.text);
	g.moved = xcalloc(markup->size + 1, sizeof(*g.moved));
	for (size_t at = 0; at < markup->size; at++)
		copy_at(&g, at);
	g.moved[markup->size] = g.text.size - markup->size;
	marks = arena_alloc(arena, (g.n_marks + 1) * sizeof(*marks));
	for (size_t i = 0; i < g.n_marks; i++) {
		marks[i] = g.marks[i];
		marks[i].start += g.moved[marks[i].start];
		marks[i].end += g.moved[marks[i].end];
	}
	*markup = (struct markup){
		.text = arena_strndup(arena, g.text.data, g.text.size),
		.size = g.text.size,
		.marks = marks,
		.n_marks = g.n_marks,
	};
	buf_release(&g.text);
	xfree(&g.moved);
	xfree(&g.marks);
}
