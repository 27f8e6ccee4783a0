/* peer send: messages from many chats, each sent until it is acknowledged. */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/id.h"
#include "libcommon/json.h"
#include "libcommon/loop.h"
#include "proto/message.h"
#include "tests/tools/peer.h"

enum { RETRY_MS = 50, ARENA_BYTES = 64 * 1024 };

struct sender {
	struct peer *peer;
	struct peer_options options;
	struct client *clients;
	struct arena *arena;
	int acks_fd;
	int64_t *latencies_us;
	int64_t began_ns;
	int64_t n_begun, n_ended;
	int64_t n_accepted, n_duplicate, n_failed, n_tries;
	struct timer *pace;
};

/* One message at a time. */
struct client {
	struct sender *sender;
	struct timer *again;
	bool is_busy;
	int64_t number;
	int64_t began_ns;
	char id[ID_ULID_SIZE];
	char event_id[128];
};

static void next_message(struct client *client);

/* Written at once and in one piece: a line is there or it is not. */
static void
acknowledge(struct client *client, const struct message_accepted *accepted)
{
	struct sender *s = client->sender;
	struct buf line;

	if (s->acks_fd < 0)
		return;
	buf_init(&line);
	buf_addf(&line, "%s %s %s\n", client->event_id, accepted->outcome,
	    accepted->message_id);
	if (write(s->acks_fd, line.data, line.size) != (ssize_t)line.size)
		die(1, "cannot write the acknowledgements");
	buf_release(&line);
}

static void
end_message(struct client *client)
{
	struct sender *s = client->sender;

	s->latencies_us[s->n_ended++] =
	    (clock_mono_ns() - client->began_ns) / 1000;
	client->is_busy = false;
	next_message(client);
}

static void
take_answer(struct client *client, const struct envelope *answer)
{
	struct sender *s = client->sender;
	struct message_accepted accepted;
	struct err err;

	arena_reset(s->arena);
	if (message_accepted_decode(&accepted, answer->body, s->arena, &err) <
	    0)
		die(1, "%s: %s", client->event_id, err.text);
	if (strcmp(accepted.outcome, "duplicate") == 0)
		s->n_duplicate++;
	else
		s->n_accepted++;
	acknowledge(client, &accepted);
	end_message(client);
}

static bool
may_pass(enum err_code code)
{
	return code == ERR_BUSY || code == ERR_UNAVAILABLE ||
	       code == ERR_TIMEOUT || code == ERR_INTERNAL;
}

static void
on_answer(void *arg, const struct envelope *answer, const struct err *err)
{
	struct client *client = arg;
	const struct err *error = answer ? &answer->error : err;
	int64_t wait_ms = answer ? answer->retry_after_ms : 0;

	if (answer && answer->ok) {
		take_answer(client, answer);
	} else if (may_pass(error->code)) {
		timer_start(client->again, wait_ms ? wait_ms : RETRY_MS, 0);
	} else {
		fprintf(stderr, "%s: %s: %s\n", client->event_id,
		    err_code_name(error->code), error->text);
		client->sender->n_failed++;
		end_message(client);
	}
}

/* Every %d is the number. */
static char *
message_text(const struct client *client)
{
	const char *text = client->sender->options.text;
	struct buf out;

	buf_init(&out);
	for (; *text; text++) {
		if (text[0] == '%' && text[1] == 'd') {
			buf_addf(&out, "%" PRId64, client->number);
			text++;
		} else {
			buf_addc(&out, *text);
		}
	}
	return buf_steal(&out);
}

static void
encode_message(const struct client *client, struct buf *out)
{
	const struct peer_options *options = &client->sender->options;
	int64_t chat = client->number % options->n_chats;
	AUTO(xfree)
	char *text = message_text(client);
	char chat_id[64], user_id[64], cursor[64];

	snprintf(
	    chat_id, sizeof(chat_id), "%s-chat-%" PRId64, options->tag, chat);
	snprintf(
	    user_id, sizeof(user_id), "%s-user-%" PRId64, options->tag, chat);
	snprintf(cursor, sizeof(cursor), "%" PRId64, client->number);
	message_inbound_encode(
	    &(struct message_inbound){
		.event_id = client->event_id,
		.chat_id = chat_id,
		.parent_chat_id = "",
		.space_id = options->is_direct ? "" : chat_id,
		.space_name = options->is_direct ? "" : chat_id,
		.chat_name = chat_id,
		.message_id = client->event_id + 2,
		.reply_to_id = "",
		.user_id = user_id,
		.user_name = user_id,
		.text = text,
		.cursor = cursor,
		.sent_unix_ms = clock_unix_ms(),
		.is_direct = options->is_direct,
		.is_addressed = options->is_addressed,
	    },
	    out);
}

