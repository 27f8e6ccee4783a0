/* The texts about actions. Pure. */

#include "services/task-engine/approvals/tell.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/utf8.h"
#include "services/task-engine/approvals/canonical.h"
#include "services/task-engine/approvals/proposal.h"
#include "services/task-engine/approvals/types.h"
#include "services/task-engine/store/actions.h"

enum {
	SNIPPET_MAX = 120, /* the predecessor's */
	LINE_MAX = 2200,   /* a whole target */
	FAULT_MAX = 240,
	/* Of the bytes that run: a message of six to a dozen parts. */
	PAGE_BYTES = 12 * 1024,
};

void
tell_quoted(struct buf *out, const char *text, size_t max)
{
	size_t size = strlen(text), n = size;

	if (size > max)
		n = utf8_cut(text, size, max);
	buf_addc(out, '`');
	canonical_string(out, text, n);
	buf_addc(out, '`');
	if (n < size)
		buf_adds(out, "...");
}

static void
add_time(struct buf *out, int64_t unix_s)
{
	char at[CLOCK_RFC3339_SIZE];

	clock_rfc3339(at, unix_s * 1000);
	buf_adds(out, at);
}

static void
add_head(struct buf *out, const struct action_row *a)
{
	const struct action_type *type =
	    action_type_find(action_types, n_action_types, a->type);

	buf_addf(out,
	    "Admin approval required.\nAction `%s`: `%s`\n- %s: ", a->id,
	    a->type, type ? type->target : "target");
	tell_quoted(out, a->target, LINE_MAX);
	if (*a->summary) {
		buf_adds(out, "\n- summary, in the model's words: ");
		tell_quoted(out, a->summary, LINE_MAX);
	}
	buf_adds(out, "\n- asked by: ");
	tell_quoted(out, a->asked_by, LINE_MAX);
	buf_addf(out, " (%s)\n- because of: `%s`\n- expires: ", a->asked_as,
	    a->provenance);
	add_time(out, a->expires_at_unix);
	buf_addf(out,
	    "\n- SHA-256: `%s`\nIt runs as these bytes, and no others:\n",
	    a->payload_sha256);
}

static void
add_tail(struct buf *out, const struct action_row *a)
{
	buf_addf(out,
	    "Approve it with `/approve-action %s`, refuse it with "
	    "`/deny-action %s [reason]`, or answer this message with "
	    "`approve` or `deny`.",
	    a->id, a->id);
}

size_t
tell_notice(
    const struct action_row *a, struct arena *arena, const char ***pages_out)
{
	size_t size = strlen(a->payload), at = 0;
	/* A page may end one code point early, and then one more is needed. */
	size_t most = size / (PAGE_BYTES - 4) + 1, n_pages = 0;
	const char **pages = arena_alloc(arena, most * sizeof(*pages));

	do {
		AUTO(buf_release)
		struct buf page = { 0 };
		size_t left = size - at;
		size_t n = utf8_cut(a->payload + at, left, PAGE_BYTES);

		buf_init(&page);
		if (at == 0)
			add_head(&page, a);
		else
			buf_addf(&page, "Action `%s`, page %zu:\n", a->id,
			    n_pages + 1);
		buf_addf(
		    &page, "```json\n%.*s\n```\n", (int)n, a->payload + at);
		if (n < left)
			buf_adds(&page, "It goes on in the next message.");
		else
			add_tail(&page, a);
		pages[n_pages++] = arena_strndup(arena, page.data, page.size);
		at += n;
	} while (at < size);
	*pages_out = pages;
	return n_pages;
}

