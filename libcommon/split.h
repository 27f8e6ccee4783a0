#ifndef LIBCOMMON_SPLIT_H
#define LIBCOMMON_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

#include "libcommon/utf8.h"

struct arena;
struct buf;
struct mark;
struct markup;

/*
 * Cuts text with marks into parts that fit a platform's limit, between
 * paragraphs where it can, else lines, else words; inside a word only when it
 * is longer than a part, and never inside a character, however many code
 * points it has. Marks that a cut runs through are closed and opened again.
 * The same input gives the same parts.
 */

/* How a platform writes marks. within: MARK_BITs of the marks around. Of a kind
 * within itself only the outermost is told. */
struct split_renderer {
	void (*open)(struct buf *out, const struct mark *mark, unsigned within);
	void (*close)(
	    struct buf *out, const struct mark *mark, unsigned within);
	/* A piece of text with the same marks around all of it, which may have
	 * several lines. out ends with what was written before. */
	void (*text)(
	    struct buf *out, const char *text, size_t size, unsigned within);
};

struct split_options {
	size_t limit; /* of one part, at least 16 */
	enum utf8_unit unit;
	bool
	    counts_plain; /* the limit is of the text, not of what is written */
	const struct split_renderer *renderer;
};

struct split_part {
	const char *written; /* by the renderer */
	const char *plain;   /* the same text without marks */
};

/* Returns how many parts there are; 0 when there is nothing to see. */
size_t
split_markup(const struct markup *markup, const struct split_options *options,
    struct arena *arena, struct split_part **parts_out);

#endif
