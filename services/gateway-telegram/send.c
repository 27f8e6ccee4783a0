/* Sends one part of a reply, and says what became of it. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/connector.h"
#include "libcommon/envelope.h"
#include "libcommon/json.h"
#include "libcommon/log.h"
#include "libcommon/outbound.h"
#include "libcommon/typing.h"
#include "services/gateway-telegram/bot.h"
#include "services/gateway-telegram/gateway.h"
#include "services/gateway-telegram/translate.h"

/* One part under way; each flag is a way in which Telegram refused it and it
 * can be sent all the same. */
struct sending {
	struct svc *svc;
	struct outbound_job *job;
	const struct outbound_part *part;
	int64_t chat, thread;
	bool is_plain;
	bool has_migrated;
	bool is_anew; /* what it was to change is gone */
};

enum {
	CALLBACK_DATA_MAX = 64, /* Telegram's */
	TELL_WITHIN_MS = 10000,
};

static void try(struct sending *s);

static void
on_told(void *arg, const struct envelope *answer, const struct err *err)
{
	(void)arg;
	if (!answer || !answer->ok)
		log_warn("move-untold", "why=%s",
		    log_quote(answer ? answer->error.text : err->text));
}

static void
put_button(struct json_out *out, char verb, const char *action_id)
{
	char data[CALLBACK_DATA_MAX + 1];

	snprintf(data, sizeof(data), "%c:%s", verb, action_id);
	json_out_object(out, NULL);
	json_out_str(out, "text", verb == 'a' ? "Approve" : "Deny");
	json_out_str(out, "callback_data", data);
	json_out_object_end(out);
}

/* Under the last part, when all of it has been shown. */
static void
put_buttons(struct json_out *out, const struct outbound_part *part)
{
	if (!part->is_last || !*part->action_id ||
	    strlen(part->action_id) > CALLBACK_DATA_MAX - 2)
		return;
	json_out_object(out, "reply_markup");
	json_out_list(out, "inline_keyboard");
	json_out_list(out, NULL);
	put_button(out, 'a', part->action_id);
	put_button(out, 'd', part->action_id);
	json_out_list_end(out);
	json_out_list_end(out);
	json_out_object_end(out);
}

/* A group that has migrated has numbered its messages anew. */
static void
put_place(struct json_out *out, const struct sending *s)
{
	int64_t reply_to = strtoll(s->part->reply_to_id, NULL, 10);

	if (s->thread > 0)
		json_out_int(out, "message_thread_id", s->thread);
	if (reply_to > 0 && !s->has_migrated) {
		json_out_object(out, "reply_parameters");
		json_out_int(out, "message_id", reply_to);
		json_out_bool(out, "allow_sending_without_reply", true);
		json_out_object_end(out);
	}
}

static bool
is_edit(const struct sending *s)
{
	return *s->part->edit_id != '\0' && !s->is_anew;
}

/* Previews are fetched by Telegram: what a model wrote shall fetch nothing. */
void
telegram_put_text(struct json_out *out, const char *text, bool is_plain)
{
	json_out_str(out, "text", text);
	if (!is_plain)
		json_out_str(out, "parse_mode", "HTML");
	json_out_object(out, "link_preview_options");
	json_out_bool(out, "is_disabled", true);
	json_out_object_end(out);
}

static void
write_params(const struct sending *s, struct buf *params)
{
	const struct outbound_part *part = s->part;
	struct json_out out;

	json_out_init(&out, params);
	json_out_object(&out, NULL);
	json_out_int(&out, "chat_id", s->chat);
	if (is_edit(s))
		json_out_int(
		    &out, "message_id", strtoll(part->edit_id, NULL, 10));
	else
		put_place(&out, s);
	telegram_put_text(
	    &out, s->is_plain ? part->plain : part->written, s->is_plain);
	/* Of what is edited the buttons go, which nothing replaces. */
	put_buttons(&out, part);
	json_out_object_end(&out);
}

