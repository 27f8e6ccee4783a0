/* Answers without a model: passages and where they stand; pure. */

#include "services/task-engine/llm/extractive.h"

#include <inttypes.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/json.h"
#include "libcommon/shown.h"
#include "proto/search.h"

enum {
	MAX_PASSAGES = 3, /* what a person reads before searching again */
	/* the best is meant to be read, the others to be chosen from */
	BEST_PASSAGE_BYTES = 800,
	OTHER_PASSAGE_BYTES = 320,
	MAX_NAME_BYTES = 120,
};

static const char no_model[] =
    "No model is connected, so I quote instead of answering: set "
    "AGENT_RUNTIME_LLM_API_KEY, or AGENT_RUNTIME_LLM_BASE_URL for a server of "
    "your own (with AGENT_RUNTIME_LLM_PROVIDER and AGENT_RUNTIME_LLM_MODEL as "
    "needed), and start again.";
static const char model_away[] =
    "The model could not be reached; ask again in a moment.";
static const char model_shut[] =
    "The model's service refuses what it is asked, and will until a setting is "
    "changed: the line `model-failed` of `agent-runtime logs` says which.";
static const char model_mute[] =
    "The model gave no answer that can be shown; ask again, perhaps in other "
    "words.";

static const char *const last_lines[EXTRACTIVE_WHY_COUNT] = {
	[EXTRACTIVE_NO_MODEL] = no_model,
	[EXTRACTIVE_MODEL_AWAY] = model_away,
	[EXTRACTIVE_MODEL_SHUT] = model_shut,
	[EXTRACTIVE_MODEL_MUTE] = model_mute,
};

static void
add_last_line(struct buf *out, enum extractive_why why)
{
	buf_addf(out, "\n\n%s", last_lines[why]);
}

/* On one line, and nothing that could end a code span or drive a terminal. */
static void
add_name(struct buf *out, const char *name)
{
	size_t n = utf8_cut(name, strlen(name), MAX_NAME_BYTES);

	for (size_t i = 0; i < n; i++) {
		char c = name[i];

		if ((unsigned char)c < 0x20 || c == 0x7f || c == '`')
			c = ' ';
		buf_addc(out, c);
	}
}

/* Cuts behind a word when there is one in the last third. */
static size_t
cut_at_word(const char *text, size_t size, size_t limit)
{
	size_t n = utf8_cut(text, size, limit), at;

	if (n == size)
		return n;
	for (at = n; at > n * 2 / 3; at--)
		if (strchr(" \n\t", text[at]) != NULL)
			return at;
	return n;
}

/* As a quotation: blank lines are dropped, each other line begins with "> ",
 * so that nothing in it can pass for our own words. */
static void
add_quote(struct buf *out, const char *text, size_t limit)
{
	size_t size = strlen(text), n, line;
	const char *end;

	n = cut_at_word(text, size, limit);
	for (end = text + n; text < end; text += line + 1) {
		line = strcspn(text, "\n");
		if (line > (size_t)(end - text))
			line = (size_t)(end - text);
		if (strspn(text, " \t\r") >= line)
			continue;
		buf_adds(out, "\n> ");
		for (size_t i = 0; i < line; i++)
			if ((unsigned char)text[i] >= 0x20 || text[i] == '\t')
				buf_addc(out, text[i]);
	}
	if (n < size)
		buf_adds(out, " …");
}

static void
add_passage(struct buf *out, const struct search_hit *hit, size_t limit)
{
	buf_adds(out, "\n\n");
	if (hit->heading[0] != '\0' || hit->title[0] != '\0') {
		buf_adds(out, "**");
		add_name(out, hit->heading[0] ? hit->heading : hit->title);
		buf_adds(out, "** ");
	}
	buf_adds(out, "`");
	(void)shown_name(out, hit->path,
	    utf8_cut(hit->path, strlen(hit->path), MAX_NAME_BYTES));
	if (hit->line > 0)
		buf_addf(out, ":%" PRId64, hit->line);
	buf_adds(out, "`");
	add_quote(out, hit->snippet, limit);
}

static void
add_nothing_found(struct buf *out, const char *folder)
{
	buf_adds(out,
	    "I found nothing about that in this workspace. Try `/search` "
	    "with other words, or `/help` for what I can do. ");
	if (folder == NULL) {
		buf_adds(out, "Whoever runs me can add Markdown files to this "
			      "workspace, and I answer from them.");
		return;
	}
	buf_adds(out, "Put Markdown files into `");
	buf_adds(out, folder);
	buf_adds(out, "`, and I answer from them.");
}

void
extractive_answer(const struct extractive *in, struct buf *out)
{
	size_t n = in->n_hits < MAX_PASSAGES ? in->n_hits : MAX_PASSAGES;

	if (in->is_unsearched)
		buf_adds(out, "I cannot answer that now.");
	else if (in->is_search_away)
		buf_adds(out,
		    "The search does not answer at the moment: the indexer is "
		    "starting or down. Ask again in a few seconds; "
		    "`agent-runtime status` shows how it stands.");
	else if (n == 0)
		add_nothing_found(out, in->folder);
	else
		buf_adds(out,
		    "These are the passages of this workspace that fit best.");
	for (size_t i = 0; i < n; i++)
		add_passage(out, &in->hits[i],
		    i == 0 ? BEST_PASSAGE_BYTES : OTHER_PASSAGE_BYTES);
	add_last_line(out, in->why);
}

void
extractive_greeting(enum extractive_why why, struct buf *out)
{
	buf_adds(out, "Glad to hear from you! Ask me something about this "
		      "workspace, or type `/help` "
		      "to see what I can do.");
	add_last_line(out, why);
}
