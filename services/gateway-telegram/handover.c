/* One update on its way to the engine. */

#include "services/gateway-telegram/handover.h"

#include <inttypes.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/connector.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "libcommon/typing.h"
#include "libcommon/utf8.h"
#include "proto/attachment.h"
#include "proto/bounds.h"
#include "proto/gateway.h"
#include "services/gateway-telegram/gateway.h"
#include "services/gateway-telegram/intake.h"

enum {
	WITHIN_MS = 10000,
	FILE_WITHIN_MS = 20000,
	AGAIN_LEAST_MS = 250,
	AGAIN_MOST_MS = 5000,
	/* An internal error may pass, or be this update's own; and files that
	 * are held up make no message wait for long. */
	SOME_TRIES = 5,
	ARENA_BYTES = 1024 * 1024,
	OUTCOME_ARENA_BYTES = 256 * 1024,
	FILE_ARENA_BYTES = ATTACHMENT_BASE64_MAX + 64 * 1024,
};

static const char attachment_put_type[] = "attachment.put";

static void give(struct handover *h);

static void
finish(struct handover *h)
{
	h->is_done = true;
	/* May let go of it. */
	intake_go_on(h->svc->intake);
}

static void
write_event(struct handover *h)
{
	struct telegram_update *u = &h->update;
	const char *cursor = "";

	h->n_tries = 0;
	h->waits_for_file = false;
	h->cursor = intake_cursor(h->svc->intake, h);
	if (h->cursor)
		cursor = arena_printf(h->arena, "%" PRId64, h->cursor);
	buf_reset(&h->body);
	switch (u->event) {
	case TELEGRAM_MESSAGE:
		h->type = "message.inbound";
		u->message.cursor = cursor;
		message_inbound_encode(&u->message, &h->body);
		break;
	case TELEGRAM_PRESS:
		h->type = "button.pressed";
		u->press.cursor = cursor;
		button_pressed_encode(&u->press, &h->body);
		break;
	case TELEGRAM_MEMBER:
		h->type = "membership.changed";
		u->member.cursor = cursor;
		membership_changed_encode(&u->member, &h->body);
		break;
	case TELEGRAM_NOTHING:
	case TELEGRAM_EVENT_COUNT:
		h->type = "gateway.cursor";
		gateway_cursor_encode(
		    &(struct gateway_cursor){ .cursor = cursor }, &h->body);
		break;
	}
}

/* The presser's client waits for it; NULL: there is nothing to say. */
static void
press_end(const struct handover *h, const struct button_outcome *outcome)
{
	if (h->update.event == TELEGRAM_PRESS)
		telegram_answer_press(h->svc, h->update.query_id,
		    outcome ? outcome->text : "",
		    outcome && strcmp(outcome->outcome, "refused") == 0);
}

static void
give_event(struct handover *h)
{
	write_event(h);
	give(h);
}

/* Without its file, which is told in the chat. */
static void
go_without(struct handover *h, const char *why)
{
	struct message_attachment *a = h->update.message.attachments;
	size_t size = utf8_cut(why, strlen(why), BOUND_NOTE);

	a->problem = arena_strndup(h->arena, why, size);
	give_event(h);
}

static void
drop(struct handover *h, const char *why)
{
	if (h->type == attachment_put_type) {
		go_without(h, why);
		return;
	}
	press_end(h, NULL);
	h->svc->counters.dropped++;
	log_error("update-dropped", "update=%" PRId64 " why=%s", h->update_id,
	    log_quote(why));
	finish(h);
}

static void
on_again(void *arg)
{
	give(arg);
}

static void
try_again(struct handover *h, const char *why)
{
	int64_t ms = AGAIN_LEAST_MS;

	for (int i = 1; i < h->n_tries && ms < AGAIN_MOST_MS; i++)
		ms *= 2;
	if (h->n_tries == 1)
		log_warn("update-waits", "update=%" PRId64 " why=%s",
		    h->update_id, log_quote(why));
	timer_start(h->again, ms < AGAIN_MOST_MS ? ms : AGAIN_MOST_MS, 0);
}

static void
try_some_times(struct handover *h, const char *why)
{
	if (h->n_tries >= SOME_TRIES)
		drop(h, why);
	else
		try_again(h, why);
}

