/* Puts replies into the outbox and tells those who wait for them. */

#include "services/task-engine/delivery/post.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/bus.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "libcommon/service.h"
#include "libcommon/utf8.h"
#include "proto/chat.h"
#include "services/task-engine/delivery/connectors.h"
#include "services/task-engine/delivery/partials.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/outbox.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/store/store.h"

enum {
	ARENA_BYTES = 4 * 1024 * 1024,
	/* Deadlines are wall time: it may be set forwards meanwhile. */
	LOOK_AT_LEAST_EVERY_MS = 500,
	/* Fits an envelope even if every byte has to be escaped. */
	TEXT_MAX = 60 * 1024,
};

static const char cut_note[] = "\n\n(The rest was left out: the text is too "
			       "long for one message.)";

/* A request of the api that waits; one message may have several. */
struct waiting {
	struct waiting *next;
	uint64_t ticket;
	int64_t message_seq;
	int64_t until_ms;
	char key[129];
};

struct post {
	struct store *store;
	struct bus *bus;
	struct waiting *waiting;
	int64_t first_ms; /* when the timer has to look, if any waits */
	struct timer *timer;
};

/* What cannot be shown, or would grow sixfold as JSON, is left out. */
static void
clean(struct buf *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= 0x20 && c != 0x7f) || c == '\n' || c == '\t')
			buf_addc(out, *text);
	}
	if (out->size <= TEXT_MAX)
		return;
	buf_truncate(out, utf8_cut(out->data, out->size, TEXT_MAX));
	buf_adds(out, cut_note);
}

static int
add_message(struct store *store, const struct post_note *note,
    const char *instance, const char *outbox_id, const char *text,
    int64_t now_ms, int64_t *seq_out, struct err *err)
{
	const struct context_row *x = note->context;
	char event_id[ID_UUID_SIZE + 2];
	const struct message_row message = {
		.instance = instance,
		.chat_id = x->chat_id,
		.event_id = event_id,
		.direction = "outbound",
		.workspace_id = x->workspace_id,
		.context_id = x->id,
		.actor = "agent-runtime",
		.reply_to_id = note->reply_to_id,
		.text = text,
		.at_ms = now_ms,
	};

	if (note->logged_seq) {
		*seq_out = note->logged_seq;
		return 0;
	}
	snprintf(event_id, sizeof(event_id), "o:%s", outbox_id);
	/* The id is random and new: a repeat would be a bug. */
	return store_message_add(store, &message, seq_out, err) == 0 ? 0 : -1;
}

/* Of the answer that was watched while it was made, if it was. */
static int
take_place(struct store *store, const struct post_note *note, int64_t now_ms,
    struct outbox_row *row, char place[ID_UUID_SIZE], struct err *err)
{
	int got =
	    partials_end(store, note->in_reply_to_seq, now_ms, place, err);

	if (got == 0)
		row->edits_id = place;
	return got < 0 ? -1 : 0;
}

int
post_add(struct store *store, const struct post_note *note, int64_t now_ms,
    char outbox_id_out[ID_UUID_SIZE], struct err *err)
{
	const struct context_row *x = note->context;
	AUTO(buf_release)
	struct buf text = { 0 };
	char place[ID_UUID_SIZE];
	struct outbox_row row = {
		.id = outbox_id_out,
		.instance = note->instance ? note->instance : x->instance,
		.connector = x->connector,
		.chat_id = x->chat_id,
		.context_id = x->id,
		.in_reply_to_seq = note->in_reply_to_seq,
		.task_id = note->task_id,
		.action_id = note->action_id,
		.has_buttons = note->has_buttons,
		.edits_id = note->edits_id ? note->edits_id : "",
		.reply_to_id = note->reply_to_id,
		.is_urgent = note->is_urgent,
		.is_handled = note->is_handled,
	};

	buf_init(&text);
	clean(&text, note->text);
	row.text = text.data;
	id_uuid_at(outbox_id_out, now_ms);
	if (note->in_reply_to_seq &&
	    take_place(store, note, now_ms, &row, place, err) < 0)
		return -1;
	if (add_message(store, note, row.instance, outbox_id_out,
		note->kept_text ? note->kept_text : text.data, now_ms,
		&row.message_seq, err) < 0)
		return -1;
	/* Nobody would ever fetch it; the chat log has it. */
	if (!note->in_reply_to_seq && !connector_is_told(row.instance))
		return 0;
	if (connector_is_told(row.instance))
		store_note_change(store, STORE_CHANGED_DUE);
	return store_outbox_add(store, &row, now_ms, err);
}

void
post_reply_body(struct buf *out, const char *key, const struct outbox_row *row)
{
	const struct chat_reply reply = {
		.key = key,
		.state = row ? "done" : "working",
		.handled = row ? row->is_handled : false,
		.reply = row ? row->text : "",
		.delivery_id = row ? row->id : "",
	};

	chat_reply_encode(&reply, out);
}

