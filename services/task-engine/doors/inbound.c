/* Takes one message in: stored first, then understood. */

#include "services/task-engine/doors/inbound.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "libcommon/log.h"
#include "proto/trace.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/config.h"
#include "services/task-engine/conversation/command.h"
#include "services/task-engine/conversation/intent.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/commands/allowed.h"
#include "services/task-engine/commands/commands.h"
#include "services/task-engine/commands/commands_actions.h"
#include "services/task-engine/doors/attachments.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/people/pairing.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/memberships.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/traces.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/store/turns.h"
#include "services/task-engine/turn/routed.h"
#include "services/task-engine/turn/turns.h"

/* Of people whose gathered rows are told with one message; upkeep goes on. */
enum { TOLD_MAX = 4 };

/* More than a reply that quotes what was said can need. */
enum { QUOTED_BYTES = 1024 * 1024 };

/* As it was typed there is a token in it, which only the handling of it may
 * know. */
static bool
has_token(const struct heard *heard)
{
	return heard->said != heard->message->text;
}

int
heard_say(struct svc *svc, const struct heard *heard, const char *text,
    bool is_handled, struct err *err)
{
	AUTO(arena_free)
	struct arena *arena = NULL;
	struct post_note note = {
		.context = heard->context,
		.instance = heard->message->instance,
		.in_reply_to_seq = heard->message->seq,
		.reply_to_id = heard->message->platform_id,
		.text = text,
		.is_handled = is_handled,
	};
	char id[ID_UUID_SIZE];

	svc->heard.is_answered = true;
	if (has_token(heard)) {
		arena = arena_new(QUOTED_BYTES);
		if (pairing_redact(svc->store, text, arena, &note.text, err) <
		    0)
			return -1;
	}
	return post_add(svc->store, &note, heard->now_ms, id, err);
}

int
heard_reply(struct svc *svc, const struct heard *heard, const char *text,
    struct err *err)
{
	return heard_say(svc, heard, text, true, err);
}

int
heard_queue(
    struct svc *svc, const struct heard *heard, int kind, struct err *err)
{
	const struct turn_new turn = {
		.kind = (enum turn_kind)kind,
		.workspace_id = heard->context->workspace_id,
		.context_id = heard->context->id,
		.message_seq = heard->message->seq,
		.priority = 2,
	};
	int64_t turn_id;

	svc->heard.is_queued = true;
	return store_turn_add(svc->store, &turn, heard->now_ms, &turn_id, err);
}

int
heard_may(struct svc *svc, const struct heard *heard, const char *operation,
    struct err *err)
{
	const struct policy_target target = {
		.workspace_id = heard->context->workspace_id,
		.connector = heard->context->connector,
		.external_id = heard->context->external_id,
		.asked_by = "",
	};
	bool is_by_id = policy_find(operation)->flags & POLICY_BY_ID;

	return policy_check(&svc->policy, heard->actor, operation,
	    is_by_id ? NULL : &target, err);
}

void
heard_refused(struct svc *svc, const struct heard *heard, const char *operation,
    const char *why)
{
	const struct audit_entry entry = {
		.actor = heard->actor->name,
		.operation = operation,
		.reason = why,
	};

	if (policy_find(operation)->role > ROLE_GUEST)
		audit_refused(svc->store, &entry, heard->now_ms);
}

/* First of all: in a busy chat most rows would be too many. 1: none is left. */
static int
take_guest_row(struct svc *svc, const struct heard *heard, struct arena *arena,
    struct err *err)
{
	if (!routed_is_guest(heard->actor))
		return 0;
	return routing_take_row(svc->store, heard->actor->name,
	    svc->cfg->guest_rows_a_day, heard->now_ms, arena, err);
}

/* A guest who has had their rows makes none, and hears nothing of it. */
static int
add_row(struct svc *svc, const struct heard *heard, const struct triage *triage,
    enum routing_state state, struct arena *arena, struct err *err)
{
	struct routed row;
	int got = take_guest_row(svc, heard, arena, err);

	if (got != 0)
		return got < 0 ? -1 : 0;
	svc->hearing.row = routing_state_name(state);
	routed_make(&row, svc->cfg, heard->context, heard->message, triage,
	    heard->now_ms, arena);
	row.row.is_draft =
	    !heard->context->is_direct && !heard->message->is_addressed;
	return routing_add(svc->store, heard->context, &row, state,
		   heard->now_ms, arena, err) < 0
		   ? -1
		   : 0;
}