/* Once is enough: the engine then names the new chat. */
static void
tell_moved(struct sending *s, int64_t new_chat)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(4096);
	AUTO(buf_release)
	struct buf body = { 0 };
	struct membership_changed moved;

	telegram_moved(&moved, s->chat, new_chat, arena);
	moved.changed_unix_ms = clock_unix_ms();
	buf_init(&body);
	membership_changed_encode(&moved, &body);
	connector_ask(s->svc->connector, "membership.changed", &body,
	    TELL_WITHIN_MS, on_told, NULL);
}

/* Somebody deleted it, or it is too old. */
static bool
is_gone(const struct bot_answer *answer)
{
	return strcasestr(answer->why, "message to edit not found") ||
	       strcasestr(answer->why, "message can't be edited");
}

/* True: something is different now, and worth another try. */
static bool
adapt(struct sending *s, const struct bot_answer *answer)
{
	if (answer->outcome != BOT_BAD)
		return false;
	if (answer->migrate_to_chat != 0 && !s->has_migrated) {
		tell_moved(s, answer->migrate_to_chat);
		/* The message that it would change stays in the old chat. */
		if (is_edit(s) && !s->part->shows_anew)
			return false;
		s->is_anew = true;
		s->chat = answer->migrate_to_chat;
		s->has_migrated = true;
		return true;
	}
	if (strcasestr(answer->why, "can't parse entities") && !s->is_plain) {
		log_warn("sent-plain", "delivery=%s part=%" PRId64 " why=%s",
		    s->part->delivery_id, s->part->number,
		    log_quote(answer->why));
		s->svc->counters.plain++;
		s->is_plain = true;
		return true;
	}
	if (is_edit(s) && s->part->shows_anew && is_gone(answer)) {
		s->is_anew = true;
		return true;
	}
	if (strcasestr(answer->why, "thread not found") && s->thread > 0) {
		s->thread = 0;
		return true;
	}
	return false;
}

static void
report(struct sending *s, const struct bot_answer *answer)
{
	char id[32];

	switch (answer->outcome) {
	case BOT_OK:
		snprintf(id, sizeof(id), "%" PRId64,
		    json_int(json_get(answer->result, "message_id"), 0));
		outbound_sent(s->job, id);
		break;
	case BOT_FORBIDDEN:
	case BOT_BAD:
		/* An earlier try has done it. */
		if (is_edit(s) && strcasestr(answer->why, "not modified"))
			outbound_sent(s->job, s->part->edit_id);
		else
			outbound_refused(s->job, answer->why);
		break;
	case BOT_LIMITED:
		outbound_retry(s->job, answer->retry_after_ms, answer->why);
		break;
	case BOT_REFUSED:
		/* Nothing goes out until the poll finds the token good. */
		outbound_allow(s->svc->outbound, false);
		outbound_retry(s->job, 1000, answer->why);
		break;
	case BOT_CONFLICT:
	case BOT_TROUBLE:
	case BOT_GARBLED:
	case BOT_OUTCOME_COUNT:
		outbound_retry(s->job, 0, answer->why);
		break;
	}
}

static void
on_answer(void *arg, const struct bot_answer *answer)
{
	struct sending *s = arg;

	if (adapt(s, answer)) {
		try(s);
		return;
	}
	report(s, answer);
}

static void
try(struct sending *s)
{
	AUTO(buf_release)
	struct buf params = { 0 };

	buf_init(&params);
	write_params(s, &params);
	bot_call(s->svc->bot, is_edit(s) ? "editMessageText" : "sendMessage",
	    &params, 0, on_answer, s);
}

void
telegram_send(
    void *arg, struct outbound_job *job, const struct outbound_part *part)
{
	struct sending *s = arena_alloc(part->arena, sizeof(*s));

	s->svc = arg;
	typing_end(s->svc->typing, part->chat_id);
	s->job = job;
	s->part = part;
	if (telegram_chat_parse(part->chat_id, &s->chat, &s->thread) < 0) {
		outbound_refused(job, "no chat of Telegram");
		return;
	}
	try(s);
}
