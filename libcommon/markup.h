#ifndef LIBCOMMON_MARKUP_H
#define LIBCOMMON_MARKUP_H

#include <stddef.h>

struct arena;

/*
 * Markdown as chat platforms can show it: text with marks. Blocks become
 * lines: list items get a bullet or their number, tables become aligned
 * columns in a block, paragraphs are one empty line apart, and a line break
 * stays a line break. Raw HTML is text.
 *
 * What a model wrote can deceive nobody: a link is shown with its target, and
 * is one only if that is http, https or mailto; schemes that open programs are
 * defused with an invisible character (U+2060) wherever they stand, and so are
 * @mentions and /commands if asked.
 */
enum mark_kind {
	MARK_BOLD,
	MARK_ITALIC,
	MARK_STRIKE,
	MARK_CODE,    /* within a line */
	MARK_BLOCK,   /* lines of code; detail: the language or "" */
	MARK_QUOTE,   /* whole lines */
	MARK_HEADING, /* detail: "1" to "6" */
	MARK_LINK,    /* detail: the target, which the marked text shows */
	MARK_KIND_COUNT
};
#define MARK_BIT(kind) (1u << (kind))

struct mark {
	enum mark_kind kind;
	size_t start, end; /* bytes of text; start < end */
	const char *detail;
};

/*
 * Marks are properly nested and sorted: by start, the outer ones first. There
 * is none within MARK_CODE and MARK_BLOCK. A kind may lie within itself.
 */
struct markup {
	const char *text; /* no empty lines at its ends; may be "" */
	size_t size;
	const struct mark *marks;
	size_t n_marks;
};

enum markup_flag {
	MARKUP_BREAK_MENTIONS = 1, /* "@name" does not reach anybody */
	/* "/name" cannot be pressed, which would say it in one's own name */
	MARKUP_BREAK_COMMANDS = 2,
};

/* markdown is valid UTF-8; what out points to lives in the arena. */
void markup_parse(struct markup *out, const char *markdown, size_t size,
    unsigned flags, struct arena *arena);

#endif
