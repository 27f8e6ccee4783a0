/* The texts that commands are answered with. Pure. */

#include "services/task-engine/conversation/say.h"

#include <inttypes.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/shown.h"
#include "libcommon/utf8.h"
#include "proto/search.h"
#include "services/task-engine/conversation/quote.h"

enum { SNIPPET_MAX = 120, NAME_MAX_BYTES = 100 };

static void
add_command(struct buf *out, const struct command_row *row)
{
	buf_addf(out, "- `/%s%s%s`: %s\n", row->name, *row->argument ? " " : "",
	    row->argument, row->help);
}

/* Names of what the asker may (or may not) do; how many they are. */
static size_t
add_names(struct buf *out, const bool *may, bool is_allowed)
{
	size_t n = 0;

	for (size_t i = 0; i < n_command_rows; i++)
		if (may[command_rows[i].id] == is_allowed)
			buf_addf(out, "%s`/%s`", n++ ? ", " : "",
			    command_rows[i].name);
	return n;
}

void
say_help(struct buf *out, const bool *may)
{
	size_t before;

	buf_adds(out, "Ask me anything, or use a command:\n");
	for (size_t i = 0; i < n_command_rows; i++)
		if (!may || may[command_rows[i].id])
			add_command(out, &command_rows[i]);
	before = out->size;
	buf_adds(out, "Not yours here: ");
	if (!may || add_names(out, may, false) == 0)
		buf_truncate(out, before - 1);
	else
		buf_adds(out, ". Each of them says who can allow it.");
}

void
say_unknown(struct buf *out, const char *name)
{
	buf_addf(out, "There is no command `/%s`. `/help` lists them.", name);
}

static void
add_usage(struct buf *out, const struct command_row *row)
{
	buf_addf(out, "Usage: /%s%s%s (%s)", row->name,
	    *row->argument ? " " : "", row->argument, row->help);
}

void
say_usage(struct buf *out, const char *command_name)
{
	for (size_t i = 0; i < n_command_rows; i++)
		if (strcmp(command_rows[i].name, command_name) == 0)
			add_usage(out, &command_rows[i]);
}

void
say_misused(struct buf *out, enum command_id id, const char *what_is_wrong)
{
	add_usage(out, command_find(id));
	buf_addf(out, "\n%s", what_is_wrong);
}

void
say_whoami(struct buf *out, const struct whoami_facts *facts)
{
	buf_adds(out, "You are ");
	quote_line(out, facts->actor, NAME_MAX_BYTES);
	if (*facts->name) {
		buf_adds(out, ", called ");
		quote_line(out, facts->name, NAME_MAX_BYTES);
	}
	if (*facts->user_id)
		buf_addf(out, ", linked to the person `%s`.\n", facts->user_id);
	else
		buf_addf(out, ".%s\n",
		    facts->can_pair ? " Your account is not linked: say `pair` "
				      "to me in a direct message, and an admin "
				      "can link it."
				    : "");
	buf_addf(out, "- role here (workspace `%s`): %s\n", facts->workspace_id,
	    role_name(facts->here));
	if (facts->everywhere != ROLE_GUEST)
		buf_addf(out, "- role everywhere: %s\n",
		    role_name(facts->everywhere));
	buf_adds(out, "- you may use ");
	(void)add_names(out, facts->may, true);
}

void
say_task_queued(struct buf *out, const char *task_id, const char *result_path)
{
	buf_addf(out, "Task queued: `%s`. ", task_id);
	if (result_path)
		buf_addf(out,
		    "When it is done, `/open %s` shows its result (the day is "
		    "the one on which it ends, UTC); `GET /api/v1/tasks?id=%s` "
		    "tells how it stands.",
		    result_path, task_id);
	else
		buf_adds(out, "I will say here when it is done.");
}

/* One line, cut between characters. */
static void
add_snippet(struct buf *out, const char *text)
{
	size_t began = out->size;

	for (; *text; text++)
		if ((unsigned char)*text > ' ')
			buf_addc(out, *text);
		else if (out->size > began && out->data[out->size - 1] != ' ')
			buf_addc(out, ' ');
	if (out->size - began <= SNIPPET_MAX)
		return;
	buf_truncate(out, began + utf8_cut(out->data + began, out->size - began,
				      SNIPPET_MAX));
	buf_adds(out, "...");
}

