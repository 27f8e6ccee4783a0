/* What the commands about pending actions do. */

#include "services/task-engine/commands/commands_actions.h"

#include <stdbool.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "services/task-engine/approvals/approvals.h"
#include "services/task-engine/approvals/tell.h"
#include "services/task-engine/conversation/arguments.h"
#include "services/task-engine/conversation/command.h"
#include "services/task-engine/conversation/guidance.h"
#include "services/task-engine/conversation/say.h"
#include "services/task-engine/commands/commands.h"
#include "services/task-engine/commands/commands_people.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/people/pairing.h"
#include "services/task-engine/policy/scope.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/outbox.h"
#include "services/task-engine/store/places.h"

enum { LISTED_MAX = 10 }; /* the predecessor's */

static struct decider
decider(const struct heard *heard, const char *operation)
{
	return (struct decider){
		.actor = heard->actor,
		.operation = operation,
		.context_id = heard->context->id,
		.remark = "",
		.now_ms = heard->now_ms,
	};
}

/* What somebody may decide and means: the rows, and from how far they are. */
struct picked {
	struct action_row *rows;
	size_t n;
	bool is_everywhere; /* none of them is of this context */
	bool has_more;
};

/* Of this context; without any there, of all that they may decide. */
static int
find_pending(struct svc *svc, const struct decider *d, size_t limit,
    bool is_newest_first, struct arena *arena, struct picked *out,
    struct err *err)
{
	struct approvals_query query = {
		.context_id = d->context_id,
		.prefix = "",
		.is_newest_first = is_newest_first,
		.limit = limit + 1,
	};

	*out = (struct picked){ 0 };
	if (approvals_pending(&svc->approvals, d, &query, arena, &out->rows,
		&out->n, err) < 0)
		return -1;
	if (out->n == 0) {
		out->is_everywhere = true;
		query.context_id = "";
		if (approvals_pending(&svc->approvals, d, &query, arena,
			&out->rows, &out->n, err) < 0)
			return -1;
	}
	out->has_more = out->n > limit;
	if (out->has_more)
		out->n = limit;
	return 0;
}

/* Where others read along, what was said elsewhere is not repeated. */
static bool
may_tell(const struct heard *heard, const struct action_row *row)
{
	return policy_may_tell(
	    heard->context, row->context_id, row->workspace_id);
}

/* What this room may read of it: that there is one. */
static struct action_row
tellable(const struct heard *heard, const struct action_row *row)
{
	struct action_row out = *row;

	if (may_tell(heard, row))
		return out;
	out.target = "";
	out.summary = "";
	out.connector = "";
	out.external_id = "";
	out.execution_message = "";
	return out;
}

static struct pending_action *
describe(
    const struct heard *heard, const struct picked *picked, struct arena *arena)
{
	struct pending_action *out =
	    arena_alloc(arena, (picked->n + 1) * sizeof(*out));

	for (size_t i = 0; i < picked->n; i++) {
		const struct action_row row = tellable(heard, &picked->rows[i]);

		out[i] = (struct pending_action){
			.id = row.id,
			.type = row.type,
			.summary = *row.summary ? row.summary : row.target,
			.connector = row.connector,
			.external_id = row.external_id,
			.expires_at_unix = row.expires_at_unix,
		};
	}
	return out;
}

int
command_pending_actions(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err)
{
	const struct decider d =
	    decider(heard, command_find(command->id)->operation);
	AUTO(buf_release)
	struct buf text = { 0 };
	struct picked picked;

	if (find_pending(svc, &d, LISTED_MAX, false, arena, &picked, err) < 0)
		return -1;
	buf_init(&text);
	say_pending(&text, describe(heard, &picked, arena), picked.n,
	    picked.is_everywhere, picked.has_more);
	return heard_reply(svc, heard, text.data, err);
}

int
heard_notice(struct svc *svc, const struct heard *heard, struct arena *arena,
    const char **action_id_out, struct err *err)
{
	const struct message_row *m = heard->message;

	/* Over HTTP nothing is replied to. */
	if (!m->reply_to_id || !*m->reply_to_id)
		return 1;
	return store_outbox_notice(svc->store, m->instance, m->chat_id,
	    m->reply_to_id, arena, action_id_out, err);
}

