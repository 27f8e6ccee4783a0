/* Markdown to text with marks, by md4c; the only includer of md4c.h. */

#include "libcommon/markup.h"

#include <md4c.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/markup_build.h"
#include "libcommon/utf8.h"

enum {
	/* Without its flags for bare links: 0.4.8 reads beyond the text with
	 * them when brackets stand around one. markup_guard finds them. */
	DIALECT = MD_FLAG_NOINDENTEDCODEBLOCKS | MD_FLAG_NOHTML |
		  MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS,
};

static void
put_line_end(struct markup_builder *b)
{
	if (b->is_in_table || b->is_in_code)
		markup_put(b, " ", 1);
	else
		markup_gap(b, 1);
}

static const char *
attribute(struct markup_builder *b, const MD_ATTRIBUTE *from)
{
	AUTO(buf_release)
	struct buf out = { 0 };

	buf_init(&out);
	for (size_t i = 0; from->text && from->substr_offsets[i] < from->size;
	     i++) {
		const char *text = from->text + from->substr_offsets[i];
		size_t size =
		    from->substr_offsets[i + 1] - from->substr_offsets[i];

		if (from->substr_types[i] == MD_TEXT_ENTITY)
			markup_entity_write(&out, text, size);
		else
			buf_add(&out, text, size);
	}
	return arena_strndup(b->arena, out.data, out.size);
}

/* What turns the reading direction or the line has no place in a target. */
static const char *
clean_target(struct markup_builder *b, const char *target)
{
	AUTO(buf_release)
	struct buf out = { 0 };
	uint32_t c;
	size_t step;

	buf_init(&out);
	for (; (step = utf8_next(target, strlen(target), &c)) > 0;
	     target += step)
		if (utf8_is_deceptive(c))
			buf_adds(&out, "\xef\xbf\xbd");
		else
			buf_add(&out, target, step);
	return arena_strndup(b->arena, out.data, out.size);
}

static bool
is_safe_target(const char *target)
{
	static const char *const schemes[] = { "http://", "https://",
		"mailto:" };

	if (strpbrk(target, " \"<>`\\") || strstr(target, "\xef\xbf\xbd"))
		return false;
	for (size_t i = 0; i < N_OF(schemes); i++)
		if (strncasecmp(target, schemes[i], strlen(schemes[i])) == 0)
			return true;
	return false;
}

static bool
shows_target(const char *label, size_t size, const char *target)
{
	if (strncasecmp(target, "mailto:", 7) == 0 &&
	    strncasecmp(label, "mailto:", 7) != 0)
		target += 7;
	return size == strlen(target) && memcmp(label, target, size) == 0;
}

/* No mark may lie within code. */
static void
drop_marks_from(struct markup_builder *b, size_t at)
{
	for (size_t i = at; i < b->n_marks; i++)
		b->marks[i].end = b->marks[i].start;
}

static void
put_target(struct markup_builder *b, const char *target, bool is_behind_label)
{
	bool is_link = is_safe_target(target);

	if (is_behind_label)
		markup_put(b, " (", 2);
	markup_push(b, is_link ? MARK_LINK : MARK_CODE, is_link ? target : "");
	markup_put(b, target, strlen(target));
	markup_pop(b);
	if (is_behind_label)
		markup_put(b, ")", 1);
}

static void
leave_link_in_table(struct markup_builder *b, const char *target)
{
	if (*target && !strstr(b->cell.data, target))
		buf_addf(
		    &b->cell, "%s(%s)", b->cell.size > 0 ? " " : "", target);
}

static void
leave_link(struct markup_builder *b, const MD_ATTRIBUTE *to)
{
	const char *target = clean_target(b, attribute(b, to));
	struct mark *mark;

	if (b->is_in_table) {
		leave_link_in_table(b, target);
		return;
	}
	mark = markup_pop(b);
	if (mark && shows_target(b->text.data + mark->start,
			mark->end - mark->start, target)) {
		mark->detail = target;
		if (is_safe_target(target))
			return;
		mark->kind = MARK_CODE;
		mark->detail = "";
		drop_marks_from(b, (size_t)(mark - b->marks) + 1);
		return;
	}
	if (mark)
		mark->end = mark->start;
	if (*target)
		put_target(b, target, mark != NULL);
}

static void
enter_item(struct markup_builder *b, const MD_BLOCK_LI_DETAIL *item)
{
	struct markup_list *list;

	markup_gap(b, 1);
	b->bullet = "\xe2\x80\xa2 ";
	b->bullet_depth = b->n_open;
	if (b->n_lists == 0 || b->n_lists > MARKUP_DEPTH_MAX)
		return;
	list = &b->lists[b->n_lists - 1];
	if (list->is_ordered)
		b->bullet = arena_printf(b->arena, "%u. ", list->number++);
	if (item->is_task)
		b->bullet =
		    item->task_mark == ' ' ? "\xe2\x98\x90 " : "\xe2\x98\x91 ";
}

