/* The user message, from its parts; pure. */

#include "services/task-engine/knowledge/prompt.h"

#include <stdbool.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/json.h"

enum { MAX_LABEL_BYTES = 160 };

static void
add_quote(struct buf *out, const char *kind, const struct quote *quote,
    const char *fence)
{
	buf_addf(out, "[%s %s: %s]\n", fence, kind, quote->label);
	buf_adds(out, quote->text); /* long: printf is slow at copying */
	buf_addf(out, "\n[end %s]\n", fence);
}

static bool
is_quotable(const struct quote *quote, const char *fence)
{
	return quote->text[0] != '\0' && strstr(quote->text, fence) == NULL &&
	       strstr(quote->label, fence) == NULL;
}

/* Those that fit, best first. */
static void
add_passages(const struct prompt_in *in, size_t room, struct buf *out)
{
	AUTO(buf_release)
	struct buf one, all;

	buf_init(&one);
	buf_init(&all);
	if (room > in->max_passages_bytes)
		room = in->max_passages_bytes;
	for (size_t i = 0; i < in->n_passages; i++) {
		if (!is_quotable(&in->passages[i], in->fence))
			continue;
		buf_reset(&one);
		add_quote(&one, "passage", &in->passages[i], in->fence);
		in->passages[i].is_shown = all.size + one.size <= room;
		if (in->passages[i].is_shown)
			buf_add(&all, one.data, one.size);
	}
	if (all.size == 0)
		return;
	buf_adds(out, "Relevant workspace context:\n");
	buf_add(out, all.data, all.size);
	buf_addc(out, '\n');
}

/* Bytes of the whole lines that fit, without headings that nothing follows. */
static size_t
fit_lines(const char *text, size_t room)
{
	size_t n = 0, end = 0;

	while (text[n] != '\0') {
		size_t size = strcspn(text + n, "\n");
		bool is_heading = text[n] == '#' || size == 0;

		size += text[n + size] == '\n';
		if (n + size > room)
			break;
		n += size;
		if (!is_heading)
			end = n;
	}
	return end;
}

static void
add_summary(const struct prompt_in *in, size_t room, struct buf *out)
{
	static const char heading[] = "Context memory summary:\n";
	const char *label = in->is_refined
				? "what people said here before, as a model "
				  "put it"
				: "what people said here before";
	size_t marks = sizeof(heading) + strlen(label) + 1 +
		       2 * strlen(in->fence) +
		       sizeof("[ summary: ]\n[end ]\n\n");
	size_t n;

	if (room > in->max_summary_bytes)
		room = in->max_summary_bytes;
	n = fit_lines(in->summary, room > marks ? room - marks : 0);
	if (n == 0 || strstr(in->summary, in->fence) != NULL)
		return;
	if (in->summary_bytes_out)
		*in->summary_bytes_out = n;
	buf_addf(out, "%s[%s summary: %s]\n", heading, in->fence, label);
	buf_add(out, in->summary, n);
	buf_addf(out, "%s[end %s]\n\n", in->summary[n - 1] == '\n' ? "" : "\n",
	    in->fence);
}

static size_t
count_lines(const char *text)
{
	size_t n = 1;

	for (; (text = strchr(text, '\n')) != NULL; text++)
		n++;
	return n;
}

static size_t
tail_cost(const struct quote *quote, const char *fence)
{
	return strlen(quote->label) + strlen(quote->text) + 2 * strlen(fence) +
	       sizeof("[ message: ]\n\n[end ]\n");
}

/* The newest that fit, in the order in which they were said. */
static void
add_tail(const struct prompt_in *in, size_t room, struct buf *out)
{
	size_t first = in->n_tail, lines = 0, bytes = 0;

	if (room > in->max_tail_bytes)
		room = in->max_tail_bytes;
	for (size_t i = in->n_tail; i-- > 0; first = i) {
		if (!is_quotable(&in->tail[i], in->fence))
			continue;
		lines += count_lines(in->tail[i].text);
		bytes += tail_cost(&in->tail[i], in->fence);
		if (lines > in->max_tail_lines || bytes > room)
			break;
	}
	if (first == in->n_tail)
		return;
	buf_adds(out, "Recent conversation memory:\n");
	for (size_t i = first; i < in->n_tail; i++) {
		in->tail[i].is_shown = is_quotable(&in->tail[i], in->fence);
		if (in->tail[i].is_shown)
			add_quote(out, "message", &in->tail[i], in->fence);
	}
	buf_adds(out, "\n");
}

