/* Markdown to sections: text in, pieces out; knows nothing of files. */

#include "services/indexer/chunk.h"

#include <stdbool.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/fence.h"
#include "libcommon/utf8.h"
#include "services/indexer/snippet.h"

enum { N_LEVELS = 6 };

struct line {
	const char *start;
	size_t size; /* without its end */
	const char *next;
};

struct splitter {
	struct arena *arena;
	struct chunks *out;
	size_t room;
	const char *end;

	const char *levels[N_LEVELS]; /* the headings above, NULL: none */
	size_t n_marks; /* of the fenced code that it is within; 0: none */
	char mark;

	const char *body; /* where the open section's text begins */
	int64_t body_line;
	bool is_headed;	 /* it has a heading of its own */
	const char *gap; /* last blank line within it */
	int64_t gap_line;

	struct line above; /* the line before, when it was a paragraph's */
	bool is_above_alone;
};

static struct line
line_at(const char *start, const char *end)
{
	const char *stop = memchr(start, '\n', (size_t)(end - start));
	struct line line = {
		.start = start,
		.size = (size_t)((stop ? stop : end) - start),
		.next = stop ? stop + 1 : end,
	};

	if (line.size > 0 && start[line.size - 1] == '\r')
		line.size--;
	return line;
}

static size_t
count_while(const struct line *line, size_t at, char c)
{
	size_t n = at;

	while (n < line->size && line->start[n] == c)
		n++;
	return n - at;
}

static char
char_at(const struct line *line, size_t at)
{
	if (at >= line->size)
		return ' ';
	return line->start[at];
}

static bool
is_blank(const struct line *line)
{
	for (size_t i = 0; i < line->size; i++)
		if (line->start[i] != ' ' && line->start[i] != '\t')
			return false;
	return true;
}

static const char *
heading_path(const struct splitter *sp)
{
	const char *path = "";

	for (size_t i = 0; i < N_LEVELS; i++) {
		if (!sp->levels[i] || sp->levels[i][0] == '\0')
			continue;
		path = path[0] == '\0' ? sp->levels[i]
				       : arena_printf(sp->arena, "%s > %s",
					     path, sp->levels[i]);
	}
	return path;
}

static void
add_section(struct splitter *sp, const char *body, size_t size, int64_t line)
{
	struct chunks *out = sp->out;

	if (out->n_sections == sp->room) {
		size_t room = sp->room ? sp->room * 2 : 8;
		struct section *more =
		    arena_alloc(sp->arena, room * sizeof(*more));

		if (out->n_sections > 0)
			memcpy(more, out->sections,
			    out->n_sections * sizeof(*more));
		out->sections = more;
		sp->room = room;
	}
	out->sections[out->n_sections++] = (struct section){
		.heading = heading_path(sp),
		.body = body,
		.body_size = size,
		.line = line,
	};
}

/* Where a piece of a line without end may be cut: behind a space if it can. */
static size_t
cut_within(const char *text, size_t size)
{
	size_t cut = utf8_cut(text, size, CHUNK_AIM_BYTES);

	for (size_t i = cut; i > cut / 2; i--)
		if (text[i - 1] == ' ')
			return i;
	return cut > 0 ? cut : size;
}

static bool
is_full(const struct splitter *sp)
{
	/* Room for what is open and for the rest of the text. */
	return sp->out->n_sections >= CHUNK_MAX_SECTIONS - 2;
}

/* Ends the open section before stop; the next one begins at body. */
static void
close_section(struct splitter *sp, const char *stop, const char *body,
    int64_t body_line, bool is_headed)
{
	const char *at = sp->body;
	struct line all = { at, (size_t)(stop - at), stop };
	bool is_empty = true;

	for (size_t i = 0; i < all.size && is_empty; i++)
		is_empty = (unsigned char)at[i] <= ' ';
	/* Only one line of monstrous length is still too long here. */
	while (stop - at > (ptrdiff_t)2 * CHUNK_AIM_BYTES && !is_full(sp)) {
		size_t n = cut_within(at, (size_t)(stop - at));

		add_section(sp, at, n, sp->body_line);
		at += n;
	}
	if (!is_empty || sp->is_headed)
		add_section(sp, at, (size_t)(stop - at), sp->body_line);
	sp->body = body;
	sp->body_line = body_line;
	sp->is_headed = is_headed;
	sp->gap = NULL;
}

static void
set_heading(struct splitter *sp, size_t level, const char *text, size_t size)
{
	const char *heading =
	    snippet_clean(text, size, CHUNK_HEADING_BYTES, sp->arena);

	sp->levels[level - 1] = heading;
	for (size_t i = level; i < N_LEVELS; i++)
		sp->levels[i] = NULL;
	if (sp->out->title[0] == '\0')
		sp->out->title =
		    snippet_clean(text, size, CHUNK_TITLE_BYTES, sp->arena);
}

/* "## Install ##" */
static bool
take_atx(struct splitter *sp, const struct line *line, int64_t number)
{
	size_t indent = count_while(line, 0, ' ');
	size_t level = count_while(line, indent, '#');
	size_t from = indent + level;
	size_t size = line->size;
	size_t tail;

	if (indent > 3 || level < 1 || level > N_LEVELS ||
	    (from < size && line->start[from] != ' ' &&
		line->start[from] != '\t'))
		return false;
	while (size > from && line->start[size - 1] == ' ')
		size--;
	tail = size;
	while (tail > from && line->start[tail - 1] == '#')
		tail--;
	if (tail == from || line->start[tail - 1] == ' ')
		size = tail;
	close_section(sp, line->start, line->next, number, true);
	set_heading(sp, level, line->start + from, size - from);
	return true;
}