static void
enter_list(struct markup_builder *b, bool is_ordered, unsigned start)
{
	markup_gap(b, b->n_lists > 0 ? 1 : 2);
	if (b->n_lists < MARKUP_DEPTH_MAX)
		b->lists[b->n_lists] =
		    (struct markup_list){ is_ordered, start };
	b->n_lists++;
}

static void
leave_list(struct markup_builder *b)
{
	b->n_lists--;
	markup_gap(b, 2);
}

/* A block that follows a bullet without text begins on a line of its own. */
static void
begin_block(struct markup_builder *b)
{
	if (b->bullet)
		markup_flush(b);
	markup_gap(b, 2);
}

static void
enter_code(struct markup_builder *b, const MD_BLOCK_CODE_DETAIL *code)
{
	begin_block(b);
	markup_push(b, MARK_BLOCK, attribute(b, &code->lang));
	b->is_in_block = true;
}

static void
leave_code(struct markup_builder *b)
{
	struct mark *mark = markup_pop(b);

	b->is_in_block = false;
	/* The line end of its last line is not of the code. */
	if (mark && b->text.data[b->text.size - 1] == '\n') {
		buf_truncate(&b->text, b->text.size - 1);
		mark->end = b->text.size;
	}
	markup_gap(b, 2);
}

static void
leave_table(struct markup_builder *b)
{
	AUTO(buf_release)
	struct buf lines = { 0 };

	b->is_in_table = false;
	buf_init(&lines);
	markup_table_write(&lines, b->cells, b->n_cells);
	begin_block(b);
	markup_push(b, MARK_BLOCK, "");
	b->is_in_block = true;
	markup_put(b, lines.data, lines.size);
	b->is_in_block = false;
	markup_pop(b);
	markup_gap(b, 2);
}

static void
enter_table(struct markup_builder *b)
{
	b->is_in_table = true;
	b->n_cells = b->n_rows = 0;
}

static void
leave_cell(struct markup_builder *b)
{
	size_t column = b->n_columns++;

	/* Rows are filled up with empty cells: thousands, from a few bytes. */
	if (b->cell.size == 0)
		return;
	if (b->n_cells == b->cells_room) {
		b->cells_room = b->cells_room ? 2 * b->cells_room : 64;
		b->cells =
		    xrealloc(b->cells, b->cells_room * sizeof(*b->cells));
	}
	b->cells[b->n_cells++] = (struct markup_cell){
		.row = b->n_rows,
		.column = column,
		.text = arena_strndup(b->arena, b->cell.data, b->cell.size),
	};
}

static int
on_enter_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
	static const char *const levels[] = { "", "1", "2", "3", "4", "5",
		"6" };
	struct markup_builder *b = arg;

	switch (type) {
	case MD_BLOCK_DOC:
	case MD_BLOCK_HTML: /* switched off */
	case MD_BLOCK_THEAD:
	case MD_BLOCK_TBODY:
		break;
	case MD_BLOCK_QUOTE:
		begin_block(b);
		markup_push(b, MARK_QUOTE, "");
		break;
	case MD_BLOCK_UL:
		enter_list(b, false, 0);
		break;
	case MD_BLOCK_OL:
		enter_list(b, true, ((MD_BLOCK_OL_DETAIL *)detail)->start);
		break;
	case MD_BLOCK_LI:
		enter_item(b, detail);
		break;
	case MD_BLOCK_HR:
		begin_block(b);
		markup_put(b, "\xe2\x80\x94\xe2\x80\x94\xe2\x80\x94", 9);
		markup_gap(b, 2);
		break;
	case MD_BLOCK_H:
		markup_gap(b, 2);
		markup_push(b, MARK_HEADING,
		    levels[((MD_BLOCK_H_DETAIL *)detail)->level]);
		break;
	case MD_BLOCK_CODE:
		enter_code(b, detail);
		break;
	case MD_BLOCK_P:
		markup_gap(b, 2);
		break;
	case MD_BLOCK_TABLE:
		enter_table(b);
		break;
	case MD_BLOCK_TR:
		b->n_columns = 0;
		break;
	case MD_BLOCK_TH:
	case MD_BLOCK_TD:
		buf_reset(&b->cell);
		break;
	}
	return 0;
}