static void
on_refusal(struct handover *h, const struct err *error)
{
	switch (error->code) {
	case ERR_NONE:
	case ERR_INVALID:
	case ERR_UNAUTHENTICATED:
	case ERR_REFUSED:
	case ERR_NOT_FOUND:
	case ERR_CONFLICT:
	case ERR_COUNT:
		drop(h, error->text);
		break;
	case ERR_INTERNAL:
		try_some_times(h, error->text);
		break;
	case ERR_BUSY:
		if (h->type == attachment_put_type) {
			try_some_times(h, error->text);
			break;
		}
		try_again(h, error->text);
		break;
	case ERR_UNAVAILABLE:
	case ERR_TIMEOUT:
		try_again(h, error->text);
		break;
	}
}

static void
on_accepted(struct handover *h, const struct envelope *answer)
{
	struct svc *svc = h->svc;
	const struct message_inbound *m = &h->update.message;
	AUTO(arena_free)
	struct arena *arena = arena_new(4096);
	struct message_accepted accepted;
	struct err err;

	if (message_accepted_decode(&accepted, answer->body, arena, &err) < 0) {
		drop(h, err.text);
		return;
	}
	if (strcmp(accepted.outcome, "duplicate") == 0)
		svc->counters.duplicates++;
	else if ((m->is_direct || m->is_addressed) && !m->is_edit)
		typing_expect(svc->typing, m->chat_id);
	finish(h);
}

static void
on_decided(struct handover *h, const struct envelope *answer)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(OUTCOME_ARENA_BYTES);
	struct button_outcome outcome;
	struct err err;

	if (button_outcome_decode(&outcome, answer->body, arena, &err) < 0) {
		drop(h, err.text);
		return;
	}
	press_end(h, &outcome);
	finish(h);
}

static void
on_done(struct handover *h, const struct envelope *answer)
{
	if (h->type == attachment_put_type) {
		give_event(h);
		return;
	}
	switch (h->update.event) {
	case TELEGRAM_MESSAGE:
		on_accepted(h, answer);
		break;
	case TELEGRAM_PRESS:
		on_decided(h, answer);
		break;
	case TELEGRAM_NOTHING:
	case TELEGRAM_MEMBER:
	case TELEGRAM_EVENT_COUNT:
		finish(h);
		break;
	}
}

static void
on_answer(void *arg, const struct envelope *answer, const struct err *err)
{
	struct handover *h = arg;

	if (!answer)
		on_refusal(h, err);
	else if (!answer->ok)
		on_refusal(h, &answer->error);
	else
		on_done(h, answer);
}

static void
give(struct handover *h)
{
	h->n_tries++;
	connector_ask(h->svc->connector, h->type, &h->body,
	    h->type == attachment_put_type ? FILE_WITHIN_MS : WITHIN_MS,
	    on_answer, h);
}

static void
on_file(void *arg, const char *bytes, size_t size, const char *why)
{
	struct handover *h = arg;
	const struct message_inbound *m = &h->update.message;
	AUTO(arena_free)
	struct arena *arena = arena_new(FILE_ARENA_BYTES);
	struct attachment_put put = {
		.event_id = m->event_id,
		.chat_id = m->chat_id,
		.name = m->attachments->name,
		.media_type = m->attachments->media_type,
	};

	if (!bytes) {
		go_without(h, why);
		return;
	}
	attachment_put_bytes(&put, bytes, size, arena);
	h->type = attachment_put_type;
	buf_reset(&h->body);
	attachment_put_encode(&put, &h->body);
	give(h);
}

/* What has a file waits for it, and whatever its chat says behind it. */
void
handover_begin(struct handover *h)
{
	const struct telegram_update *u = &h->update;

	h->is_begun = true;
	if (u->event != TELEGRAM_MESSAGE || !*u->file_id) {
		give_event(h);
		return;
	}
	h->waits_for_file = true;
	h->fetch = (struct fetch){
		.svc = h->svc,
		.file_id = u->file_id,
		.fn = on_file,
		.arg = h,
	};
	fetch_begin(&h->fetch);
}

struct handover *
handover_new(struct svc *svc, int64_t update_id)
{
	struct handover *h = xcalloc(1, sizeof(*h));

	h->svc = svc;
	h->arena = arena_new(ARENA_BYTES);
	h->update_id = update_id;
	h->update = (struct telegram_update){ .chat_id = "", .file_id = "" };
	h->again = timer_new(svc->env.loop, on_again, h);
	buf_init(&h->body);
	return h;
}

void
handover_free(struct handover **slot)
{
	struct handover *h = STEAL(*slot);

	fetch_end(&h->fetch);
	timer_free(&h->again);
	buf_release(&h->body);
	arena_free(&h->arena);
	xfree(&h);
}
