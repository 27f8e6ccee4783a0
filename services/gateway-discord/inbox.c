/* Events on their way to the engine; nothing of them is kept elsewhere. */

#include "services/gateway-discord/inbox.h"

#include <inttypes.h>
#include <string.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/connector.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "proto/action.h"
#include "proto/gateway.h"
#include "proto/membership.h"
#include "proto/message.h"
#include "services/gateway-discord/cursor.h"
#include "services/gateway-discord/files.h"
#include "services/gateway-discord/inbox_copy.h"
#include "services/gateway-discord/places.h"

enum {
	WITHIN_MS = 10000,
	AGAIN_MS = 300,
	/* Chats that the engine hears at the same time. */
	IN_FLIGHT_MAX = 16,
	FULL = 400,
	DRAINED = 100,
	ARENA_BYTES = 256 * 1024,
	/* An event that the engine fails at: it is not the engine's state. */
	FAILURES_MAX = 3,
	/* So often a cursor without a message is told. */
	CURSOR_EVERY_MS = 3000,
	CURSOR_FIRST_MS = 1,
};

struct entry {
	struct entry *prev, *next;
	struct inbox *inbox;
	struct arena *arena;
	const struct entry_kind *kind;
	const char *chat_id, *event_id;
	struct message_inbound message; /* or */
	struct button_pressed button;	/* or */
	struct membership_changed membership;
	struct file_set *files; /* of the message; NULL: none to fetch */
	int64_t session;	/* its number */
	int64_t seq;
	bool is_in_flight, is_done;
	bool has_cursor; /* the request under way carries one */
	int n_failures;
};

/* What may be told, and how. */
struct entry_kind {
	const char *route;
	void (*encode)(
	    struct entry *entry, const char *cursor, struct buf *out);
	/* The engine has stored it. */
	int (*take)(struct entry *entry, const struct envelope *answer,
	    struct err *err);
};

/* A cursor on its way: one at a time, so that none is overtaken by an older. */
struct telling {
	bool is_under_way;
	int64_t session, seq;
};

struct inbox {
	struct connector *connector;
	struct places *places;
	struct files *files;
	const struct inbox_events *events;
	void *arg;
	struct timer *again;  /* after a failure */
	struct timer *cursor; /* until one is told */
	struct entry *entries;
	int64_t session, received_seq;
	int64_t settled_seq; /* all up to it is stored or carried nothing */
	int64_t stored_seq;  /* the cursor that the engine has surely */
	struct telling telling;
	int n_entries, n_in_flight;
	bool is_full;
	struct inbox_counters counters;
};

static void pump(struct inbox *inbox);

static void
entry_free(struct entry *entry)
{
	struct inbox *inbox = entry->inbox;

	DL_DELETE(inbox->entries, entry);
	inbox->n_entries--;
	inbox->counters.waiting--;
	files_forget(&entry->files);
	arena_free(&entry->arena);
	xfree(&entry);
}

/* Of the present session; what an earlier one left is not its affair. */
static int64_t
compute_settled(const struct inbox *inbox)
{
	const struct entry *entry;

	DL_FOREACH (inbox->entries, entry)
		if (entry->session == inbox->session)
			return entry->seq - 1;
	return inbox->received_seq;
}

static void
tell_later(struct inbox *inbox)
{
	if (inbox->settled_seq <= inbox->stored_seq ||
	    inbox->telling.is_under_way || timer_is_running(inbox->cursor))
		return;
	/* A session that the engine does not know could not be resumed. */
	timer_start(inbox->cursor,
	    inbox->stored_seq < 0 ? CURSOR_FIRST_MS : CURSOR_EVERY_MS, 0);
}

static void
settle(struct inbox *inbox)
{
	while (inbox->entries && inbox->entries->is_done)
		entry_free(inbox->entries);
	inbox->settled_seq = compute_settled(inbox);
	tell_later(inbox);
	if (inbox->is_full && inbox->n_entries <= DRAINED) {
		inbox->is_full = false;
		inbox->events->drained(inbox->arg);
	}
}