/* A line of text, underlined with = or -. */
static bool
take_setext(struct splitter *sp, const struct line *line, int64_t number)
{
	size_t indent = count_while(line, 0, ' ');
	char c = char_at(line, indent);
	size_t n = count_while(line, indent, c);
	struct line rest = {
		.start = line->start + indent + n,
		.size = line->size - indent - n,
	};

	if (indent > 3 || (c != '=' && c != '-') || !is_blank(&rest) ||
	    !sp->above.start || !sp->is_above_alone)
		return false;
	close_section(sp, sp->above.start, line->next, number - 1, true);
	set_heading(sp, c == '=' ? 1 : 2, sp->above.start, sp->above.size);
	return true;
}

/* Returns whether the line opens, ends or is within fenced code. */
static bool
take_fence(struct splitter *sp, const struct line *line)
{
	const struct fence_line at = { line->start, line->size, line->next };

	if (sp->n_marks == 0) {
		sp->n_marks = fence_opens(&at, &sp->mark);
		return sp->n_marks > 0;
	}
	if (fence_closes(&at, sp->mark, sp->n_marks))
		sp->n_marks = 0;
	return true;
}

/* Remembers whether the next line could make this one a heading. */
static void
note_paragraph(struct splitter *sp, const struct line *line)
{
	size_t indent = count_while(line, 0, ' ');
	bool is_text = indent <= 3 && indent < line->size && !is_blank(line) &&
		       !strchr(">-*+#|\t<", line->start[indent]);

	sp->is_above_alone = is_text && !sp->above.start;
	sp->above.start = is_text ? line->start : NULL;
	sp->above.size = line->size;
}

/* Cuts a section that grew too long: at a blank line if that is not far. */
static void
cut_long(struct splitter *sp, const struct line *line, int64_t number)
{
	if (line->next - sp->body <= CHUNK_AIM_BYTES || line->start == sp->body)
		return;
	if (sp->gap && sp->gap - sp->body > CHUNK_AIM_BYTES / 3)
		close_section(sp, sp->gap, sp->gap, sp->gap_line, false);
	else
		close_section(sp, line->start, line->start, number, false);
}

static void
take_line(struct splitter *sp, const struct line *line, int64_t number)
{
	bool is_code;

	if (is_full(sp))
		return;
	is_code = take_fence(sp, line);
	if (!is_code &&
	    (take_atx(sp, line, number) || take_setext(sp, line, number))) {
		sp->above.start = NULL;
		return;
	}
	cut_long(sp, line, number);
	if (is_code) {
		sp->above.start = NULL;
		return;
	}
	if (is_blank(line)) {
		sp->gap = line->next;
		sp->gap_line = number + 1;
	}
	note_paragraph(sp, line);
}

static void
take_title(struct splitter *sp, const struct line *line)
{
	static const char key[] = "title:";
	const char *text = line->start + strlen(key);
	size_t size;

	if (line->size < strlen(key) ||
	    memcmp(line->start, key, strlen(key)) != 0)
		return;
	size = line->size - strlen(key);
	while (size > 0 && strchr(" \t\"'", text[0])) {
		text++;
		size--;
	}
	while (size > 0 && strchr(" \t\"'", text[size - 1]))
		size--;
	sp->out->title =
	    snippet_clean(text, size, CHUNK_TITLE_BYTES, sp->arena);
}

/* Returns where the lines behind the front matter begin; at when none is. */
static const char *
take_front_matter(struct splitter *sp, const char *at, int64_t *number)
{
	struct line line = line_at(at, sp->end);
	int64_t n = 1;

	if (line.size != 3 || memcmp(line.start, "---", 3) != 0)
		return at;
	while (line.next < sp->end) {
		line = line_at(line.next, sp->end);
		n++;
		take_title(sp, &line);
		if (line.size == 3 && (memcmp(line.start, "---", 3) == 0 ||
					  memcmp(line.start, "...", 3) == 0)) {
			*number += n;
			return line.next;
		}
	}
	/* It never ended, so it was a rule and text. */
	sp->out->title = "";
	return at;
}

void
chunk_split(
    struct chunks *out, const char *text, size_t size, struct arena *arena)
{
	static const char mark[] = "\xef\xbb\xbf";
	struct splitter sp = {
		.arena = arena,
		.out = out,
		.end = text + size,
		.body_line = 1,
	};
	const char *at = text;
	int64_t number = 1;

	*out = (struct chunks){ .title = "" };
	if (size >= strlen(mark) && memcmp(text, mark, strlen(mark)) == 0)
		at += strlen(mark);
	sp.body = at;
	at = take_front_matter(&sp, at, &number);
	while (at < sp.end) {
		struct line line = line_at(at, sp.end);

		take_line(&sp, &line, number++);
		at = line.next;
	}
	close_section(&sp, sp.end, sp.end, number, false);
	if (out->n_sections == 0)
		add_section(&sp, sp.end, 0, 1);
}
