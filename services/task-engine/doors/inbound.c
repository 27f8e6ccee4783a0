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
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/config.h"
#include "services/task-engine/conversation/command.h"
#include "services/task-engine/conversation/safety.h"
#include "services/task-engine/conversation/say.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/doors/commands.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/people/pairing.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/store/turns.h"

static int
reply(struct svc *svc, const struct heard *heard, const char *text,
    bool is_handled, struct err *err)
{
	const struct post_note note = {
		.context = heard->context,
		.instance = heard->message->instance,
		.in_reply_to_seq = heard->message->seq,
		.reply_to_id = heard->message->platform_id,
		.text = text,
		.is_handled = is_handled,
	};
	char id[ID_UUID_SIZE];

	svc->heard.is_answered = true;
	return post_add(svc->store, &note, heard->now_ms, id, err);
}

int
heard_reply(struct svc *svc, const struct heard *heard, const char *text,
    struct err *err)
{
	return reply(svc, heard, text, true, err);
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

	return policy_check(
	    &svc->policy, heard->actor, operation, &target, err);
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

static int
refuse(struct svc *svc, const struct heard *heard, enum safety_verdict verdict,
    struct err *err)
{
	const char *text = safety_notice(verdict, heard->asker_waits);

	if (!*text && !heard->asker_waits)
		return 0;
	return reply(svc, heard, text, *text != '\0', err);
}

static int
take_words(struct svc *svc, const struct heard *heard, struct err *err)
{
	const struct context_row *x = heard->context;
	const struct safety_question question = {
		.person = *heard->actor->user_id ? heard->actor->user_id
						 : heard->actor->name,
		.context_id = x->id,
		.workspace_id = x->workspace_id,
		.role = role_name(heard->role),
		.is_direct = x->is_direct,
		.is_addressed = heard->message->is_addressed,
	};
	bool is_for_us = x->is_direct || heard->message->is_addressed ||
			 !svc->cfg->llm_require_mention;
	enum safety_verdict verdict;

	if (!is_for_us)
		return 0;
	if (heard_may(svc, heard, "message.answer", err) < 0)
		return -1;
	verdict = safety_check(svc->safety, &question, heard->now_ms);
	if (verdict != SAFETY_ALLOWED)
		return refuse(svc, heard, verdict, err);
	return heard_queue(svc, heard, TURN_ANSWER, err);
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
	command_parse(&command, heard->message->text, is_addressed, arena);
	if (command.id == COMMAND_UNKNOWN && !is_addressed)
		return 0;
	if (command.id != COMMAND_NONE)
		return command_run(svc, heard, &command, arena, err);
	if (heard->is_silent)
		return 0;
	return take_words(svc, heard, err);
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
	int got;

	if (store_place_ensure(
		svc->store, in->place, now_ms, arena, &context, err) < 0 ||
	    policy_role(&svc->policy, in->actor, context.workspace_id,
		&heard.role, err) < 0)
		return -1;
	audit_request(svc->store,
	    &(struct audit_entry){ .workspace_id = context.workspace_id,
		.context_id = context.id });
	message->workspace_id = context.workspace_id;
	message->context_id = context.id;
	message->said_by = in->actor->name;
	message->said_as = role_name(heard.role);
	heard.said = message->text;
	if (pairing_redact(
		svc->store, message->text, arena, &message->text, err) < 0)
		return -1;
	got = store_message_add(svc->store, message, seq_out, err);
	if (got != 0)
		return got;
	message->seq = *seq_out;
	if (understand(svc, &heard, arena, err) < 0)
		return -1;
	note_heard(svc, message);
	return 0;
}