static void
note_session(struct inbox *inbox)
{
	int64_t number = inbox->events->session_number(inbox->arg);

	if (number == inbox->session)
		return;
	inbox->session = number;
	inbox->settled_seq = inbox->stored_seq = inbox->received_seq = -1;
}

/* The cursor that holds once this sequence is stored; it is on its way. */
static void
begin_telling(struct inbox *inbox, int64_t seq, struct buf *out)
{
	struct cursor cursor = *inbox->events->cursor(inbox->arg);

	cursor.seq = seq;
	cursor_write(&cursor, out);
	inbox->telling = (struct telling){ true, inbox->session, seq };
}

static void
end_telling(struct inbox *inbox, bool is_stored)
{
	const struct telling *told = &inbox->telling;
	AUTO(buf_release)
	struct buf text = { 0 };

	inbox->telling.is_under_way = false;
	if (!is_stored || told->session != inbox->session ||
	    told->seq <= inbox->stored_seq)
		return;
	inbox->stored_seq = told->seq;
	inbox->events->stored(inbox->arg, told->session, told->seq);
	/* What goodbye says must not be older than what is stored. */
	buf_init(&text);
	cursor_write(inbox->events->cursor(inbox->arg), &text);
	connector_set_cursor(inbox->connector, text.data);
}

static void
on_cursor_told(void *arg, const struct envelope *answer, const struct err *err)
{
	struct inbox *inbox = arg;

	(void)err; /* it is told again */
	end_telling(inbox, answer && answer->ok);
	tell_later(inbox);
}

static void
tell_cursor(void *arg)
{
	struct inbox *inbox = arg;
	AUTO(buf_release)
	struct buf text = { 0 };
	AUTO(buf_release)
	struct buf body = { 0 };

	note_session(inbox);
	if (inbox->telling.is_under_way ||
	    inbox->settled_seq <= inbox->stored_seq)
		return;
	buf_init(&text);
	buf_init(&body);
	begin_telling(inbox, inbox->settled_seq, &text);
	gateway_cursor_encode(
	    &(struct gateway_cursor){ .cursor = text.data }, &body);
	connector_ask(inbox->connector, "gateway.cursor", &body, WITHIN_MS,
	    on_cursor_told, inbox);
}

static void
end_entry(struct entry *entry)
{
	struct inbox *inbox = entry->inbox;

	entry->is_done = true;
	settle(inbox);
	pump(inbox);
}

static int
take_acceptance(
    struct entry *entry, const struct envelope *answer, struct err *err)
{
	struct inbox *inbox = entry->inbox;
	struct message_accepted accepted;

	if (message_accepted_decode(
		&accepted, answer->body, entry->arena, err) < 0)
		return -1;
	if (strcmp(accepted.outcome, "accepted") != 0) {
		inbox->counters.duplicates++;
		return 0;
	}
	inbox->counters.accepted++;
	inbox->events->accepted(inbox->arg, &entry->message);
	return 0;
}

static void
encode_message(struct entry *entry, const char *cursor, struct buf *out)
{
	entry->message.cursor = cursor;
	message_inbound_encode(&entry->message, out);
	entry->message.cursor = "";
}

static const struct entry_kind message_kind = {
	.route = "message.inbound",
	.encode = encode_message,
	.take = take_acceptance,
};

static int
take_outcome(
    struct entry *entry, const struct envelope *answer, struct err *err)
{
	struct inbox *inbox = entry->inbox;
	struct button_outcome outcome;

	if (button_outcome_decode(&outcome, answer->body, entry->arena, err) <
	    0)
		return -1;
	inbox->events->decided(inbox->arg, &entry->button, &outcome);
	return 0;
}

