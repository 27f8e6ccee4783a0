#ifndef LIBCOMMON_MARKUP_PARTS_H
#define LIBCOMMON_MARKUP_PARTS_H

#include <stddef.h>

struct arena;
struct buf;
struct markup;

/* Inside markup: what its parser leaves to others. */

/* One cell of a table, in the order of reading. */
struct markup_cell {
	size_t row, column;
	const char *text;
};
/* Writes the table as lines of aligned columns; row 0 is its head. */
void markup_table_write(
    struct buf *out, const struct markup_cell *cells, size_t n_cells);

/* "&amp;" and the like as text; what is unknown stays as it is. */
void markup_entity_write(struct buf *out, const char *entity, size_t size);

/* Marks bare links, and puts U+2060 where a platform would see a mention or a
 * link of another scheme. */
void markup_guard(struct markup *markup, unsigned flags, struct arena *arena);

#endif
