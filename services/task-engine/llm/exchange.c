/* What all providers' answers have in common; pure. */

#include "services/task-engine/llm/exchange.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/utf8.h"

/* of blanks: what parts two paragraphs */
enum { MAX_EDGE_BYTES = 2 };

const char *
llm_finish_name(enum llm_finish finish)
{
	static const char *const names[LLM_FINISH_COUNT] = {
		[LLM_FINISH_DONE] = "done",
		[LLM_FINISH_LENGTH] = "length",
		[LLM_FINISH_REFUSED] = "refused",
		[LLM_FINISH_WANTS] = "wants",
		[LLM_FINISH_OTHER] = "other",
	};
	return names[finish];
}

enum llm_finish
llm_finish_parse(const struct llm_finish_word *words, const char *word)
{
	while (words->word != NULL && strcmp(words->word, word) != 0)
		words++;
	return words->finish;
}

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
 * before the answer; an answer that is cut in its first thought is nothing
 * but thought.
 */
static void
drop_thoughts(struct buf *out, const char *text, size_t kind)
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
	if (open != NULL && strspn(text, " \t\r\n") == (size_t)(open - text))
		return;
	buf_adds(out, text);
}

/* The same for a fenced block that is called "think". */
static void
drop_fenced_thoughts(struct buf *out, const char *text)
{
	static const char fence[] = "```think";
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

static bool
is_shown(unsigned char c)
{
	return c == '\n' || c == '\t' || (c >= 0x20 && c != 0x7f);
}

/* A terminal must not be driven by what a model says. */
static void
add_shown(struct buf *out, const char *text)
{
	size_t start = out->size;

	text += strspn(text, " \t\r\n");
	for (; *text; text++)
		if (is_shown((unsigned char)*text))
			buf_addc(out, *text);
	while (out->size > start &&
	       strchr(" \t\n", out->data[out->size - 1]) != NULL)
		buf_truncate(out, out->size - 1);
}

void
llm_clean(struct buf *out, const char *text)
{
	AUTO(buf_release)
	struct buf a, b;

	buf_init(&a);
	buf_init(&b);
	drop_fenced_thoughts(&a, text);
	for (size_t kind = 0; kind < N_OF(thoughts); kind++) {
		buf_reset(&b);
		drop_thoughts(&b, a.data, kind);
		buf_reset(&a);
		buf_adds(&a, b.data);
	}
	add_shown(out, a.data);
}

static const char blanks[] = " \t\r\n";

static const char *
trailing_blanks(const struct buf *said, struct arena *arena)
{
	size_t from = said->size;

	while (from > 0 && said->size - from < MAX_EDGE_BYTES &&
	       strchr(blanks, said->data[from - 1]) != NULL)
		from--;
	return arena_strndup(arena, said->data + from, said->size - from);
}

static const char *
leading_blanks(const struct buf *said, struct arena *arena)
{
	size_t n = strspn(said->data, blanks);

	return arena_strndup(
	    arena, said->data, n < MAX_EDGE_BYTES ? n : MAX_EDGE_BYTES);
}

void
llm_answer_say(
    struct llm_answer *answer, const struct buf *said, struct arena *arena)
{
	AUTO(buf_release)
	struct buf clean;
	size_t size;

	buf_init(&clean);
	llm_clean(&clean, said->data);
	size = utf8_cut(clean.data, clean.size, LLM_MAX_TEXT_BYTES);
	if (size < clean.size)
		answer->finish = LLM_FINISH_LENGTH;
	answer->text = arena_strndup(arena, clean.data, size);
	answer->lead = leading_blanks(said, arena);
	answer->trail = trailing_blanks(said, arena);
}

void
llm_answer_want(struct llm_answer *answer, const char *id, const char *name,
    const char *arguments, struct arena *arena)
{
	struct llm_want *wants;

	if (answer->n_wants == LLM_MAX_WANTS ||
	    strlen(arguments) > LLM_MAX_ARGUMENTS_BYTES) {
		answer->finish = LLM_FINISH_LENGTH;
		return;
	}
	wants = arena_alloc(arena, (answer->n_wants + 1) * sizeof(*wants));
	if (answer->n_wants)
		memcpy(wants, answer->wants, answer->n_wants * sizeof(*wants));
	wants[answer->n_wants] = (struct llm_want){
		/* Some servers leave it out, and some want one back. */
		.id = *id ? arena_strdup(arena, id)
			  : arena_printf(arena, "call_%zu", answer->n_wants),
		.name = arena_strdup(arena, name),
		.arguments = arena_strdup(arena, arguments),
	};
	answer->wants = wants;
	answer->n_wants++;
}