static void
encode_button(struct entry *entry, const char *cursor, struct buf *out)
{
	entry->button.cursor = cursor;
	button_pressed_encode(&entry->button, out);
	entry->button.cursor = "";
}

static const struct entry_kind button_kind = {
	.route = "button.pressed",
	.encode = encode_button,
	.take = take_outcome,
};

static int
take_note(struct entry *entry, const struct envelope *answer, struct err *err)
{
	(void)entry;
	(void)answer;
	(void)err;
	return 0;
}

static void
encode_membership(struct entry *entry, const char *cursor, struct buf *out)
{
	entry->membership.cursor = cursor;
	membership_changed_encode(&entry->membership, out);
	entry->membership.cursor = "";
}

static const struct entry_kind membership_kind = {
	.route = "membership.changed",
	.encode = encode_membership,
	.take = take_note,
};

static bool
may_pass(struct entry *entry, enum err_code code)
{
	if (code == ERR_INTERNAL)
		return ++entry->n_failures < FAILURES_MAX;
	return code == ERR_BUSY || code == ERR_UNAVAILABLE ||
	       code == ERR_TIMEOUT;
}

static void
on_answer(void *arg, const struct envelope *answer, const struct err *err)
{
	struct entry *entry = arg;
	struct inbox *inbox = entry->inbox;
	const struct err *error = answer ? &answer->error : err;
	struct err unread;

	entry->is_in_flight = false;
	inbox->n_in_flight--;
	if (entry->has_cursor)
		end_telling(inbox, answer && answer->ok);
	if (answer && answer->ok) {
		if (entry->kind->take(entry, answer, &unread) < 0)
			log_error("acceptance-unread", "why=%s",
			    log_quote(unread.text));
		end_entry(entry);
	} else if (may_pass(entry, error->code)) {
		if (!timer_is_running(inbox->again))
			timer_start(inbox->again, AGAIN_MS, 0);
	} else {
		inbox->counters.set_aside++;
		log_error("event-set-aside", "event=%s chat=%s why=%s",
		    log_quote(entry->event_id), log_quote(entry->chat_id),
		    log_quote(error->text));
		end_entry(entry);
	}
}

static void
send_entry(struct entry *entry)
{
	struct inbox *inbox = entry->inbox;
	AUTO(buf_release)
	struct buf text = { 0 };
	AUTO(buf_release)
	struct buf body = { 0 };

	note_session(inbox);
	buf_init(&text);
	buf_init(&body);
	entry->has_cursor = !inbox->telling.is_under_way &&
			    entry->session == inbox->session &&
			    entry->seq == inbox->settled_seq + 1;
	if (entry->has_cursor)
		begin_telling(inbox, entry->seq, &text);
	entry->kind->encode(entry, text.data, &body);
	entry->is_in_flight = true;
	inbox->n_in_flight++;
	connector_ask(inbox->connector, entry->kind->route, &body, WITHIN_MS,
	    on_answer, entry);
}

/* Something earlier of the same chat is not stored yet. */
static bool
must_wait(const struct inbox *inbox, const struct entry *entry)
{
	const struct entry *earlier;

	for (earlier = inbox->entries; earlier != entry;
	     earlier = earlier->next)
		if (!earlier->is_done &&
		    strcmp(earlier->chat_id, entry->chat_id) == 0)
			return true;
	return false;
}

/* Names are asked for where they are needed; files are put before. */
static bool
is_complete(struct entry *entry)
{
	return entry->kind != &message_kind ||
	       (places_fill(
		    entry->inbox->places, &entry->message, entry->arena) &&
		   files_are_done(entry->files));
}

static struct entry *
next_to_send(struct inbox *inbox)
{
	struct entry *entry;

	DL_FOREACH (inbox->entries, entry)
		if (!entry->is_done && !entry->is_in_flight &&
		    !must_wait(inbox, entry) && is_complete(entry))
			return entry;
	return NULL;
}