/* They are told what they said and which there are. */
static int
say_which(struct svc *svc, const struct heard *heard, const char *typed,
    const struct action_row *rows, size_t n, struct arena *arena,
    struct err *err)
{
	const char **ids = arena_alloc(arena, (n + 1) * sizeof(*ids));
	AUTO(buf_release)
	struct buf text = { 0 };

	for (size_t i = 0; i < n; i++)
		ids[i] = rows[i].id;
	buf_init(&text);
	say_several(&text, "action", typed, ids, n);
	return heard_reply(svc, heard, text.data, err) < 0 ? -1 : 1;
}

/* Refused, or of which they do not hear: an answer, and a row in the log. */
static int
say_refused(struct svc *svc, const struct heard *heard, const char *operation,
    struct err *err)
{
	const struct err why = *err;

	if (why.code != ERR_REFUSED && why.code != ERR_NOT_FOUND)
		return -1;
	heard_refused(svc, heard, operation, why.text);
	return heard_reply(svc, heard, why.text, err) < 0 ? -1 : 1;
}

static int
pick_one(struct svc *svc, const struct heard *heard, const struct decider *d,
    const char *id, struct arena *arena, struct picked *out, struct err *err)
{
	out->rows = arena_alloc(arena, sizeof(*out->rows));
	out->n = 1;
	if (approvals_get(&svc->approvals, d, id, arena, out->rows, err) < 0)
		return say_refused(svc, heard, d->operation, err);
	return 0;
}

static int
pick_by_id(struct svc *svc, const struct heard *heard, const struct decider *d,
    const char *typed, struct arena *arena, struct picked *out, struct err *err)
{
	struct action_row *rows;
	const char *id;
	size_t n;
	int got = approvals_resolve(
	    &svc->approvals, d, typed, arena, &id, &rows, &n, err);

	if (got < 0)
		return say_refused(svc, heard, d->operation, err);
	if (got == 1)
		return say_which(svc, heard, typed, rows, n, arena, err);
	return pick_one(svc, heard, d, id, arena, out, err);
}

static int
say_none(struct svc *svc, const struct heard *heard, struct err *err)
{
	return heard_reply(svc, heard, "No pending actions.", err) < 0 ? -1 : 1;
}

static bool
is_reply(const struct heard *heard)
{
	return heard->message->reply_to_id && *heard->message->reply_to_id;
}

/* "it": what is replied to, or there is one only. */
static int
pick_only(struct svc *svc, const struct heard *heard, const struct decider *d,
    struct arena *arena, struct picked *out, struct err *err)
{
	const char *id;
	AUTO(buf_release)
	struct buf text = { 0 };
	int got = heard_notice(svc, heard, arena, &id, err);

	if (got < 0)
		return -1;
	if (got == 0)
		return pick_one(svc, heard, d, id, arena, out, err);
	if (find_pending(svc, d, LISTED_MAX, false, arena, out, err) < 0)
		return -1;
	if (out->n == 0)
		return say_none(svc, heard, err);
	/* Who points at something else does not mean this one. */
	if (out->n == 1 && !is_reply(heard))
		return 0;
	buf_init(&text);
	say_several_pending(
	    &text, describe(heard, out, arena), out->n, out->is_everywhere);
	return heard_reply(svc, heard, text.data, err) < 0 ? -1 : 1;
}

/* 1: there is nothing to decide, and they were answered so. */
static int
pick(struct svc *svc, const struct heard *heard, const struct decider *d,
    const struct action_choice *choice, struct arena *arena, struct picked *out,
    struct err *err)
{
	bool is_latest = choice->which == ACTION_LATEST;

	*out = (struct picked){ 0 };
	switch (choice->which) {
	case ACTION_BY_ID:
		return pick_by_id(svc, heard, d, choice->id, arena, out, err);
	case ACTION_ONLY:
		return pick_only(svc, heard, d, arena, out, err);
	case ACTION_LATEST:
	case ACTION_ALL:
		break;
	}
	if (find_pending(svc, d, is_latest ? 1 : APPROVALS_LIST_MAX, is_latest,
		arena, out, err) < 0)
		return -1;
	return out->n ? 0 : say_none(svc, heard, err);
}

/* What became of one of them, as a line of the reply. */
static int
decide_one(struct svc *svc, const struct heard *heard, const struct decider *d,
    const char *id, const char *reason, bool is_approval, struct arena *arena,
    struct buf *out, struct err *err)
{
	struct action_row row;
	int got = is_approval ? approvals_approve(
				    &svc->approvals, d, id, arena, &row, err)
			      : approvals_deny(&svc->approvals, d, id, reason,
				    arena, &row, err);