/* For people, or at once if it may use a model. */
static int
add_draft(struct svc *svc, const struct heard *heard,
    const struct triage *triage, struct arena *arena, struct err *err)
{
	int got = allowed_draft(svc, heard, arena, err);

	if (got < 0)
		return -1;
	return add_row(svc, heard, triage,
	    got == 0 ? ROUTING_QUEUED : ROUTING_OPEN, arena, err);
}

static int
route(struct svc *svc, const struct heard *heard, const struct triage *triage,
    bool is_answered, struct arena *arena, struct err *err)
{
	int64_t n_told;

	if (svc->cfg->triage_enabled) {
		svc->hearing.triage = triage_defaults[triage->class].name;
		svc->hearing.triage_reason = triage->reason;
	}
	if (triage->class == TRIAGE_NOISE)
		return 0;
	if (routed_tell_due(
		svc->store, heard->now_ms, TOLD_MAX, arena, &n_told, err) < 0)
		return -1;
	switch (triage_row(triage->class, is_answered,
	    (enum triage_autorun)svc->cfg->triage_autorun)) {
	case ROW_NONE:
	case ROW_IF_FAILED:
		return 0;
	case ROW_OPEN:
		return add_row(svc, heard, triage, ROUTING_OPEN, arena, err);
	case ROW_IS_ANSWER:
		return add_row(svc, heard, triage, ROUTING_ANSWER, arena, err);
	case ROW_QUEUED:
		return add_draft(svc, heard, triage, arena, err);
	}
	return 0;
}

static bool
is_for_us(const struct svc *svc, const struct heard *heard)
{
	return heard->context->is_direct || heard->message->is_addressed ||
	       !svc->cfg->llm_require_mention;
}

static void
note_addressed(struct svc *svc, const struct heard *heard)
{
	hearing_gate(&svc->hearing, "addressed",
	    "AGENT_RUNTIME_LLM_REQUIRE_MENTION_IN_GROUPS",
	    is_for_us(svc, heard) ? NULL : "it was not addressed to the agent");
}

/* A place that is as new as its message has no files yet. */
static void
look_ahead(struct svc *svc, const struct heard *heard, struct arena *arena)
{
	const struct turn_ahead ahead = {
		.message_seq = heard->message->seq,
		.asker = heard->actor,
		.context = heard->context,
		.text = heard->message->text,
		.cause = heard->message->cause,
	};

	if (svc->turns != NULL && heard->context->created_ms < heard->now_ms)
		turns_look_ahead(svc->turns, &ahead, arena);
}

/* Triage, the safety policy, and then the agent. */
static int
take_words(struct svc *svc, const struct heard *heard, struct arena *arena,
    struct err *err)
{
	struct triage triage = { .class = TRIAGE_NOISE };
	int got = 1;

	svc->hearing.how = "words";
	note_addressed(svc, heard);
	if (is_for_us(svc, heard))
		got = allowed_answer(svc, heard, arena, err);
	if (got < 0)
		return -1;
	if (got == 0)
		look_ahead(svc, heard, arena);
	if (svc->cfg->triage_enabled)
		triage = triage_decide(heard->message->text);
	if (route(svc, heard, &triage, got == 0, arena, err) < 0)
		return -1;
	return got == 0 ? heard_queue(svc, heard, TURN_ANSWER, err) : 0;
}

static int
guide(struct svc *svc, const struct heard *heard, enum guidance guidance,
    struct arena *arena, struct err *err)
{
	struct guidance_facts facts;
	AUTO(buf_release)
	struct buf text = { 0 };

	svc->hearing.how = "guidance";
	if (heard_guidance(svc, heard, arena, &facts, err) < 0)
		return -1;
	buf_init(&text);
	guidance_say(&text, guidance, &facts);
	return heard_reply(svc, heard, text.data, err);
}

/*
 * What they typed, for a decision about the token that is in it; for all else
 * what is kept of it, which has none.
 */
static bool
is_decision(enum command_id id)
{
	return id == COMMAND_APPROVE || id == COMMAND_DENY;
}