static void
pump(struct inbox *inbox)
{
	struct entry *entry;

	/* After a failure all wait together: the engine is away. */
	while (inbox->n_in_flight < IN_FLIGHT_MAX &&
	       !timer_is_running(inbox->again) && (entry = next_to_send(inbox)))
		send_entry(entry);
}

static void
on_again(void *arg)
{
	pump(arg);
}

static struct entry *
add_entry(struct inbox *inbox, struct inbox_place place,
    const struct entry_kind *kind)
{
	struct entry *entry = xcalloc(1, sizeof(*entry));

	entry->inbox = inbox;
	entry->kind = kind;
	entry->session = place.session;
	entry->seq = place.seq;
	entry->arena = arena_new(ARENA_BYTES);
	DL_APPEND(inbox->entries, entry);
	inbox->n_entries++;
	inbox->counters.waiting++;
	return entry;
}

static void
note_event(struct inbox *inbox, struct inbox_place place)
{
	note_session(inbox);
	if (place.session == inbox->session)
		inbox->received_seq = place.seq;
	inbox->counters.events++;
}

/* After an entry was added. */
static void
go_on(struct inbox *inbox)
{
	settle(inbox);
	pump(inbox);
	if (inbox->n_entries >= FULL && !inbox->is_full) {
		inbox->is_full = true;
		inbox->events->full(inbox->arg);
	}
}

void
inbox_take(struct inbox *inbox, struct inbox_place place,
    const struct message_inbound *message, const char *const *urls)
{
	struct entry *entry;

	note_event(inbox, place);
	if (!message) {
		settle(inbox);
		return;
	}
	entry = add_entry(inbox, place, &message_kind);
	copy_message(&entry->message, message, entry->arena);
	entry->chat_id = entry->message.chat_id;
	entry->event_id = entry->message.event_id;
	entry->files = files_begin(inbox->files, &entry->message,
	    copy_urls(urls, message->n_attachments, entry->arena),
	    entry->arena);
	go_on(inbox);
}

void
inbox_take_button(struct inbox *inbox, struct inbox_place place,
    const struct button_pressed *pressed)
{
	struct entry *entry;

	note_event(inbox, place);
	entry = add_entry(inbox, place, &button_kind);
	copy_button(&entry->button, pressed, entry->arena);
	entry->chat_id = entry->button.chat_id;
	entry->event_id = entry->button.event_id;
	go_on(inbox);
}

void
inbox_take_membership(struct inbox *inbox, struct inbox_place place,
    const struct membership_changed *changed)
{
	struct entry *entry;

	note_event(inbox, place);
	entry = add_entry(inbox, place, &membership_kind);
	copy_membership(&entry->membership, changed, entry->arena);
	/* One after another for a server. */
	entry->chat_id = entry->membership.space_id;
	entry->event_id = entry->membership.event_id;
	go_on(inbox);
}

void
inbox_go_on(struct inbox *inbox)
{
	pump(inbox);
}

struct inbox *
inbox_new(struct loop *loop, const struct inbox_parts *parts,
    const struct inbox_events *events, void *arg)
{
	struct inbox *inbox = xcalloc(1, sizeof(*inbox));

	inbox->connector = parts->connector;
	inbox->places = parts->places;
	inbox->files = parts->files;
	inbox->events = events;
	inbox->arg = arg;
	inbox->again = timer_new(loop, on_again, inbox);
	inbox->cursor = timer_new(loop, tell_cursor, inbox);
	inbox->settled_seq = inbox->stored_seq = inbox->received_seq = -1;
	return inbox;
}

void
inbox_free(struct inbox **slot)
{
	struct inbox *inbox = STEAL(*slot);

	if (!inbox)
		return;
	while (inbox->entries)
		entry_free(inbox->entries);
	timer_free(&inbox->again);
	timer_free(&inbox->cursor);
	xfree(&inbox);
}

const struct inbox_counters *
inbox_counters(const struct inbox *inbox)
{
	return &inbox->counters;
}
