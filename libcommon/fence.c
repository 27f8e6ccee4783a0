/* Blocks of code in Markdown, as CommonMark has its fences. Pure. */

#include "libcommon/fence.h"

#include <string.h>

#include "libcommon/buf.h"

enum {
	FENCE_INDENT_MAX = 3,
	RULE_LEAST = 3,
	ITEM_DIGITS_MAX = 9,
	ITEM_BLANKS_MAX = 4,
	TAB_COLUMNS = 4,
	END_COLUMN_MAX = 64,
	LEVELS_MAX = 16, /* quotes in quotes; further in all is text */
};

struct fence_line
fence_line_at(const char *text)
{
	size_t size = strcspn(text, "\n");
	struct fence_line line = { text, size,
		text + size + (text[size] == '\n') };

	if (line.size && text[line.size - 1] == '\r')
		line.size--;
	return line;
}

size_t
fence_marks(
    const struct fence_line *line, char *mark_out, const char **info_out)
{
	size_t indent = 0, n = 0;

	while (indent < line->size && line->text[indent] == ' ')
		indent++;
	if (indent > FENCE_INDENT_MAX || indent == line->size)
		return 0;
	*mark_out = line->text[indent];
	if (*mark_out != '`' && *mark_out != '~')
		return 0;
	while (indent + n < line->size && line->text[indent + n] == *mark_out)
		n++;
	*info_out = line->text + indent + n;
	return n >= FENCE_LEAST ? n : 0;
}

static bool
is_blank(const char *from, const char *to)
{
	while (from < to && (*from == ' ' || *from == '\t'))
		from++;
	return from == to;
}

size_t
fence_opens(const struct fence_line *line, char *mark_out)
{
	const char *end = line->text + line->size, *info;
	size_t n = fence_marks(line, mark_out, &info);

	if (n && *mark_out == '`' && memchr(info, '`', (size_t)(end - info)))
		return 0;
	return n;
}

bool
fence_closes(const struct fence_line *line, char mark, size_t n_marks)
{
	const char *info = line->text;
	char found = 0;
	size_t n = fence_marks(line, &found, &info);

	return n >= n_marks && found == mark &&
	       is_blank(info, line->text + line->size);
}

/* What a line is within, outside of quotes or inside of so many. */
struct open_fence {
	size_t n_marks; /* 0: none is open */
	size_t column;
	size_t list; /* where the outermost item's text begins; 0: none */
	size_t item; /* where the innermost one's does */
	char mark;
	bool is_bare; /* that item has no words yet: an empty line ends it */
	bool is_text; /* the line before was, and may go on anywhere */
};

/* The column behind white space from one on; the line begins there then. */
static size_t
take_blanks(struct fence_line *line, size_t column)
{
	for (; line->size > 0 && is_blank(line->text, line->text + 1);
	     line->text++, line->size--)
		column += line->text[0] == ' '
			      ? 1
			      : TAB_COLUMNS - column % TAB_COLUMNS;
	return column;
}

/* "---", "* * *": no items, though they begin so. */
static bool
is_rule(const char *text, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i++) {
		if (text[i] != text[0] && text[i] != ' ' && text[i] != '\t')
			return false;
		n += text[i] == text[0];
	}
	return n >= RULE_LEAST;
}

/* Bytes of "-", "+", "*", "12." or "12)"; 0: it begins no item. */
static size_t
item_mark(const char *text, size_t size)
{
	size_t n = 0;

	if (size > 0 && strchr("-+*", text[0]))
		return is_rule(text, size) ? 0 : 1;
	while (
	    n < size && n < ITEM_DIGITS_MAX && text[n] >= '0' && text[n] <= '9')
		n++;
	return n > 0 && n < size && strchr(".)", text[n]) ? n + 1 : 0;
}

/* The column at which the text of an item begins, which the line is then; 0:
 * it begins none. */
static size_t
take_item(struct fence_line *line, size_t column)
{
	size_t mark = item_mark(line->text, line->size), text;
	struct fence_line rest = { line->text + mark, line->size - mark,
		line->next };

	if (mark == 0)
		return 0;
	column += mark;
	text = take_blanks(&rest, column);
	if (text == column && rest.size > 0)
		return 0;
	*line = rest;
	return rest.size == 0 || text > column + ITEM_BLANKS_MAX ? column + 1
								 : text;
}

/* A paragraph's next line may stand further left than its first, and without
 * the marks of its quote. */
static bool
goes_on(const struct open_fence *levels, size_t n, struct fence_line line,
    size_t column)
{
	bool is_text = false;

	for (size_t i = 0; i < n; i++)
		is_text |= levels[i].is_text;
	return is_text && line.size > 0 && !strchr("#>`~-*_=<", line.text[0]) &&
	       take_item(&line, column) == 0;
}