static void
take_out(struct post *post, const struct waiting *w)
{
	struct waiting **at = &post->waiting;

	while (*at && *at != w)
		at = &(*at)->next;
	assert(*at);
	*at = w->next;
	if (!post->waiting)
		timer_stop(post->timer);
}

static void
answer(struct post *post, struct waiting *w, const struct outbox_row *row)
{
	AUTO(buf_release)
	struct buf body = { 0 };

	buf_init(&body);
	post_reply_body(&body, w->key, row);
	take_out(post, w);
	service_reply_later(w->ticket, &body, NULL);
	free(w);
}

static void
answer_waiting(struct post *post, struct arena *arena)
{
	struct waiting *next;

	for (struct waiting *w = post->waiting; w; w = next) {
		struct outbox_row row;
		struct err err;
		int got = store_outbox_of_message(
		    post->store, w->message_seq, arena, &row, &err);

		next = w->next;
		if (got == 0)
			answer(post, w, &row);
		else if (got < 0)
			log_error(
			    "reply-unread", "why=%s", log_quote(err.text));
	}
}

static void
ring(struct post *post, struct arena *arena)
{
	AUTO(buf_release)
	struct buf body = { 0 };
	const char **instances;
	struct err err;
	size_t n;

	if (store_outbox_instances(post->store, clock_unix_ms(), arena,
		&instances, &n, &err) < 0) {
		log_error("outbox-unread", "why=%s", log_quote(err.text));
		return;
	}
	buf_init(&body);
	buf_adds(&body, "{}");
	for (size_t i = 0; i < n; i++) {
		enum service_id to;
		const char *instance;

		/* HTTP clients have no bell: theirs are answered or fetched. */
		if (connector_door(instances[i], &to, &instance))
			bus_publish(post->bus, to, instance, "delivery.ready",
			    log_context_origin(), &body);
	}
}

static void
on_change(void *arg, unsigned changes)
{
	struct post *post = arg;
	AUTO(arena_free)
	struct arena *arena = NULL;

	if (!(changes & STORE_CHANGED_OUTBOX))
		return;
	arena = arena_new(ARENA_BYTES);
	answer_waiting(post, arena);
	if (changes & STORE_CHANGED_DUE)
		ring(post, arena);
}

static void
look_by(struct post *post, int64_t until_ms, int64_t now_ms)
{
	int64_t left_ms = until_ms - now_ms;

	post->first_ms = until_ms;
	timer_start(post->timer,
	    left_ms < LOOK_AT_LEAST_EVERY_MS ? left_ms : LOOK_AT_LEAST_EVERY_MS,
	    0);
}

static void
look_at_deadlines(void *arg)
{
	struct post *post = arg;
	struct waiting *next;
	int64_t now_ms = clock_unix_ms(), first_ms = INT64_MAX;

	for (struct waiting *w = post->waiting; w; w = next) {
		next = w->next;
		if (now_ms >= w->until_ms)
			answer(post, w, NULL);
		else if (w->until_ms < first_ms)
			first_ms = w->until_ms;
	}
	if (post->waiting)
		look_by(post, first_ms, now_ms);
}

void
post_open(struct post **post_out, struct store *store, struct bus *bus,
    struct loop *loop)
{
	struct post *post = xcalloc(1, sizeof(*post));

	post->store = store;
	post->bus = bus;
	post->timer = timer_new(loop, look_at_deadlines, post);
	store_on_commit(store, on_change, post);
	*post_out = post;
}

void
post_close(struct post **slot)
{
	struct post *post = *slot;

	if (!post)
		return;
	while (post->waiting) {
		struct waiting *w = post->waiting;

		post->waiting = w->next;
		free(w);
	}
	timer_free(&post->timer);
	free(post);
	*slot = NULL;
}

void
post_wait(struct post *post, int64_t message_seq, const char *key,
    uint64_t ticket, int64_t deadline_ms, int64_t now_ms)
{
	struct waiting *w = xcalloc(1, sizeof(*w));

	w->ticket = ticket;
	w->message_seq = message_seq;
	w->until_ms = deadline_ms - CHAT_EARLY_MS;
	strncpy(w->key, key, sizeof(w->key) - 1);
	if (!post->waiting || w->until_ms < post->first_ms)
		look_by(post, w->until_ms, now_ms);
	w->next = post->waiting;
	post->waiting = w;
}

void
post_forget(struct post *post, uint64_t ticket)
{
	struct waiting *w = post->waiting;

	while (w && w->ticket != ticket)
		w = w->next;
	if (!w)
		return;
	take_out(post, w);
	free(w);
}