static void
read_command(struct command *out, const struct heard *heard, bool is_addressed,
    struct arena *arena)
{
	command_parse(out, heard->said, is_addressed, arena);
	if (has_token(heard) && !is_decision(out->id))
		command_parse(out, heard->message->text, is_addressed, arena);
}

static void
read_intent(struct intent *out, const struct heard *heard,
    struct intent_ask *ask, struct arena *arena)
{
	ask->text = heard->said;
	intent_parse(out, ask, arena);
	if (!has_token(heard) || is_decision(out->command.id))
		return;
	ask->text = heard->message->text;
	intent_parse(out, ask, arena);
}

static int
obey(struct svc *svc, const struct heard *heard, const char *how,
    const struct command *command, struct arena *arena, struct err *err)
{
	const struct command_row *row = command_find(command->id);

	svc->hearing.how = how;
	svc->hearing.command = row ? row->operation : "";
	return command_run(svc, heard, command, arena, err);
}

static int
take_intent(struct svc *svc, const struct heard *heard, bool is_addressed,
    struct arena *arena, struct err *err)
{
	struct intent_ask ask = {
		.self = "",
		.is_addressed = is_addressed,
		.is_admin_channel =
		    heard->context->is_admin || heard->context->is_global_hub,
	};
	struct intent intent;
	const char *action_id;
	int got = heard_notice(svc, heard, arena, &action_id, err);

	if (got < 0)
		return -1;
	ask.is_notice_reply = got == 0;
	read_intent(&intent, heard, &ask, arena);
	if (intent.guidance != GUIDANCE_NONE)
		return guide(svc, heard, intent.guidance, arena, err);
	if (command_find(intent.command.id))
		return obey(svc, heard, "intent", &intent.command, arena, err);
	return take_words(svc, heard, arena, err);
}

static int
understand(struct svc *svc, const struct heard *heard, struct arena *arena,
    struct err *err)
{
	bool is_addressed =
	    heard->context->is_direct || heard->message->is_addressed;
	struct command command;

	/* An edit is kept as an edit: never executed, never answered again. */
	if (heard->message->is_edit)
		return 0;
	read_command(&command, heard, is_addressed, arena);
	if (command.id == COMMAND_UNKNOWN && !is_addressed)
		return 0;
	if (command.id != COMMAND_NONE)
		return obey(svc, heard, "command", &command, arena, err);
	if (heard->is_silent) {
		svc->hearing.how = "attachment";
		return 0;
	}
	return take_intent(svc, heard, is_addressed, arena, err);
}

static int
would_obey(struct svc *svc, const struct heard *heard, const char *how,
    const struct command *command, struct err *err)
{
	const struct command_row *row = command_find(command->id);
	int rc;

	svc->hearing.how = how;
	svc->hearing.command = row ? row->operation : "";
	if (!row)
		return 1;
	rc = heard_may(svc, heard, row->operation, err);
	if (rc < 0 && err->code != ERR_REFUSED)
		return -1;
	hearing_gate(
	    &svc->hearing, "policy", row->operation, rc < 0 ? err->text : NULL);
	return 1;
}

static const char *const row_names[] = {
	[ROW_OPEN] = "open",
	[ROW_IS_ANSWER] = "answer",
	[ROW_QUEUED] = "queued",
};

static int
would_answer(struct svc *svc, const struct heard *heard, struct arena *arena,
    struct err *err)
{
	struct triage triage = triage_decide(heard->message->text);
	int got = 1;

	svc->hearing.how = "words";
	note_addressed(svc, heard);
	if (is_for_us(svc, heard))
		got = allowed_would(svc, heard, arena, err);
	if (got < 0 || !svc->cfg->triage_enabled)
		return got;
	svc->hearing.triage = triage_defaults[triage.class].name;
	svc->hearing.triage_reason = triage.reason;
	if (triage.class != TRIAGE_NOISE)
		svc->hearing.row = row_names[triage_row(triage.class, got == 0,
		    (enum triage_autorun)svc->cfg->triage_autorun)];
	return got;
}

int
inbound_would(struct svc *svc, const struct heard *heard, struct arena *arena,
    struct err *err)
{
	bool is_addressed =
	    heard->context->is_direct || heard->message->is_addressed;
	struct intent_ask ask = {
		.self = "",
		.is_addressed = is_addressed,
		.is_admin_channel =
		    heard->context->is_admin || heard->context->is_global_hub,
	};
	struct command command;
	struct intent intent;

