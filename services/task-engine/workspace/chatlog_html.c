/* Escapes the HTML in what a chat log quotes, and takes the escape off. Pure. */

#include "services/task-engine/workspace/chatlog_line.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/fence.h"

/*
 * A block of code in which any reader of Markdown sees one: its fence begins a
 * line, and nothing before it could have opened another. All else is not code
 * here, since an escape too many is seen, and one too few hides what follows.
 */
struct sure_code {
	size_t n_marks; /* 0: none is open */
	char mark;
	bool is_unsure; /* from here on */
};

static bool
has_marks(const struct fence_line *line)
{
	return memmem(line->text, line->size, "```", FENCE_LEAST) ||
	       memmem(line->text, line->size, "~~~", FENCE_LEAST);
}

/* Whether the next line is code; its fences are. */
static bool
take_line(struct sure_code *code, const struct fence_line *line)
{
	if (code->n_marks > 0) {
		if (fence_closes(line, code->mark, code->n_marks))
			code->n_marks = 0;
		return true;
	}
	if (code->is_unsure || !has_marks(line))
		return false;
	if (line->text[0] == '`' || line->text[0] == '~')
		code->n_marks = fence_opens(line, &code->mark);
	code->is_unsure = code->n_marks == 0;
	return !code->is_unsure;
}

/* A tag, a comment, an instruction, or an address in "<>", which shows as well
 * without them. */
static bool
begins_html(const char *text, size_t size)
{
	return size > 1 && text[0] == '<' &&
	       (isalpha((unsigned char)text[1]) || text[1] == '/' ||
		   text[1] == '!' || text[1] == '?');
}

static void
add_backslashes(struct buf *out, size_t n)
{
	while (n-- > 0)
		buf_addc(out, '\\');
}

/* The number of "<" that it has dealt with; -1: one has no escape to take off. */
static int64_t
rewrite_line(struct buf *out, const struct fence_line *line, bool is_hiding)
{
	size_t n_backslashes = 0;
	int64_t n = 0;

	for (size_t i = 0; i < line->size; i++) {
		if (line->text[i] == '\\') {
			n_backslashes++;
			continue;
		}
		if (begins_html(line->text + i, line->size - i)) {
			if (!is_hiding && n_backslashes % 2 == 0)
				return -1;
			n_backslashes = is_hiding ? 2 * n_backslashes + 1
						  : n_backslashes / 2;
			n++;
		}
		add_backslashes(out, n_backslashes);
		n_backslashes = 0;
		buf_addc(out, line->text[i]);
	}
	add_backslashes(out, n_backslashes);
	return n;
}

static int64_t
rewrite(struct buf *text, bool is_hiding)
{
	AUTO(buf_release)
	struct buf out = { 0 };
	struct sure_code code = { 0 };
	int64_t n, n_all = 0;

	buf_init(&out);
	for (const char *at = text->data; *at;) {
		struct fence_line line = fence_line_at(at);

		if (take_line(&code, &line)) {
			buf_add(&out, line.text, line.size);
		} else {
			n = rewrite_line(&out, &line, is_hiding);
			if (n < 0)
				return -1;
			n_all += n;
		}
		at = line.next;
		if (at[-1] == '\n')
			buf_addc(&out, '\n');
	}
	buf_release(text);
	*text = out;
	buf_init(&out);
	return n_all;
}

bool
chatlog_html_hide(struct buf *text)
{
	return strchr(text->data, '<') && rewrite(text, true) > 0;
}

int
chatlog_html_show(struct buf *text)
{
	return rewrite(text, false) > 0 ? 0 : -1;
}