static void
add_hit(struct buf *out, size_t number, const struct search_hit *hit)
{
	int percent = (int)(hit->score * 100);

	buf_addf(out, "%zu. `", number);
	(void)shown_name(out, hit->path, strlen(hit->path));
	buf_addc(out, '`');
	if (*hit->short_id)
		buf_addf(out, " `%s`", hit->short_id);
	if (percent > 0)
		buf_addf(out, " (%d%%)", percent);
	buf_addc(out, ' ');
	add_snippet(out, hit->snippet);
	buf_addc(out, '\n');
}

/* What is not shown as it is cannot be typed: it has its short id. */
static void
add_target(struct buf *out, const struct search_hit *hit)
{
	size_t began = out->size;

	if (shown_name(out, hit->path, strlen(hit->path)) ||
	    *hit->short_id == '\0')
		return;
	buf_truncate(out, began);
	buf_adds(out, hit->short_id);
}

static void
say_other_words(struct buf *out, const char *query)
{
	buf_adds(out, " Try other or fewer words than ");
	quote_line(out, query, SNIPPET_MAX);
	buf_addc(out, '.');
}

static void
say_no_hits(struct buf *out, const struct search_hits *hits, const char *query)
{
	if (hits->is_wordless) {
		buf_adds(out,
		    "Say a word to look for: `-word` only leaves documents "
		    "out, and `*` needs the beginning of a word.");
		return;
	}
	buf_adds(out, "No markdown matches found.");
	if (hits->is_stale)
		buf_adds(
		    out, " Indexing is still going on: try again in a moment.");
	else
		say_other_words(out, query);
}

void
say_hits(struct buf *out, const struct search_hits *hits, const char *query)
{
	if (hits->n_hits == 0) {
		say_no_hits(out, hits, query);
		return;
	}
	buf_addf(out, "Top %zu result(s):\n", hits->n_hits);
	for (size_t i = 0; i < hits->n_hits; i++)
		add_hit(out, i + 1, &hits->hits[i]);
	buf_adds(out, "\nRead one with `/open ");
	add_target(out, &hits->hits[0]);
	buf_adds(out, "`, or with its number.");
}

void
say_document(struct buf *out, const struct search_document *document)
{
	buf_addc(out, '`');
	(void)shown_name(out, document->path, strlen(document->path));
	buf_adds(out, "`\n");
	buf_adds(out, *document->text ? document->text : "(empty file)");
	if (document->is_truncated)
		buf_adds(out, "\n\n(Truncated to safe output size.)");
}

static void
add_index(struct buf *out, const struct search_state *index)
{
	char at[CLOCK_RFC3339_SIZE];

	if (!index->folder_exists) {
		buf_adds(out,
		    "- workspace directory not created yet: it appears with "
		    "the first message\n");
		return;
	}
	buf_addf(out, "- indexed: %s\n",
	    index->is_indexed ? "yes"
			      : "no (will build on first search/change)");
	buf_addf(
	    out, "- pending reindex: %s\n", index->is_pending ? "yes" : "no");
	buf_addf(out, "- documents: %" PRId64 "\n", index->n_documents);
	if (index->last_indexed_unix) {
		clock_rfc3339(at, index->last_indexed_unix * 1000);
		buf_addf(out, "- last indexed: %s\n", at);
	}
	if (*index->detail)
		buf_addf(out, "- %s: %s\n", index->backend, index->detail);
	if (index->meaning && *index->meaning)
		buf_addf(out, "- search by meaning: %s\n", index->meaning);
}

void
say_status(struct buf *out, const struct status_facts *facts)
{
	bool is_qmd = facts->index && strcmp(facts->index->backend, "qmd") == 0;

	buf_addf(out, "Workspace `%s` %sstatus:\n", facts->workspace_id,
	    is_qmd ? "qmd " : "");
	if (facts->index)
		add_index(out, facts->index);
	else
		buf_addf(
		    out, "- search: unavailable (%s)\n", facts->index_error);
	buf_addf(out,
	    "- tasks: %" PRId64 " open, %" PRId64 " queued, %" PRId64
	    " running, %" PRId64 " failed\n",
	    facts->n_open, facts->n_queued, facts->n_running, facts->n_failed);
	buf_addf(out, "- model: %s", facts->model);
	if (*facts->folder)
		buf_addf(out, "\n- folder: %s", facts->folder);
}
