/* Lines broken at their blanks. */

#include "services/agent-runtime/wrap.h"

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "libcommon/buf.h"
#include "libcommon/fence.h"
#include "libcommon/utf8.h"

enum { TAB_COLUMNS = 8, CODE_INDENT = 4, LIST_DIGITS_MAX = 9 };

struct row {
	struct buf *out;
	size_t width;
	size_t further; /* columns before each row but the first */
	size_t column;
	const char *quote; /* what each row of the line repeats */
	size_t n_quote;
	size_t n_hang; /* columns: that, and the mark of a list */
};

/* In the locale that every Debian has: ours may know no letters. */
static size_t
columns_of(uint32_t c)
{
	static locale_t utf8;
	locale_t before;
	int n;

	if (utf8 == (locale_t)0)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (utf8 == (locale_t)0)
		return 1;
	before = uselocale(utf8);
	n = wcwidth((wchar_t)c);
	uselocale(before);
	return n < 0 ? 1 : (size_t)n;
}

static size_t
width_of(const char *text, size_t size, size_t column)
{
	size_t begin = column;

	while (size > 0) {
		uint32_t c = 0;
		size_t step = utf8_next(text, size, &c);

		if (step == 0)
			step = 1;
		if (c == '\t')
			column += TAB_COLUMNS - column % TAB_COLUMNS;
		else
			column += columns_of(c);
		text += step;
		size -= step;
	}
	return column - begin;
}

/* Bytes of the mark of a list item, with the blank behind it; 0: none. */
static size_t
list_mark(const char *text, size_t size)
{
	size_t n = 0;

	if (size > 1 && strchr("-*+", text[0]) && text[1] == ' ')
		return 2;
	while (
	    n < size && n < LIST_DIGITS_MAX && text[n] >= '0' && text[n] <= '9')
		n++;
	if (n > 0 && n + 1 < size && (text[n] == '.' || text[n] == ')') &&
	    text[n + 1] == ' ')
		return n + 2;
	return 0;
}

/* How the line begins; false: it is to stay as it is. */
static bool
look_at(struct row *row, const struct fence_line *line)
{
	size_t n = 0, n_mark;

	while (n < line->size && (line->text[n] == ' ' || line->text[n] == '>'))
		n++;
	n_mark = list_mark(line->text + n, line->size - n);
	if (n < line->size && line->text[n] == '|')
		return false;
	if (n_mark == 0 && n >= CODE_INDENT &&
	    memchr(line->text, '>', n) == NULL)
		return false;
	row->quote = line->text;
	row->n_quote = n;
	row->n_hang = n + n_mark;
	/* Of a narrow window nothing is given away. */
	if (row->n_hang + row->further > row->width / 2)
		row->n_quote = row->n_hang = 0;
	return true;
}

static void
begin_row(struct row *row)
{
	buf_adds(row->out, "\n");
	buf_add(row->out, row->quote, row->n_quote);
	for (size_t i = row->n_quote; i < row->n_hang; i++)
		buf_adds(row->out, " ");
	row->column = row->further + row->n_hang;
}

static size_t
span(const char *text, size_t size, bool is_blank)
{
	size_t n = 0;

	while (n < size && (text[n] == ' ' || text[n] == '\t') == is_blank)
		n++;
	return n;
}

static void
add_wrapped(struct row *row, const struct fence_line *line)
{
	const char *text = line->text, *end = line->text + line->size;
	bool is_first = true;

	while (text < end) {
		size_t n_blank = span(text, (size_t)(end - text), true);
		size_t n_word =
		    span(text + n_blank, (size_t)(end - text) - n_blank, false);
		size_t n_columns =
		    width_of(text, n_blank + n_word, row->column);

		if (!is_first && n_word > 0 &&
		    row->column + n_columns > row->width) {
			begin_row(row);
			text += n_blank;
			n_columns = width_of(text, n_word, row->column);
			n_blank = 0;
		}
		buf_add(row->out, text, n_blank + n_word);
		row->column += n_columns;
		text += n_blank + n_word;
		/* The mark of a list or a quote is not left alone. */
		is_first = text <= line->text + row->n_hang;
	}
}

void
wrap_add(struct buf *out, const char *text, size_t first, size_t further,
    size_t width)
{
	struct row row = { .out = out, .width = width, .further = further };
	size_t n_marks = 0;
	char mark = 0;

	row.column = first;
	while (*text != '\0') {
		struct fence_line line = fence_line_at(text);
		bool is_code = n_marks > 0;

		if (is_code && fence_closes(&line, mark, n_marks))
			n_marks = 0;
		else if (!is_code)
			n_marks = fence_opens(&line, &mark);
		if (!is_code && n_marks == 0 && look_at(&row, &line))
			add_wrapped(&row, &line);
		else
			buf_add(out, line.text, line.size);
		if (line.text[line.size] == '\n')
			buf_adds(out, "\n");
		row.column = further;
		text = line.next;
	}
}
