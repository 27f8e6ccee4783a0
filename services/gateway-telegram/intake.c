/* Updates on their way to the engine. */

#include "services/gateway-telegram/intake.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/connector.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "libcommon/typing.h"
#include "libcommon/utf8.h"
#include "proto/attachment.h"
#include "proto/bounds.h"
#include "proto/gateway.h"
#include "services/gateway-telegram/fetch.h"
#include "services/gateway-telegram/gateway.h"
#include "services/gateway-telegram/poll.h"

enum {
	WITHIN_MS = 10000,
	FILE_WITHIN_MS = 20000,
	AGAIN_LEAST_MS = 250,
	AGAIN_MOST_MS = 5000,
	/* An internal error may pass, or be this update's own; and files that
	 * are held up make no message wait for long. */
	SOME_TRIES = 5,
	HISTORY_MS = 24 * 60 * 60 * 1000,
	ARENA_BYTES = 32 * 1024 * 1024,
	OUTCOME_ARENA_BYTES = 256 * 1024,
	FILE_ARENA_BYTES = ATTACHMENT_BASE64_MAX + 64 * 1024,
};

/* One message, or the cursor alone. */
struct item {
	struct intake *intake;
	const char *type;
	const char *cursor; /* "" but for the last one's */
	struct buf body;
	struct telegram_update update;
	int64_t update_id;
	struct fetch fetch; /* of a file that goes before the message */
	bool is_begun;	    /* else it waits for its turn */
	int n_tries;
	bool is_done;
	struct timer *again;
};

struct intake {
	struct svc *svc;
	struct arena *arena;
	struct item *items;
	size_t n_items, room;
	size_t n_done;
	bool is_handing; /* a batch is on its way */
	int64_t offset;	 /* behind the batch */
};

static const char attachment_put_type[] = "attachment.put";

static void go_on(struct intake *in);
static void give(struct item *item);

static void
item_release(struct item *item)
{
	fetch_end(&item->fetch);
	timer_free(&item->again);
	buf_release(&item->body);
}

static void
finish(struct item *item)
{
	struct intake *in = item->intake;

	item_release(item);
	item->is_done = true;
	in->n_done++;
	go_on(in);
}

static void
write_event(struct item *item)
{
	struct telegram_update *u = &item->update;

	item->n_tries = 0;
	buf_reset(&item->body);
	switch (u->event) {
	case TELEGRAM_MESSAGE:
		item->type = "message.inbound";
		u->message.cursor = item->cursor;
		message_inbound_encode(&u->message, &item->body);
		break;
	case TELEGRAM_PRESS:
		item->type = "button.pressed";
		u->press.cursor = item->cursor;
		u->press.pressed_unix_ms = clock_unix_ms();
		button_pressed_encode(&u->press, &item->body);
		break;
	case TELEGRAM_MEMBER:
		item->type = "membership.changed";
		u->member.cursor = item->cursor;
		membership_changed_encode(&u->member, &item->body);
		break;
	case TELEGRAM_NOTHING:
	case TELEGRAM_EVENT_COUNT:
		item->type = "gateway.cursor";
		gateway_cursor_encode(
		    &(struct gateway_cursor){ .cursor = item->cursor },
		    &item->body);
		break;
	}
}

/* The presser's client waits for it; NULL: there is nothing to say. */
static void
press_end(const struct item *item, const struct button_outcome *outcome)
{
	if (item->update.event == TELEGRAM_PRESS)
		telegram_answer_press(item->intake->svc, item->update.query_id,
		    outcome ? outcome->text : "",
		    outcome && strcmp(outcome->outcome, "refused") == 0);
}

/* Without its file, which is told in the chat. */
static void
go_without(struct item *item, const char *why)
{
	struct message_attachment *a = item->update.message.attachments;
	size_t size = utf8_cut(why, strlen(why), BOUND_NOTE);

	a->problem = arena_strndup(item->intake->arena, why, size);
	write_event(item);
	give(item);
}

static void
drop(struct item *item, const char *why)
{
	if (item->type == attachment_put_type) {
		go_without(item, why);
		return;
	}
	press_end(item, NULL);
	item->intake->svc->counters.dropped++;
	log_error("update-dropped", "update=%" PRId64 " why=%s",
	    item->update_id, log_quote(why));
	finish(item);
}

static void
on_again(void *arg)
{
	give(arg);
}

