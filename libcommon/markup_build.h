#ifndef LIBCOMMON_MARKUP_BUILD_H
#define LIBCOMMON_MARKUP_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/buf.h"
#include "libcommon/markup.h"
#include "libcommon/markup_parts.h"

struct arena;

/* Inside markup: text and marks as they grow, block by block. */
enum {
	/* Deeper marks and lists are text: no platform shows so many. */
	MARKUP_DEPTH_MAX = 24,
};

#define MARKUP_NOT_BEGUN SIZE_MAX

/* A mark begins with its first text, behind the lines left free before it. */
struct markup_open {
	enum mark_kind kind;
	const char *detail;
	size_t at; /* in marks, or MARKUP_NOT_BEGUN */
};

struct markup_list {
	bool is_ordered;
	unsigned number;
};

struct markup_builder {
	struct arena *arena;
	struct buf text;
	struct mark *marks;
	size_t n_marks, marks_room;
	struct markup_open open[MARKUP_DEPTH_MAX];
	size_t n_open; /* may pass MARKUP_DEPTH_MAX */
	struct markup_list lists[MARKUP_DEPTH_MAX];
	size_t n_lists; /* the same */

	unsigned gap;	     /* line ends before the next text */
	const char *bullet;  /* before the next text, or NULL */
	size_t bullet_depth; /* of open: those began before the bullet */
	bool is_in_code, is_in_block;

	bool is_in_table;
	struct markup_cell *cells;
	size_t n_cells, cells_room;
	size_t n_rows, n_columns; /* so far; columns of the last row */
	struct buf cell;
};

/* At least so many line ends before what comes next. */
void markup_gap(struct markup_builder *b, unsigned lines);
void markup_put(struct markup_builder *b, const char *text, size_t size);
/* What is due before the next text, a bullet above all. */
void markup_flush(struct markup_builder *b);

void
markup_push(struct markup_builder *b, enum mark_kind kind, const char *detail);
/* The mark that ends here, or NULL when there is none to see. */
struct mark *markup_pop(struct markup_builder *b);

#endif