	if (out->size)
		buf_addc(out, '\n');
	if (got < 0 && err->code != ERR_REFUSED)
		return -1;
	if (got < 0) {
		buf_adds(out, err->text);
		heard_refused(svc, heard, d->operation, err->text);
		return 0;
	}
	row = tellable(heard, &row);
	got == 0 ? tell_decided(out, &row) : tell_settled(out, &row);
	return 0;
}

static int
decide(struct svc *svc, const struct heard *heard, const char *operation,
    const struct action_choice *choice, bool is_approval, struct arena *arena,
    struct err *err)
{
	const struct decider d = decider(heard, operation);
	AUTO(buf_release)
	struct buf text = { 0 };
	struct picked picked;
	int got = pick(svc, heard, &d, choice, arena, &picked, err);

	if (got != 0)
		return got < 0 ? -1 : 0;
	buf_init(&text);
	for (size_t i = 0; i < picked.n; i++)
		if (decide_one(svc, heard, &d, picked.rows[i].id,
			choice->reason, is_approval, arena, &text, err) < 0)
			return -1;
	if (picked.has_more && choice->which == ACTION_ALL)
		buf_adds(&text, "\nMore wait: `/pending-actions`.");
	return heard_reply(svc, heard, text.data, err);
}

int
command_approve_action(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err)
{
	struct action_choice choice;

	if (args_approve_action(&choice, command->argument, arena, err) < 0)
		return heard_misused(svc, heard, command, err);
	return decide(svc, heard, command_find(command->id)->operation, &choice,
	    true, arena, err);
}

int
command_deny_action(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err)
{
	struct action_choice choice;

	if (args_deny_action(&choice, command->argument, arena, err) < 0)
		return heard_misused(svc, heard, command, err);
	return decide(svc, heard, command_find(command->id)->operation, &choice,
	    false, arena, err);
}

/* Only a decision about a token may know it: of all else the kept form counts.
 */
static int
read_decision(struct svc *svc, const struct command *command,
    int (*read)(struct decision *out, const char *argument, struct arena *arena,
	struct err *err),
    struct arena *arena, struct decision *out, struct err *err)
{
	int got = read(out, command->argument, arena, err);
	const char *kept;

	if (out->is_pairing)
		return got;
	if (pairing_redact(svc->store, command->argument, arena, &kept, err) <
	    0)
		return -1;
	return read(out, kept, arena, err);
}

int
command_approve(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err)
{
	struct decision decision;

	if (read_decision(svc, command, args_approve, arena, &decision, err) <
	    0)
		return heard_misused(svc, heard, command, err);
	if (decision.is_pairing)
		return pairing_decide_command(
		    svc, heard, &decision.pairing, true, arena, err);
	return decide(svc, heard, "command.approve-action", &decision.action,
	    true, arena, err);
}

int
command_deny(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err)
{
	struct decision decision;

	if (read_decision(svc, command, args_deny, arena, &decision, err) < 0)
		return heard_misused(svc, heard, command, err);
	if (decision.is_pairing)
		return pairing_decide_command(
		    svc, heard, &decision.pairing, false, arena, err);
	return decide(svc, heard, "command.deny-action", &decision.action,
	    false, arena, err);
}

/* G-17: whoever may not decide hears of none. */
int
heard_guidance(struct svc *svc, const struct heard *heard, struct arena *arena,
    struct guidance_facts *out, struct err *err)
{
	const struct decider d = decider(heard, "command.approve-action");
	struct picked picked;
	const char **ids;

	*out = (struct guidance_facts){
		.is_linked = heard->actor->kind != ACTOR_ACCOUNT ||
			     *heard->actor->user_id,
		.may_decide = heard_may(svc, heard, d.operation, err) == 0,
	};
	if (!out->may_decide)
		return err->code == ERR_REFUSED ? 0 : -1;
	if (find_pending(svc, &d, LISTED_MAX, false, arena, &picked, err) < 0)
		return -1;
	ids = arena_alloc(arena, (picked.n + 1) * sizeof(*ids));
	for (size_t i = 0; i < picked.n; i++)
		ids[i] = picked.rows[i].id;
	out->ids = ids;
	out->n_ids = picked.n;
	return 0;
}