/* Words go on through what is no whole item, or not the first of its list. */
static bool
is_in_words(const struct open_fence *open, const struct fence_line *line)
{
	size_t mark = item_mark(line->text, line->size);

	if (!open->is_text || mark == 0)
		return false;
	return is_blank(line->text + mark, line->text + line->size) ||
	       mark > 2 || (mark == 2 && line->text[0] != '1');
}

/* What underlines words ends them. */
static bool
is_text_begun(const struct open_fence *open, const struct fence_line *line)
{
	const char *text = line->text;

	if (line->size == 0 || text[0] == '#' ||
	    (strchr("-*_", text[0]) && is_rule(text, line->size)))
		return false;
	return !open->is_text || strspn(text, "-=") < line->size;
}

/* Past the marks of the items that the line begins. Whether it is still in the
 * item that the line before was in. */
static bool
follow_list(struct open_fence *open, struct fence_line *line, size_t *column,
    bool is_lazy)
{
	size_t text;
	bool is_same = *column >= open->list || is_lazy;

	if (!is_same) {
		open->list = 0;
		open->is_text = false;
	}
	if (*column < open->item && !is_lazy)
		open->item = open->list;
	open->is_bare = false;
	while (line->size > 0 && !is_in_words(open, line) &&
	       (text = take_item(line, *column)) > 0) {
		*column = text;
		open->is_bare = open->list == 0 && line->size == 0;
		open->item = text;
		if (open->list == 0)
			open->list = text;
		is_same = false;
		open->is_text = false;
	}
	open->is_text = is_text_begun(open, line);
	return is_same;
}

static struct open_fence *
find_code(struct open_fence *levels, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (levels[i].n_marks)
			return &levels[i];
	return NULL;
}

static void
leave_quotes(struct open_fence *levels, size_t n)
{
	memset(levels + 1, 0, (n - 1) * sizeof(*levels));
}

/* What stands in an item or outside of one, of quotes none. */
static void
pass_block(
    struct open_fence *open, const struct fence_line *line, size_t column)
{
	open->n_marks = fence_opens(line, &open->mark);
	open->column = column;
	if (open->n_marks)
		open->is_text = false;
}

/* Whether it is a line of a quote: what is in that is for the next level. */
static bool
pass_level(struct open_fence *levels, size_t n, struct fence_line *line)
{
	size_t column = take_blanks(line, 0);
	struct open_fence *open = levels, *code = find_code(levels, n);
	bool is_lazy = goes_on(levels, n, *line, column);

	/* However far right or left it stands, and outside of the quote, too:
	 * so does md4c read it, by which it is shown. */
	if (code && fence_closes(line, code->mark, code->n_marks)) {
		code->n_marks = 0;
		if (column < open->list)
			open->list = 0;
		if (column < open->item)
			open->item = open->list;
		leave_quotes(levels, n);
		return false;
	}
	/* What stands further left ends the list item that the code is in. */
	if (open->n_marks && (line->size == 0 || column >= open->item))
		return false;
	open->n_marks = 0;
	if (line->size == 0) {
		if (open->is_bare)
			open->list = open->item = 0;
		open->is_text = false;
		leave_quotes(levels, n);
		return false;
	}
	if (!follow_list(open, line, &column, is_lazy))
		leave_quotes(levels, n);
	if (n > 1 && line->size > 0 && line->text[0] == '>') {
		line->text++;
		line->size--;
		open->is_text = false;
		return true;
	}
	if (!is_lazy)
		leave_quotes(levels, n);
	pass_block(open, line, column);
	return false;
}

static void
pass_line(struct open_fence *levels, struct fence_line *line)
{
	size_t n = 0;

	while (pass_level(levels + n, LEVELS_MAX - n, line))
		n++;
}

void
fence_close(struct buf *text)
{
	struct open_fence levels[LEVELS_MAX] = { 0 }, *open = levels;

	for (const char *at = text->data; *at;) {
		struct fence_line line = fence_line_at(at);

		pass_line(levels, &line);
		at = line.next;
	}
	/* A quote ends by itself, with the code in it. */
	if (!open->n_marks)
		return;
	buf_addc(text, '\n');
	/* Tabs may have brought it anywhere; an end is one further left, too. */
	for (size_t i = 0; i < open->column && i < END_COLUMN_MAX; i++)
		buf_addc(text, ' ');
	while (open->n_marks-- > 0)
		buf_addc(text, open->mark);
}
