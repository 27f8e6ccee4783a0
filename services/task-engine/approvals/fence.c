/* Finds the action blocks of an answer, as CommonMark has its fences. Pure. */

#include "services/task-engine/approvals/fence.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "services/task-engine/approvals/proposal.h"

enum {
	FENCE_INDENT_MAX = 3,
	FENCE_LEAST = 3,
	RULE_LEAST = 3,
	ITEM_DIGITS_MAX = 9,
	ITEM_BLANKS_MAX = 4,
	TAB_COLUMNS = 4,
	END_COLUMN_MAX = 64,
};

struct line {
	const char *text;
	size_t size; /* without its end */
	const char *next;
};

static struct line
line_at(const char *text)
{
	size_t size = strcspn(text, "\n");
	struct line line = { text, size, text + size + (text[size] == '\n') };

	if (line.size && text[line.size - 1] == '\r')
		line.size--;
	return line;
}

/* How many marks the line begins a fence with, and which; 0: it is none. */
static size_t
fence_of(const struct line *line, char *mark_out, const char **info_out)
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

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Where the JSON begins in a line that opens an action block, or NULL. */
static const char *
action_body(const struct line *line)
{
	static const char word[] = "action";
	const size_t size = sizeof(word) - 1;
	const char *end = line->text + line->size, *info;
	char mark;

	if (fence_of(line, &mark, &info) != FENCE_LEAST || mark != '`' ||
	    (size_t)(end - info) < size || strncasecmp(info, word, size) != 0)
		return NULL;
	info += size;
	return info == end || is_space(*info) || *info == '{' ? info : NULL;
}

/* As fence_of, of a line outside of code; "```x```" is a span, not a fence. */
static size_t
opens(const struct line *line, char *mark_out)
{
	const char *end = line->text + line->size, *info;
	size_t n = fence_of(line, mark_out, &info);

	if (n && *mark_out == '`' && memchr(info, '`', (size_t)(end - info)))
		return 0;
	return n;
}

/* Whether the line ends a block of that fence. */
static bool
closes(const struct line *line, char mark, size_t n_marks)
{
	const char *info;
	char found;
	size_t n = fence_of(line, &found, &info);

	return n >= n_marks && found == mark &&
	       is_blank(info, line->text + line->size);
}