static void
add_faults(struct buf *out, const struct told_proposals *told)
{
	const struct proposals *p = told->proposals;

	for (size_t i = 0; i < p->n_faults; i++) {
		buf_adds(out, "\nAn action that I proposed was dropped: ");
		tell_quoted(out, p->faults[i], FAULT_MAX);
		buf_addc(out, '.');
	}
	if (p->n_left_out)
		buf_addf(out,
		    "\n%zu more were dropped: one answer proposes at most %d.",
		    p->n_left_out, PROPOSALS_MAX);
	if (told->n_crowded)
		buf_addf(out,
		    "\n%zu were dropped: too many of yours are pending. An "
		    "admin has to decide those first: `/pending-actions`.",
		    told->n_crowded);
}

void
tell_proposed(struct buf *out, const struct told_proposals *told)
{
	if (told->n_rows)
		buf_adds(
		    out, "Admin approval required. Nothing has run; pending:");
	for (size_t i = 0; i < told->n_rows; i++) {
		const struct action_row *a = &told->rows[i];

		buf_addf(out, "\n- `%s` (%s) ", a->id, a->type);
		tell_quoted(out, a->target, SNIPPET_MAX);
	}
	if (told->n_rows)
		buf_adds(out,
		    told->is_notice_here
			? "\nWhat exactly would run follows. An admin decides "
			  "with `/approve-action <id>` or `/deny-action <id>`."
			: "\nThe admin channel was told what exactly would "
			  "run; you will hear what an admin decides.");
	add_faults(out, told);
}

/* Predecessor's words: clients look for "Outcome:", "failed", "ran it with". */
static const struct execution {
	const char *status, *text, *outcome;
} executions[] = {
	{ "skipped", ", but it was not run", "it was skipped" },
	{ "executing", " and it is being run", "you will hear of it" },
	{ "failed", ", but execution failed", "it failed" },
	{ "unknown", ", but whether it ran is not known",
	    "look for its effect before you ask for it again" },
	{ "succeeded", " and ran it", "done" },
	{ "not_executed", ", but it was not run", "it was not run" },
};

static void
add_outcome(struct buf *out, const struct action_row *a)
{
	for (size_t i = 0; i < N_OF(executions); i++) {
		const struct execution *e = &executions[i];

		if (strcmp(e->status, a->execution_status) != 0)
			continue;
		buf_adds(out, e->text);
		if (*a->executor && strcmp(e->status, "succeeded") == 0)
			buf_addf(out, " with `%s`", a->executor);
		buf_adds(out, ". Outcome: ");
		if (*a->execution_message)
			tell_quoted(out, a->execution_message, LINE_MAX);
		else
			buf_adds(out, e->outcome);
		buf_addc(out, '.');
	}
}

static void
add_what(struct buf *out, const struct action_row *a)
{
	buf_addf(out, "`%s` (%s", a->id, a->type);
	if (*a->target) {
		buf_addc(out, ' ');
		tell_quoted(out, a->target, SNIPPET_MAX);
	}
	buf_addc(out, ')');
}

void
tell_decided(struct buf *out, const struct action_row *a)
{
	if (strcmp(a->status, "denied") == 0) {
		buf_addf(
		    out, "Action `%s` denied. Nothing ran. Reason: ", a->id);
		tell_quoted(out, a->denied_reason, LINE_MAX);
		buf_addc(out, '.');
		return;
	}
	buf_adds(out, "I approved action ");
	add_what(out, a);
	add_outcome(out, a);
}

void
tell_expired(struct buf *out, const struct action_row *a)
{
	buf_adds(out, "Action ");
	add_what(out, a);
	buf_adds(out,
	    " expired: nobody decided it in time, and nothing ran. Ask again "
	    "if it is still wanted.");
}

void
tell_settled(struct buf *out, const struct action_row *a)
{
	if (strcmp(a->status, "expired") == 0) {
		tell_expired(out, a);
		return;
	}
	buf_addf(out, "Action approval is not pending: `%s` was %s by ", a->id,
	    a->status);
	tell_quoted(out, a->approver_user_id, SNIPPET_MAX);
	if (strcmp(a->status, "approved") == 0)
		add_outcome(out, a);
	else
		buf_adds(out, ". Nothing ran.");
}
