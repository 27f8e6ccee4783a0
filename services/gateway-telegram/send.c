/* Sends one part of a reply, and says what became of it. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
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
};

static void try(struct sending *s);

/* Previews are fetched by Telegram: what a model wrote shall fetch nothing. */
static void
write_params(const struct sending *s, struct buf *params)
{
	const struct outbound_part *part = s->part;
	int64_t reply_to = strtoll(part->reply_to_id, NULL, 10);
	struct json_out out;

	json_out_init(&out, params);
	json_out_object(&out, NULL);
	json_out_int(&out, "chat_id", s->chat);
	if (s->thread > 0)
		json_out_int(&out, "message_thread_id", s->thread);
	json_out_str(&out, "text", s->is_plain ? part->plain : part->written);
	if (!s->is_plain)
		json_out_str(&out, "parse_mode", "HTML");
	json_out_object(&out, "link_preview_options");
	json_out_bool(&out, "is_disabled", true);
	json_out_object_end(&out);
	/* A group that has migrated has numbered its messages anew. */
	if (reply_to > 0 && !s->has_migrated) {
		json_out_object(&out, "reply_parameters");
		json_out_int(&out, "message_id", reply_to);
		json_out_bool(&out, "allow_sending_without_reply", true);
		json_out_object_end(&out);
	}
	json_out_object_end(&out);
}

/* True: something is different now, and worth another try. */
static bool
adapt(struct sending *s, const struct bot_answer *answer)
{
	if (answer->outcome != BOT_BAD)
		return false;
	if (answer->migrate_to_chat != 0 && !s->has_migrated) {
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
	xfree(&s);
}

static void
try(struct sending *s)
{
	AUTO(buf_release)
	struct buf params = { 0 };

	buf_init(&params);
	write_params(s, &params);
	bot_call(s->svc->bot, "sendMessage", &params, 0, on_answer, s);
}

void
telegram_send(
    void *arg, struct outbound_job *job, const struct outbound_part *part)
{
	struct sending *s = xcalloc(1, sizeof(*s));

	s->svc = arg;
	typing_end(s->svc->typing, part->chat_id);
	s->job = job;
	s->part = part;
	if (telegram_chat_parse(part->chat_id, &s->chat, &s->thread) < 0) {
		xfree(&s);
		outbound_refused(job, "no chat of Telegram");
		return;
	}
	try(s);
}
