/* Finds the action blocks of an answer, as CommonMark has its fences. Pure. */

#include "services/task-engine/approvals/proposal.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/fence.h"

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Where the JSON begins in a line that opens an action block, or NULL. */
static const char *
action_body(const struct fence_line *line)
{
	static const char word[] = "action";
	const size_t size = sizeof(word) - 1;
	const char *end = line->text + line->size, *info;
	char mark;

	if (fence_marks(line, &mark, &info) != FENCE_LEAST || mark != '`' ||
	    (size_t)(end - info) < size || strncasecmp(info, word, size) != 0)
		return NULL;
	info += size;
	return info == end || is_space(*info) || *info == '{' ? info : NULL;
}

/* Content may end on the line that it stands on: "{…}```". */
static const char *
closed_at_end_of(const char *from, const struct fence_line *line)
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
block_at(const char *body, const struct fence_line *first)
{
	struct fence_line line = *first;
	const char *end = closed_at_end_of(body, &line);

	while (!end && *line.next) {
		line = fence_line_at(line.next);
		if (fence_closes(&line, '`', FENCE_LEAST))
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
skip_code(const struct fence_line *first, char mark, size_t n_marks)
{
	struct fence_line line = *first;

	while (*line.next) {
		line = fence_line_at(line.next);
		if (fence_closes(&line, mark, n_marks))
			break;
	}
	return line.next;
}

static const char *
read_line(struct proposals *out, struct buf *text, const char *at,
    struct arena *arena)
{
	struct fence_line line = fence_line_at(at);
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
		n = fence_opens(&line, &mark);
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
