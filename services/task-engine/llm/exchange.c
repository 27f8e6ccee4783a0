/* What all providers' answers have in common; pure. */

#include "services/task-engine/llm/exchange.h"

#include <stdbool.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/shown.h"
#include "libcommon/json.h"
#include "libcommon/utf8.h"
#include "services/task-engine/llm/thoughts.h"

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

/* How many bytes of a control character stand there; 0: it is none. */
static size_t
control_size(const char *text)
{
	unsigned char c = (unsigned char)text[0];
	unsigned char next = (unsigned char)text[c != '\0'];

	/* U+0080 to U+009F: some terminals take them for ESC and a letter. */
	if (c == 0xc2 && next >= 0x80 && next <= 0x9f)
		return 2;
	return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
}

static bool
is_visible(const char *text)
{
	size_t size = strlen(text), n;
	uint32_t c;

	for (; size > 0; text += n, size -= n) {
		n = utf8_next(text, size, &c);
		if (n == 0 || (c > ' ' && !shown_is_hidden(c)))
			return true;
	}
	return false;
}

/* A terminal must not be driven by what a model says, and what nobody can see
 * is nothing said: a platform may refuse it. */
static void
add_shown(struct buf *out, const char *text)
{
	size_t start = out->size;

	text += strspn(text, " \t\r\n");
	while (*text) {
		size_t n = control_size(text);

		if (n == 0)
			buf_addc(out, *text++);
		text += n;
	}
	while (out->size > start &&
	       strchr(" \t\n", out->data[out->size - 1]) != NULL)
		buf_truncate(out, out->size - 1);
	if (!is_visible(out->data + start))
		buf_truncate(out, start);
}

void
llm_clean(struct buf *out, const char *text, bool is_cut)
{
	AUTO(buf_release)
	struct buf rest;

	buf_init(&rest);
	thoughts_drop(&rest, text, is_cut);
	add_shown(out, rest.data);
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
	llm_clean(&clean, said->data, answer->finish == LLM_FINISH_LENGTH);
	size = utf8_cut(clean.data, clean.size, LLM_MAX_TEXT_BYTES);
	if (size < clean.size)
		answer->finish = LLM_FINISH_LENGTH;
	answer->text = arena_strndup(arena, clean.data, size);
	answer->lead = leading_blanks(said, arena);
	answer->trail = trailing_blanks(said, arena);
}

const char llm_too_long[] = "\"(too long)\"";

void
llm_answer_want(struct llm_answer *answer, const char *id, const char *name,
    const char *arguments, struct arena *arena)
{
	struct llm_want *wants;
	char *mended;

	if (*name == '\0' && *arguments == '\0')
		return;
	if (answer->n_wants == LLM_MAX_WANTS) {
		answer->finish = LLM_FINISH_LENGTH;
		return;
	}
	if (strlen(arguments) > LLM_MAX_ARGUMENTS_BYTES)
		arguments = llm_too_long;
	/* JSON within JSON: what was mended around it was not in it. */
	mended = arena_strdup(arena, arguments);
	json_mend(mended, strlen(mended));
	wants = arena_alloc(arena, (answer->n_wants + 1) * sizeof(*wants));
	if (answer->n_wants)
		memcpy(wants, answer->wants, answer->n_wants * sizeof(*wants));
	wants[answer->n_wants] = (struct llm_want){
		/* Some servers leave it out, and some want one back. */
		.id = *id ? arena_strdup(arena, id)
			  : arena_printf(arena, "call_%zu", answer->n_wants),
		.name = arena_strdup(arena, *name ? name : "unnamed"),
		.arguments = mended,
	};
	answer->wants = wants;
	answer->n_wants++;
}