static int
on_leave_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
	struct markup_builder *b = arg;

	(void)detail;
	switch (type) {
	case MD_BLOCK_DOC:
	case MD_BLOCK_HTML:
	case MD_BLOCK_HR:
	case MD_BLOCK_THEAD:
	case MD_BLOCK_TBODY:
		break;
	case MD_BLOCK_QUOTE:
	case MD_BLOCK_H:
		markup_pop(b);
		markup_gap(b, 2);
		break;
	case MD_BLOCK_UL:
	case MD_BLOCK_OL:
		leave_list(b);
		break;
	case MD_BLOCK_LI:
		/* An item without text is shown all the same. */
		if (b->bullet)
			markup_flush(b);
		markup_gap(b, 1);
		break;
	case MD_BLOCK_CODE:
		leave_code(b);
		break;
	case MD_BLOCK_P:
		markup_gap(b, 2);
		break;
	case MD_BLOCK_TABLE:
		leave_table(b);
		break;
	case MD_BLOCK_TR:
		b->n_rows++;
		break;
	case MD_BLOCK_TH:
	case MD_BLOCK_TD:
		leave_cell(b);
		break;
	}
	return 0;
}

/* Spans that are a mark and nothing more. */
static bool
find_span(MD_SPANTYPE type, enum mark_kind *kind_out)
{
	static const struct {
		MD_SPANTYPE type;
		enum mark_kind kind;
	} rows[] = {
		{ MD_SPAN_EM, MARK_ITALIC },
		{ MD_SPAN_STRONG, MARK_BOLD },
		{ MD_SPAN_DEL, MARK_STRIKE },
		{ MD_SPAN_CODE, MARK_CODE },
		{ MD_SPAN_A, MARK_LINK },
		{ MD_SPAN_IMG, MARK_LINK },
	};

	for (size_t i = 0; i < N_OF(rows); i++) {
		if (rows[i].type != type)
			continue;
		*kind_out = rows[i].kind;
		return true;
	}
	return false;
}

static int
on_enter_span(MD_SPANTYPE type, void *detail, void *arg)
{
	struct markup_builder *b = arg;
	enum mark_kind kind;

	(void)detail;
	if (type == MD_SPAN_CODE)
		b->is_in_code = true;
	if (!b->is_in_table && find_span(type, &kind))
		markup_push(b, kind, "");
	return 0;
}

static int
on_leave_span(MD_SPANTYPE type, void *detail, void *arg)
{
	struct markup_builder *b = arg;
	enum mark_kind kind;

	if (type == MD_SPAN_CODE)
		b->is_in_code = false;
	if (type == MD_SPAN_A)
		leave_link(b, &((MD_SPAN_A_DETAIL *)detail)->href);
	else if (type == MD_SPAN_IMG)
		leave_link(b, &((MD_SPAN_IMG_DETAIL *)detail)->src);
	else if (!b->is_in_table && find_span(type, &kind))
		markup_pop(b);
	return 0;
}

static void
put_entity(struct markup_builder *b, const char *text, size_t size)
{
	AUTO(buf_release)
	struct buf out = { 0 };

	buf_init(&out);
	markup_entity_write(&out, text, size);
	markup_put(b, out.data, out.size);
}

static int
on_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *arg)
{
	struct markup_builder *b = arg;

	switch (type) {
	case MD_TEXT_NORMAL:
	case MD_TEXT_CODE:
	case MD_TEXT_HTML:
	case MD_TEXT_LATEXMATH:
		markup_put(b, text, size);
		break;
	case MD_TEXT_NULLCHAR:
		markup_put(b, "\xef\xbf\xbd", 3);
		break;
	case MD_TEXT_BR:
	case MD_TEXT_SOFTBR:
		put_line_end(b);
		break;
	case MD_TEXT_ENTITY:
		put_entity(b, text, size);
		break;
	}
	return 0;
}

static void
hand_over(struct markup_builder *b, struct markup *out)
{
	struct mark *marks =
	    arena_alloc(b->arena, (b->n_marks + 1) * sizeof(*marks));

	*out = (struct markup){
		.text = arena_strndup(b->arena, b->text.data, b->text.size),
		.size = b->text.size,
		.marks = marks,
	};
	for (size_t i = 0; i < b->n_marks; i++)
		if (b->marks[i].start < b->marks[i].end)
			marks[out->n_marks++] = b->marks[i];
}

void
markup_parse(struct markup *out, const char *markdown, size_t size,
    unsigned flags, struct arena *arena)
{
	static const MD_PARSER parser = {
		.flags = DIALECT,
		.enter_block = on_enter_block,
		.leave_block = on_leave_block,
		.enter_span = on_enter_span,
		.leave_span = on_leave_span,
		.text = on_text,
	};
	struct markup_builder b = { .arena = arena };
	/* 0.4.8 looks at the byte behind the text, whose end may be that of a
	 * link without it: there is one, and it ends nothing. */
	AUTO(xfree)
	char *ended = xcalloc(1, size + 1);

	if (size)
		memcpy(ended, markdown, size);
	buf_init(&b.text);
	buf_init(&b.cell);
	/* It fails without memory only, where everything of ours aborts. */
	if (md_parse(ended, (MD_SIZE)size, &parser, &b) != 0)
		abort();
	hand_over(&b, out);
	markup_guard(out, flags, arena);
	buf_release(&b.text);
	buf_release(&b.cell);
	xfree(&b.marks);
	xfree(&b.cells);
}