	svc->hearing = (struct hearing){ 0 };
	read_command(&command, heard, is_addressed, arena);
	if (command.id != COMMAND_NONE)
		return would_obey(svc, heard, "command", &command, err);
	read_intent(&intent, heard, &ask, arena);
	if (command_find(intent.command.id))
		return would_obey(svc, heard, "intent", &intent.command, err);
	if (intent.guidance == GUIDANCE_NONE)
		return would_answer(svc, heard, arena, err);
	svc->hearing.how = "guidance";
	return 1;
}

/* Most of what a group says makes no line, and costs none. */
static void
note_heard(struct svc *svc, const struct message_row *message)
{
	if (!svc->heard.is_queued && !svc->heard.is_answered &&
	    !log_shows(LOG_LEVEL_DEBUG))
		return;
	snprintf(svc->heard.ids, sizeof(svc->heard.ids),
	    "key=%s instance=%s chat=%s seq=%" PRId64,
	    log_quote(message->event_id), message->instance,
	    log_quote(message->chat_id), message->seq);
}

/* Beside the message, in its transaction. */
static int
keep_hearing(struct svc *svc, const struct heard *heard, struct arena *arena,
    struct err *err)
{
	struct trace_heard trace;
	AUTO(buf_release)
	struct buf text = { 0 };

	if (svc->cfg->trace_days == 0 || !hearing_is_notable(&svc->hearing))
		return 0;
	buf_init(&text);
	hearing_trace(&svc->hearing,
	    svc->heard.is_queued     ? "turn"
	    : svc->heard.is_answered ? "reply"
				     : "nothing",
	    arena, &trace);
	trace_heard_encode(&trace, &text);
	return store_trace_heard_put(
	    svc->store, heard->message->seq, text.data, heard->now_ms, err);
}

/* The row has the names of its attachments below the words. Returns 1 when it
 * was here before. */
static int
store_heard(struct svc *svc, const struct inbound *in,
    const struct heard *heard, struct attachments *files, int64_t *seq_out,
    struct arena *arena, struct err *err)
{
	struct message_row row = *heard->message;

	if (attachments_take(svc, heard, files, arena, err) < 0)
		return -1;
	if (in->n_attachments)
		row.text = attachments_in_log(files, row.text, arena);
	return store_message_add(svc->store, &row, seq_out, err);
}

static int
take_heard(struct svc *svc, const struct inbound *in, struct heard *heard,
    int64_t *seq_out, struct arena *arena, struct err *err)
{
	struct attachments files = { in->attachments, in->n_attachments, NULL };
	int got;

	got = store_heard(svc, in, heard, &files, seq_out, arena, err);
	if (got != 0)
		return got;
	in->message->seq = *seq_out;
	/* Whoever is heard there is not gone. */
	if (store_absence_end(svc->store, heard->context->workspace_id,
		in->message->instance, err) < 0 ||
	    attachments_tell(svc, heard, &files, err) < 0 ||
	    understand(svc, heard, arena, err) < 0 ||
	    keep_hearing(svc, heard, arena, err) < 0)
		return -1;
	note_heard(svc, in->message);
	return 0;
}

int
inbound_take(struct svc *svc, const struct inbound *in, int64_t now_ms,
    struct arena *arena, int64_t *seq_out, struct err *err)
{
	struct message_row *message = in->message;
	struct context_row context;
	struct heard heard = {
		.actor = in->actor,
		.context = &context,
		.message = message,
		.now_ms = now_ms,
		.asker_waits = in->asker_waits,
		.is_silent = in->is_silent,
	};

	if (store_place_ensure(
		svc->store, in->place, now_ms, arena, &context, err) < 0 ||
	    policy_role(&svc->policy, in->actor, context.workspace_id,
		&heard.role, err) < 0)
		return -1;
	audit_request(svc->store,
	    &(struct audit_entry){ .workspace_id = context.workspace_id,
		.context_id = context.id });
	svc->hearing = (struct hearing){ 0 };
	message->workspace_id = context.workspace_id;
	message->context_id = context.id;
	message->said_by = in->actor->name;
	message->said_as = role_name(heard.role);
	heard.said = message->text;
	if (pairing_redact(
		svc->store, message->text, arena, &message->text, err) < 0)
		return -1;
	return take_heard(svc, in, &heard, seq_out, arena, err);
}
