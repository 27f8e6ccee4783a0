/* A table as lines of aligned columns. */

#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/markup_parts.h"
#include "libcommon/utf8.h"

enum {
	COLUMNS_MAX = 128, /* as many has md4c */
	/* A wider cell moves what is behind it: a phone shows 40 columns. */
	WIDTH_MAX = 24,
};

static size_t
width_of(const char *text)
{
	size_t width = utf8_units(text, strlen(text), UTF8_CODE_POINTS);

	return width < WIDTH_MAX ? width : WIDTH_MAX;
}

static void
pad(struct buf *out, size_t n, char with)
{
	while (n-- > 0)
		buf_addc(out, with);
}

static void
write_rule(struct buf *out, const size_t *widths, size_t n_columns)
{
	buf_addc(out, '\n');
	for (size_t i = 0; i < n_columns; i++) {
		if (i > 0)
			buf_adds(out, "-+-");
		pad(out, widths[i], '-');
	}
}

/* Columns that are empty up to the cell take their width all the same. */
static void
write_cell(struct buf *out, const struct markup_cell *cell,
    const size_t *widths, size_t from, size_t left)
{
	for (size_t i = from; i < cell->column; i++) {
		pad(out, widths[i] - left, ' ');
		buf_adds(out, " | ");
		left = 0;
	}
	buf_adds(out, cell->text);
}

void
markup_table_write(
    struct buf *out, const struct markup_cell *cells, size_t n_cells)
{
	size_t widths[COLUMNS_MAX] = { 0 };
	size_t n_columns = 0, row = 0, column = 0, left = 0;

	for (size_t i = 0; i < n_cells; i++) {
		size_t width = width_of(cells[i].text);

		if (cells[i].column >= COLUMNS_MAX)
			continue;
		if (widths[cells[i].column] < width)
			widths[cells[i].column] = width;
		if (n_columns <= cells[i].column)
			n_columns = cells[i].column + 1;
	}
	for (size_t i = 0; i < n_cells; i++) {
		if (cells[i].column >= COLUMNS_MAX)
			continue;
		if (cells[i].row != row) {
			if (row == 0)
				write_rule(out, widths, n_columns);
			buf_addc(out, '\n');
			row = cells[i].row;
			column = left = 0;
		}
		write_cell(out, &cells[i], widths, column, left);
		column = cells[i].column;
		left = width_of(cells[i].text);
	}
}
