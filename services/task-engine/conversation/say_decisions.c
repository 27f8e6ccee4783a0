/* What is said of decisions, and of what admins set. Pure. */

#include "services/task-engine/conversation/say.h"

#include <inttypes.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/defs.h"
#include "services/task-engine/conversation/quote.h"

enum {
	SUMMARY_MAX = 120,
	PLACE_MAX = 60,
	REASON_MAX = 400,
	NAME_MAX_BYTES = 100,
};

static void
add_pending(
    struct buf *out, const struct pending_action *row, bool is_everywhere)
{
	char expires[CLOCK_RFC3339_SIZE];

	buf_addf(out, "- `%s` ", row->id);
	quote_line(out, *row->summary ? row->summary : row->type, SUMMARY_MAX);
	buf_addf(out, " (%s)", row->type);
	if (is_everywhere) {
		buf_addf(
		    out, " [%s/", *row->connector ? row->connector : "unknown");
		quote_line(out,
		    *row->external_id ? row->external_id : "unknown",
		    PLACE_MAX);
		buf_addc(out, ']');
	}
	clock_rfc3339(expires, row->expires_at_unix * 1000);
	buf_addf(out, " until %s\n", expires);
}

static void
add_all_pending(struct buf *out, const struct pending_action *rows,
    size_t n_rows, bool is_everywhere)
{
	for (size_t i = 0; i < n_rows; i++)
		add_pending(out, &rows[i], is_everywhere);
}

void
say_pending(struct buf *out, const struct pending_action *rows, size_t n_rows,
    bool is_everywhere, bool has_more)
{
	if (n_rows == 0) {
		buf_adds(out, "No pending actions.");
		return;
	}
	buf_addf(out, "Pending actions%s:\n",
	    is_everywhere ? " (all contexts)" : "");
	add_all_pending(out, rows, n_rows, is_everywhere);
	if (has_more)
		buf_adds(out, "There are more, newer ones.\n");
	buf_adds(out,
	    "Decide with `/approve-action <action-id>` or `/deny-action "
	    "<action-id> [reason]`.");
}

void
say_several_pending(struct buf *out, const struct pending_action *rows,
    size_t n_rows, bool is_everywhere)
{
	buf_addf(out, "Multiple pending actions found%s. Say which, by id:\n",
	    is_everywhere ? " across contexts" : "");
	add_all_pending(out, rows, n_rows, is_everywhere);
	buf_adds(out, "`/pending-actions` lists them all.");
}

static void
add_reason(struct buf *out, const char *reason)
{
	if (!*reason) {
		buf_addc(out, '.');
		return;
	}
	buf_adds(out, ": ");
	quote_line(out, reason, REASON_MAX);
}

void
say_pairing_approved(struct buf *out, const struct pairing_said *said)
{
	buf_adds(out, "Pairing approved for ");
	quote_line(out, said->name, NAME_MAX_BYTES);
	buf_addf(out, " (%s): %s ", said->user_id, role_name(said->role));
	if (strcmp(said->workspace_id, ROLE_EVERYWHERE) == 0)
		buf_adds(out, "in all workspaces.");
	else
		buf_addf(out, "in workspace `%s`.", said->workspace_id);
}

void
say_pairing_denied(struct buf *out, const struct pairing_said *said)
{
	buf_adds(out, "Pairing denied for ");
	quote_line(out, said->name, NAME_MAX_BYTES);
	add_reason(out, said->reason);
}

void
say_prompt(struct buf *out, const char *text, bool is_of_channel)
{
	buf_addf(out, "Current context prompt%s:\n%s",
	    is_of_channel ? ", of the channel that this is a thread of" : "",
	    *text ? text : "(empty)");
}

void
say_prompt_set(struct buf *out, const char *context_id, bool is_cleared)
{
	if (is_cleared)
		buf_adds(out, "Context prompt cleared.");
	else
		buf_addf(out, "Context prompt updated for `%s`.", context_id);
}

void
say_admin_channel(
    struct buf *out, const char *context_id, bool is_enabled, bool is_global)
{
	buf_addf(out, "Admin channel %s for context `%s`.",
	    is_enabled ? "enabled" : "disabled", context_id);
	if (is_global)
		buf_addf(out, " Notices of all workspaces %s here.",
		    is_enabled ? "come" : "no longer come");
}

void
say_forget_warning(struct buf *out, const char *code, bool is_wrong)
{
	if (is_wrong)
		buf_adds(out, "That is not the code, or it is over. ");
	buf_addf(out,
	    "This takes everything that anybody said in this conversation so "
	    "far, and what I answered, out of the chat log, my memory and the "
	    "search. It cannot be undone. If that is what you want, say "
	    "`/forget everything %s` within half an hour.",
	    code);
}

void
say_forgetting(struct buf *out, bool is_everything)
{
	buf_addf(out,
	    "I am forgetting %s: so much was said that it takes a moment. "
	    "Until it is done I look at nothing that was said here before, and "
	    "the chat log begins behind it. Then I tell you here what went.",
	    is_everything ? "this conversation" : "what you said here");
}

void
say_forgotten(struct buf *out, bool is_everything, int64_t n_messages,
    int64_t n_answers, int64_t n_tasks)
{
	buf_addf(out, "Forgotten: %" PRId64 " messages of %s", n_messages,
	    is_everything ? "this conversation" : "yours here");
	if (!is_everything)
		buf_addf(out, ", and %" PRId64 " answers to them", n_answers);
	if (n_tasks)
		buf_addf(
		    out, ", and what %" PRId64 " tasks were about", n_tasks);
	buf_adds(out, ". They are out of the chat log, my memory and the "
		      "search. What the platform itself still shows you have "
		      "to delete there; tasks that are not done yet, files "
		      "that were sent and what was approved stay.");
}