/* What a question leaves for the rest. */
static size_t
room_beside(const struct prompt_in *in)
{
	size_t used = strlen(in->question);

	if (used > in->max_question_bytes)
		used = in->max_question_bytes;
	return in->max_bytes > used ? in->max_bytes - used : 0;
}

static size_t
less(size_t room, const struct buf *used)
{
	return room > used->size ? room - used->size : 0;
}

/* One part of the message, in whole items that fit. */
enum { PART_PASSAGES, PART_SUMMARY, PART_TAIL, N_PARTS };
static void (*const add_part[N_PARTS])(
    const struct prompt_in *in, size_t room, struct buf *out) = {
	[PART_PASSAGES] = add_passages,
	[PART_SUMMARY] = add_summary,
	[PART_TAIL] = add_tail,
};

/* What matters most takes its room first; the order is always the same. */
void
prompt_user(const struct prompt_in *in, struct buf *out)
{
	static const unsigned by_need[2][N_PARTS] = {
		{ PART_PASSAGES, PART_TAIL, PART_SUMMARY },
		{ PART_TAIL, PART_SUMMARY, PART_PASSAGES },
	};
	const unsigned *order = by_need[in->is_memory_first];
	struct buf parts[N_PARTS];
	size_t room = room_beside(in);

	for (size_t i = 0; i < N_PARTS; i++)
		buf_init(&parts[i]);
	for (size_t i = 0; i < N_PARTS; i++) {
		add_part[order[i]](in, room, &parts[order[i]]);
		room = less(room, &parts[order[i]]);
	}
	for (size_t i = 0; i < N_PARTS; i++) {
		buf_add(out, parts[i].data, parts[i].size);
		buf_release(&parts[i]);
	}
	if (in->asker[0] != '\0')
		buf_addf(out, "Message from %s:\n", in->asker);
	buf_adds(out, in->question);
}

/* Whole lines of what begins there, unless that loses most of it. */
static const char *
cut_lines(const char *begin, size_t size, size_t max_bytes, struct arena *arena)
{
	size_t n = utf8_cut(begin, size, max_bytes);

	if (n == size)
		return arena_strndup(arena, begin, n);
	for (size_t at = n; at > n / 2; at--)
		if (begin[at] == '\n') {
			n = at;
			break;
		}
	return arena_printf(arena, "%.*s\n…", (int)n, begin);
}

const char *
prompt_excerpt(const char *text, size_t max_bytes, struct arena *arena)
{
	return cut_lines(text, strlen(text), max_bytes, arena);
}

/* Where the next heading outside of fenced code begins, or the end. */
static const char *
find_heading(const char *text)
{
	bool is_fenced = false;

	while (*text != '\0') {
		if (strncmp(text, "```", 3) == 0)
			is_fenced = !is_fenced;
		if (*text == '#' && !is_fenced)
			break;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return text;
}

const char *
prompt_section(const char *text, size_t max_bytes, struct arena *arena)
{
	if (*text == '#')
		text += strcspn(text, "\n");
	text += strspn(text, "\n");
	return cut_lines(
	    text, (size_t)(find_heading(text) - text), max_bytes, arena);
}

const char *
prompt_label(const char *text, size_t max_bytes, struct arena *arena)
{
	size_t n = utf8_cut(text, strlen(text), max_bytes);
	char *label = arena_strndup(arena, text, n);

	for (char *p = label; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f || *p == '[' ||
		    *p == ']')
			*p = ' ';
	return label;
}

const char *
prompt_speaker(const char *role, const char *name, struct arena *arena)
{
	return prompt_label(
	    arena_printf(arena, "%s %s", role, name), MAX_LABEL_BYTES, arena);
}
