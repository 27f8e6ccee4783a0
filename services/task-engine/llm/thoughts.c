/* What models think aloud, told apart from what they say. Pure. */

#include "services/task-engine/llm/thoughts.h"

#include <string.h>
#include <strings.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"

/* The ways in which models mark what they think; longer names first. */
static const struct {
	const char *open, *close;
} thoughts[] = {
	{ "<thinking", "</thinking" },
	{ "<think", "</think" },
};

/* Behind "<think" or "</think" only blanks and attributes may follow. */
static const char *
tag_end(const char *at, const char *name)
{
	size_t n = strlen(name);

	if (strncasecmp(at, name, n) != 0)
		return NULL;
	at += n;
	if (*at != '>' && *at != ' ' && *at != '\n' && *at != '\t')
		return NULL;
	at += strcspn(at, "<>");
	return *at == '>' ? at + 1 : NULL;
}

/* The first such tag from there on; *end_out is set behind it. */
static const char *
tag_find(const char *from, const char *name, const char **end_out)
{
	for (; (from = strchr(from, '<')) != NULL; from++)
		if ((*end_out = tag_end(from, name)) != NULL)
			return from;
	return NULL;
}

/*
 * The same for one that stands at the beginning or the end of a line of all:
 * within a sentence it is talk about tags.
 */
static const char *
edge_tag_find(
    const char *all, const char *from, const char *name, const char **end_out)
{
	for (; (from = tag_find(from, name, end_out)) != NULL; from++)
		if (from == all || from[-1] == '\n' || **end_out == '\n')
			return from;
	return NULL;
}

/*
 * Copies without the blocks of one kind. Some chat templates put the opening
 * tag into the prompt, so a close without an open ends a thought that began
 * before the answer; an answer that is nothing but a thought without an end is
 * no answer.
 */
static void
drop_thoughts(struct buf *out, const char *text, size_t kind, bool is_cut)
{
	const char *all = text, *open, *open_end, *close, *close_end;

	open = edge_tag_find(all, text, thoughts[kind].open, &open_end);
	close = edge_tag_find(all, text, thoughts[kind].close, &close_end);
	if (close != NULL && (open == NULL || close < open))
		text = close_end;
	while ((open = edge_tag_find(
		    all, text, thoughts[kind].open, &open_end)) != NULL) {
		close = tag_find(open_end, thoughts[kind].close, &close_end);
		if (close == NULL)
			break;
		buf_add(out, text, (size_t)(open - text));
		text = close_end;
	}
	if (open != NULL &&
	    (is_cut || strspn(text, " \t\r\n") == (size_t)(open - text)))
		buf_add(out, text, (size_t)(open - text));
	else
		buf_adds(out, text);
}

/* The same for a fenced block that is called "think". */
static const char fence[] = "```think";

static void
drop_fenced_thoughts(struct buf *out, const char *text)
{
	const char *open, *close;

	while ((open = strstr(text, fence)) != NULL) {
		close = strstr(open + sizeof(fence) - 1, "\n```");
		if (close == NULL || (open != text && open[-1] != '\n'))
			break;
		buf_add(out, text, (size_t)(open - text));
		text = close + strlen("\n```");
	}
	buf_adds(out, text);
}

void
thoughts_drop(struct buf *out, const char *text, bool is_cut)
{
	AUTO(buf_release)
	struct buf a, b;

	buf_init(&a);
	buf_init(&b);
	drop_fenced_thoughts(&a, text);
	for (size_t kind = 0; kind < N_OF(thoughts); kind++) {
		buf_reset(&b);
		drop_thoughts(&b, a.data, kind, is_cut);
		buf_reset(&a);
		buf_adds(&a, b.data);
	}
	buf_adds(out, a.data);
}

/* What a name and a beginning of it have in common up to the text's end. */
static bool
may_become(const char *at, const char *name)
{
	size_t n = strlen(at);

	return n < strlen(name) && strncasecmp(at, name, n) == 0;
}

/* Such a tag, whole or not yet; wherever it stands, since what follows it may
 * be the end of its line. */
static bool
may_be_tag(const char *at, const char *name)
{
	const char *end;

	if (may_become(at, name))
		return true;
	if (strncasecmp(at, name, strlen(name)) != 0)
		return false;
	end = at + strlen(name) + strcspn(at + strlen(name), "<>");
	return *end == '\0' || tag_end(at, name) != NULL;
}

/* The first thought from there on that has no end. */
static const char *
find_open(const char *text, size_t kind)
{
	const char *at = text, *end;

	while ((at = strchr(at, '<')) != NULL) {
		if (!may_be_tag(at, thoughts[kind].open)) {
			at++;
			continue;
		}
		if (tag_find(at + 1, thoughts[kind].close, &end) == NULL)
			return at;
		at = end;
	}
	return NULL;
}

static const char *
find_open_fence(const char *text)
{
	const char *at = text, *close;

	for (; (at = strchr(at, '`')) != NULL; at++) {
		if (may_become(at, fence))
			return at;
		if (strncmp(at, fence, sizeof(fence) - 1) != 0)
			continue;
		close = strstr(at + sizeof(fence) - 1, "\n```");
		if (close == NULL)
			return at;
		at = close + strlen("\n``");
	}
	return NULL;
}

/* An end that is only beginning may be of one that was not begun. */
static const char *
find_cut_close(const char *text)
{
	const char *at = strrchr(text, '<');

	for (size_t i = 0; at != NULL && i < N_OF(thoughts); i++)
		if (strchr(at, '>') == NULL &&
		    may_be_tag(at, thoughts[i].close))
			return at;
	return NULL;
}

size_t
thoughts_before_open(const char *text)
{
	size_t n = strlen(text);
	const char *at[N_OF(thoughts) + 2] = { find_open_fence(text),
		find_cut_close(text) };

	for (size_t i = 0; i < N_OF(thoughts); i++)
		at[i + 2] = find_open(text, i);
	for (size_t i = 0; i < N_OF(at); i++)
		if (at[i] != NULL && (size_t)(at[i] - text) < n)
			n = (size_t)(at[i] - text);
	return n;
}

bool
thoughts_end_unbegun(const char *text)
{
	for (size_t i = 0; i < N_OF(thoughts); i++) {
		const char *open_end, *close_end;
		const char *open =
		    edge_tag_find(text, text, thoughts[i].open, &open_end);
		const char *close =
		    edge_tag_find(text, text, thoughts[i].close, &close_end);

		if (close != NULL && (open == NULL || close < open))
			return true;
	}
	return false;
}