static void
try_again(struct item *item, const char *why)
{
	int64_t ms = AGAIN_LEAST_MS;

	for (int i = 1; i < item->n_tries && ms < AGAIN_MOST_MS; i++)
		ms *= 2;
	if (item->n_tries == 1)
		log_warn("update-waits", "update=%" PRId64 " why=%s",
		    item->update_id, log_quote(why));
	timer_start(item->again, ms < AGAIN_MOST_MS ? ms : AGAIN_MOST_MS, 0);
}

static void
try_some_times(struct item *item, const char *why)
{
	if (item->n_tries >= SOME_TRIES)
		drop(item, why);
	else
		try_again(item, why);
}

static void
on_refusal(struct item *item, const struct err *error)
{
	switch (error->code) {
	case ERR_NONE:
	case ERR_INVALID:
	case ERR_UNAUTHENTICATED:
	case ERR_REFUSED:
	case ERR_NOT_FOUND:
	case ERR_CONFLICT:
	case ERR_COUNT:
		drop(item, error->text);
		break;
	case ERR_INTERNAL:
		try_some_times(item, error->text);
		break;
	case ERR_BUSY:
		if (item->type == attachment_put_type) {
			try_some_times(item, error->text);
			break;
		}
		try_again(item, error->text);
		break;
	case ERR_UNAVAILABLE:
	case ERR_TIMEOUT:
		try_again(item, error->text);
		break;
	}
}

static void
on_accepted(struct item *item, const struct envelope *answer)
{
	struct svc *svc = item->intake->svc;
	const struct message_inbound *m = &item->update.message;
	AUTO(arena_free)
	struct arena *arena = arena_new(4096);
	struct message_accepted accepted;
	struct err err;

	if (message_accepted_decode(&accepted, answer->body, arena, &err) < 0) {
		drop(item, err.text);
		return;
	}
	if (strcmp(accepted.outcome, "duplicate") == 0)
		svc->counters.duplicates++;
	else if ((m->is_direct || m->is_addressed) && !m->is_edit)
		typing_expect(svc->typing, m->chat_id);
	finish(item);
}

static void
on_decided(struct item *item, const struct envelope *answer)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(OUTCOME_ARENA_BYTES);
	struct button_outcome outcome;
	struct err err;

	if (button_outcome_decode(&outcome, answer->body, arena, &err) < 0) {
		drop(item, err.text);
		return;
	}
	press_end(item, &outcome);
	finish(item);
}

static void
on_done(struct item *item, const struct envelope *answer)
{
	if (item->type == attachment_put_type) {
		write_event(item);
		give(item);
		return;
	}
	switch (item->update.event) {
	case TELEGRAM_MESSAGE:
		on_accepted(item, answer);
		break;
	case TELEGRAM_PRESS:
		on_decided(item, answer);
		break;
	case TELEGRAM_NOTHING:
	case TELEGRAM_MEMBER:
	case TELEGRAM_EVENT_COUNT:
		finish(item);
		break;
	}
}

static void
on_answer(void *arg, const struct envelope *answer, const struct err *err)
{
	struct item *item = arg;

	if (!answer)
		on_refusal(item, err);
	else if (!answer->ok)
		on_refusal(item, &answer->error);
	else
		on_done(item, answer);
}

static void
give(struct item *item)
{
	item->n_tries++;
	connector_ask(item->intake->svc->connector, item->type, &item->body,
	    item->type == attachment_put_type ? FILE_WITHIN_MS : WITHIN_MS,
	    on_answer, item);
}

static void
on_file(void *arg, const char *bytes, size_t size, const char *why)
{
	struct item *item = arg;
	const struct message_inbound *m = &item->update.message;
	AUTO(arena_free)
	struct arena *arena = arena_new(FILE_ARENA_BYTES);
	struct attachment_put put = {
		.event_id = m->event_id,
		.chat_id = m->chat_id,
		.name = m->attachments->name,
		.media_type = m->attachments->media_type,
	};

	if (!bytes) {
		go_without(item, why);
		return;
	}
	attachment_put_bytes(&put, bytes, size, arena);
	item->type = attachment_put_type;
	buf_reset(&item->body);
	attachment_put_encode(&put, &item->body);
	give(item);
}

/* What has a file waits for it, and whatever its chat says behind it. */
static void
begin(struct item *item)
{
	const struct telegram_update *u = &item->update;

	item->is_begun = true;
	if (u->event != TELEGRAM_MESSAGE || !*u->file_id) {
		give(item);
		return;
	}
	item->fetch = (struct fetch){
		.svc = item->intake->svc,
		.file_id = u->file_id,
		.fn = on_file,
		.arg = item,
	};
	fetch_begin(&item->fetch);
}