/* The same id each time: it stays the same request. */
static void
send_message(void *arg)
{
	struct client *client = arg;
	struct sender *s = client->sender;
	struct buf body;
	struct err err;

	s->n_tries++;
	buf_init(&body);
	encode_message(client, &body);
	if (bus_call(s->peer->bus,
		&(struct bus_call){
		    .to = SVC_TASK_ENGINE,
		    .type = "message.inbound",
		    .id = client->id,
		    .deadline_ms = clock_unix_ms() + s->options.within_ms,
		    .body = &body,
		},
		on_answer, client, &err) < 0)
		on_answer(client, NULL, &err);
	buf_release(&body);
}

/* How many may have been begun by now. */
static int64_t
allowance(const struct sender *s)
{
	int64_t spent_ns = clock_mono_ns() - s->began_ns;
	int64_t n = s->options.n_messages;

	if (s->options.per_second > 0 &&
	    1 + spent_ns / (1000000000 / s->options.per_second) < n)
		n = 1 + spent_ns / (1000000000 / s->options.per_second);
	return n;
}

static void
next_message(struct client *client)
{
	struct sender *s = client->sender;

	if (client->is_busy || s->n_begun >= allowance(s))
		return;
	client->is_busy = true;
	client->number = s->n_begun++;
	client->began_ns = clock_mono_ns();
	id_ulid(client->id, clock_unix_ms());
	snprintf(client->event_id, sizeof(client->event_id), "m:%s-%" PRId64,
	    s->options.tag, client->number);
	send_message(client);
}

static void
on_pace(void *arg)
{
	struct sender *s = arg;

	for (int64_t i = 0; i < s->options.n_clients; i++)
		next_message(&s->clients[i]);
}

static bool
is_done(void *arg)
{
	const struct sender *s = arg;

	return s->n_ended == s->options.n_messages;
}

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t
percentile(const struct sender *s, int64_t percent)
{
	return s->n_ended == 0
		   ? 0
		   : s->latencies_us[(s->n_ended - 1) * percent / 100];
}

static void
print_summary(struct sender *s)
{
	double seconds = (double)(clock_mono_ns() - s->began_ns) / 1e9;
	struct json_out out;
	struct buf text;

	qsort(s->latencies_us, (size_t)s->n_ended, sizeof(*s->latencies_us),
	    by_size);
	buf_init(&text);
	json_out_init(&out, &text);
	json_out_object(&out, NULL);
	json_out_int(&out, "messages", s->n_ended);
	json_out_int(&out, "accepted", s->n_accepted);
	json_out_int(&out, "duplicate", s->n_duplicate);
	json_out_int(&out, "failed", s->n_failed);
	json_out_int(&out, "tries", s->n_tries);
	json_out_real(&out, "seconds", seconds);
	json_out_real(&out, "per_second", (double)s->n_ended / seconds);
	json_out_int(&out, "p50_us", percentile(s, 50));
	json_out_int(&out, "p99_us", percentile(s, 99));
	json_out_object_end(&out);
	printf("%s\n", text.data);
	buf_release(&text);
}

static void
set_defaults(struct peer_options *options)
{
	if (options->n_messages == 0)
		options->n_messages = 1000;
	if (options->n_clients == 0)
		options->n_clients = 1;
	if (options->n_chats == 0)
		options->n_chats = 1;
	if (options->within_ms == 0)
		options->within_ms = 10000;
	if (!options->tag)
		options->tag = "load";
	if (!options->text)
		options->text = "This is message %d.";
	if (strlen(options->tag) > 32)
		die(2, "--tag: at most 32 bytes");
}

int
peer_send(struct peer *peer, const struct peer_options *options)
{
	struct sender s = { .peer = peer, .options = *options, .acks_fd = -1 };

	set_defaults(&s.options);
	s.arena = arena_new(ARENA_BYTES);
	s.latencies_us =
	    xcalloc((size_t)s.options.n_messages, sizeof(*s.latencies_us));
	if (s.options.file)
		s.acks_fd = open(s.options.file,
		    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (s.options.file && s.acks_fd < 0)
		die(1, "cannot open %s", s.options.file);
	s.clients = xcalloc((size_t)s.options.n_clients, sizeof(*s.clients));
	s.began_ns = clock_mono_ns();
	for (int64_t i = 0; i < s.options.n_clients; i++) {
		s.clients[i].sender = &s;
		s.clients[i].again =
		    timer_new(peer->loop, send_message, &s.clients[i]);
	}
	if (s.options.per_second > 0) {
		s.pace = timer_new(peer->loop, on_pace, &s);
		timer_start(s.pace, 1, 1);
	}
	on_pace(&s);
	peer_run(peer, is_done, &s);
	print_summary(&s);
	return s.n_failed > 0 || !is_done(&s);
}