/* Content may end on the line that it stands on: "{…}```". */
static const char *
closed_at_end_of(const char *from, const struct line *line)
{
	const char *end = line->text + line->size;

	while (end > from && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (end - from < FENCE_LEAST ||
	    strncmp(end - FENCE_LEAST, "```", FENCE_LEAST) != 0)
		return NULL;
	return end - FENCE_LEAST;
}

struct block {
	const char *json;
	size_t size;
	const char *next; /* NULL: it is not closed */
};

static struct block
block_at(const char *body, const struct line *first)
{
	struct line line = *first;
	const char *end = closed_at_end_of(body, &line);

	while (!end && *line.next) {
		line = line_at(line.next);
		if (closes(&line, '`', FENCE_LEAST))
			end = line.text;
		else
			end = closed_at_end_of(line.text, &line);
	}
	if (!end)
		return (struct block){ body, strlen(body), NULL };
	return (struct block){ body, (size_t)(end - body), line.next };
}

static void
take_block(
    struct proposals *out, const struct block *block, struct arena *arena)
{
	struct proposal item = { 0 };
	struct err err = { 0 };
	size_t from = 0, size = block->size;
	int rc;

	while (from < size && is_space(block->json[from]))
		from++;
	while (size > from && is_space(block->json[size - 1]))
		size--;
	if (!block->next)
		rc = err_set(&err, ERR_INVALID, "it is not complete");
	else
		rc = proposal_read(
		    &item, block->json + from, size - from, arena, &err);
	if (rc == 0 && out->n_items < PROPOSALS_MAX)
		out->items[out->n_items++] = item;
	else if (rc < 0 && out->n_faults < PROPOSALS_MAX)
		out->faults[out->n_faults++] = arena_strdup(arena, err.text);
	else
		out->n_left_out++;
}

/* Past a block of other code, which is text as it is. */
static const char *
skip_code(const struct line *first, char mark, size_t n_marks)
{
	struct line line = *first;

	while (*line.next) {
		line = line_at(line.next);
		if (closes(&line, mark, n_marks))
			break;
	}
	return line.next;
}

static const char *
read_line(struct proposals *out, struct buf *text, const char *at,
    struct arena *arena)
{
	struct line line = line_at(at);
	const char *body = action_body(&line), *next = line.next;
	char mark;
	size_t n;

	if (body) {
		struct block block = block_at(body, &line);

		take_block(out, &block, arena);
		/* What was never closed stays: it may be the whole answer. */
		if (block.next)
			return block.next;
		next = at + strlen(at);
	} else {
		n = opens(&line, &mark);
		if (n)
			next = skip_code(&line, mark, n);
	}
	buf_add(text, at, (size_t)(next - at));
	return next;
}

void
proposals_read(struct proposals *out, const char *answer, struct arena *arena)
{
	AUTO(buf_release)
	struct buf text = { 0 };
	size_t from = 0, size;

	*out = (struct proposals){ 0 };
	buf_init(&text);
	for (const char *at = answer; *at;)
		at = read_line(out, &text, at, arena);
	size = text.size;
	while (from < size && is_space(text.data[from]))
		from++;
	while (size > from && is_space(text.data[size - 1]))
		size--;
	out->text = arena_strndup(arena, text.data + from, size - from);
}

/* What a line is within. */
struct open_fence {
	size_t n_marks; /* 0: none is open */
	size_t column;
	size_t list; /* where the outermost item's text begins; 0: none */
	char mark;
	bool is_in_list;
	bool is_text; /* the line before was, and may go on anywhere */
};

/* The column behind white space from one on; the line begins there then. */
static size_t
take_blanks(struct line *line, size_t column)
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
take_item(struct line *line, size_t column)
{
	size_t mark = item_mark(line->text, line->size), text;
	struct line rest = { line->text + mark, line->size - mark, line->next };

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

/* A paragraph's next line may stand further left than its first. */
static bool
goes_on(const struct open_fence *open, struct line line, size_t column)
{
	return open->is_text && !strchr("#>`~-*_=<", line.text[0]) &&
	       take_item(&line, column) == 0;
}

/* Past the marks of the items that the line begins. */
static void
follow_list(struct open_fence *open, struct line *line, size_t *column)
{
	size_t text;

	if (*column < open->list && !goes_on(open, *line, *column))
		open->list = 0;
	while (line->size > 0 && (text = take_item(line, *column)) > 0) {
		*column = text;
		if (open->list == 0)
			open->list = text;
	}
	open->is_text = line->size > 0 && line->text[0] != '#';
}

/* However far right it stands: so do those read it who show it. */
static void
pass_line(struct open_fence *open, struct line *line)
{
	size_t column = take_blanks(line, 0);

	if (open->n_marks && closes(line, open->mark, open->n_marks)) {
		open->n_marks = 0;
		return;
	}
	/* What stands further left ends the list item that the code is in. */
	if (open->n_marks &&
	    (line->size == 0 || !open->is_in_list || column >= open->column))
		return;
	if (line->size == 0) {
		open->is_text = false;
		return;
	}
	follow_list(open, line, &column);
	open->n_marks = opens(line, &open->mark);
	open->column = column;
	open->is_in_list = open->list > 0 && column >= open->list;
	if (open->n_marks)
		open->is_text = false;
}

void
fence_close(struct buf *text)
{
	struct open_fence open = { 0 };

	for (const char *at = text->data; *at;) {
		struct line line = line_at(at);

		pass_line(&open, &line);
		at = line.next;
	}
	if (!open.n_marks)
		return;
	buf_addc(text, '\n');
	/* Tabs may have brought it anywhere; an end is one further left, too. */
	for (size_t i = 0; i < open.column && i < END_COLUMN_MAX; i++)
		buf_addc(text, ' ');
	while (open.n_marks-- > 0)
		buf_addc(text, open.mark);
}