/* Chats keep their order, whatever becomes of a request on its way; the last
 * item has the cursor, and waits for all. */
static bool
has_its_turn(const struct intake *in, const struct item *item)
{
	const char *chat = item->update.chat_id;

	if (item == &in->items[in->n_items - 1])
		return in->n_done + 1 == in->n_items;
	for (const struct item *i = in->items; i < item; i++)
		if (!i->is_done && strcmp(i->update.chat_id, chat) == 0)
			return false;
	return true;
}

static void
go_on(struct intake *in)
{
	for (size_t i = 0; i < in->n_items; i++) {
		struct item *item = &in->items[i];

		if (!item->is_begun && has_its_turn(in, item))
			begin(item);
	}
	if (in->n_done < in->n_items || !in->is_handing)
		return;
	in->is_handing = false;
	in->n_items = in->n_done = 0;
	poll_committed(in->svc->poll, in->offset);
}

static bool
is_history(const struct telegram_update *u, int64_t offset)
{
	return offset == 0 && u->event == TELEGRAM_MESSAGE &&
	       u->message.sent_unix_ms < clock_unix_ms() - HISTORY_MS;
}

/* False: nothing for the engine. */
static bool
understand(struct intake *in, struct item *item, const struct json *update,
    int64_t offset)
{
	struct svc *svc = in->svc;
	struct err err;

	svc->counters.updates++;
	if (telegram_translate(
		&item->update, update, &svc->me, in->arena, &err) < 0) {
		svc->counters.dropped++;
		log_error("update-dropped", "update=%" PRId64 " why=%s",
		    item->update_id, log_quote(err.text));
		return false;
	}
	if (is_history(&item->update, offset)) {
		item->update.event = TELEGRAM_NOTHING;
		item->update.why = "older than a day, and this is the first "
				   "start";
	}
	if (item->update.event != TELEGRAM_NOTHING)
		return true;
	svc->counters.ignored++;
	log_debug("update-ignored", "update=%" PRId64 " why=%s",
	    item->update_id, log_quote(item->update.why));
	return false;
}

static struct item *
add_item(struct intake *in)
{
	if (in->n_items == in->room) {
		in->room = in->room ? 2 * in->room : 16;
		in->items = xrealloc(in->items, in->room * sizeof(*in->items));
	}
	in->items[in->n_items] = (struct item){
		.intake = in,
		.update = { .chat_id = "", .file_id = "" },
	};
	return &in->items[in->n_items];
}

static void
read_all(struct intake *in, const struct json *updates, int64_t offset)
{
	for (const struct json *u = json_first(updates); u; u = json_next(u)) {
		struct item *item = add_item(in);

		item->update_id = json_int(json_get(u, "update_id"), 0);
		if (item->update_id >= in->offset)
			in->offset = item->update_id + 1;
		if (understand(in, item, u, offset))
			in->n_items++;
	}
}

/* Where the next process begins, if this one is killed. */
static void
write_all(struct intake *in)
{
	const char *cursor = arena_printf(in->arena, "%" PRId64, in->offset);

	connector_set_cursor(in->svc->connector, cursor);
	if (in->n_items == 0) {
		add_item(in);
		in->n_items = 1;
	}
	for (size_t i = 0; i < in->n_items; i++) {
		struct item *item = &in->items[i];

		item->again = timer_new(in->svc->env.loop, on_again, item);
		item->cursor = i + 1 == in->n_items ? cursor : "";
		buf_init(&item->body);
		write_event(item);
	}
}

void
intake_take(struct intake *in, const struct json *updates, int64_t offset)
{
	in->is_handing = true;
	in->offset = offset;
	arena_reset(in->arena);
	read_all(in, updates, offset);
	if (in->offset != offset)
		write_all(in);
	go_on(in);
}

struct intake *
intake_open(struct svc *svc)
{
	struct intake *in = xcalloc(1, sizeof(*in));

	in->svc = svc;
	in->arena = arena_new(ARENA_BYTES);
	return in;
}

void
intake_close(struct intake **slot)
{
	struct intake *in = *slot;

	if (!in)
		return;
	for (size_t i = 0; i < in->n_items; i++)
		if (!in->items[i].is_done)
			item_release(&in->items[i]);
	xfree(&in->items);
	arena_free(&in->arena);
	xfree(slot);
}
