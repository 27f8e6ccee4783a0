/* Messages of many chats through one door, a message under way of each client,
 * for as little processor time as a load may take of what it measures: what is
 * sent is made before the clock starts, and answers are read after it stops. */

#include <endian.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/bus.h"
#include "libcommon/clock.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "proto/message.h"

enum {
	N_CLIENTS = 64,
	/* nng over ipc: 1, the length of what follows, and the request's id,
	 * whose highest bit says that no more ids follow. */
	FRAME_HEAD = 1 + 8 + 4,
	WITHIN_MS = 10 * 60 * 1000,
	ANSWER_BYTES = 1024,
};

#define LAST_ID UINT32_C(0x80000000)

struct load {
	const char *text, *key;
	char from[64];
	int fd;
	size_t n_messages, n_answered;
	struct buf *frames;
	struct buf answers; /* of all, as they came */
};

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static void
make_body(const struct load *load, size_t number, struct buf *out)
{
	char chat[64], user[64], event[64], cursor[32];

	snprintf(chat, sizeof(chat), "load-chat-%zu", number % N_CLIENTS);
	snprintf(user, sizeof(user), "load-user-%zu", number % N_CLIENTS);
	snprintf(event, sizeof(event), "m:load-%zu", number);
	snprintf(cursor, sizeof(cursor), "%zu", number);
	message_inbound_encode(
	    &(struct message_inbound){
		.event_id = event,
		.chat_id = chat,
		.parent_chat_id = "",
		.space_id = chat,
		.space_name = chat,
		.chat_name = chat,
		.message_id = event + 2,
		.reply_to_id = "",
		.user_id = user,
		.user_name = user,
		.text = load->text,
		.cursor = cursor,
		.sent_unix_ms = clock_unix_ms(),
	    },
	    out);
}

/* The request's id is the client's number. */
static void
make_frame(const struct load *load, size_t number, struct buf *out)
{
	int64_t now_ms = clock_unix_ms();
	uint64_t size;
	uint32_t request = htobe32(LAST_ID | (uint32_t)(number % N_CLIENTS));
	char id[ID_ULID_SIZE], head[FRAME_HEAD] = { 1 };
	struct buf body;

	id_ulid(id, now_ms);
	buf_init(&body);
	buf_init(out);
	make_body(load, number, &body);
	buf_add(out, head, sizeof(head));
	envelope_encode(out,
	    &(struct envelope_head){
		.id = id,
		.type = "message.inbound",
		.from = load->from,
		.key = load->key,
		.at_ms = now_ms,
		.deadline_ms = now_ms + WITHIN_MS,
	    },
	    &body);
	size = htobe64(out->size - 9);
	memcpy(out->data + 1, &size, sizeof(size));
	memcpy(out->data + 9, &request, sizeof(request));
	buf_release(&body);
}

static void
write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n <= 0)
			fail("write");
		data += n;
		size -= (size_t)n;
	}
}

static void
dial(struct load *load, const char *path)
{
	static const char greeting[8] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0 };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char theirs[8];

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	load->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (load->fd < 0 ||
	    connect(load->fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		fail(path);
	write_all(load->fd, greeting, sizeof(greeting));
	if (recv(load->fd, theirs, sizeof(theirs), MSG_WAITALL) !=
	    (ssize_t)sizeof(theirs))
		fail("greeting");
}

/* Each client's messages are those whose number has it as rest. */
static void
add_next(struct load *load, size_t *next, size_t client, struct buf *out)
{
	const struct buf *frame;

	if (next[client] >= load->n_messages)
		return;
	frame = &load->frames[next[client]];
	buf_add(out, frame->data, frame->size);
	next[client] += N_CLIENTS;
}

/* The bytes of a whole frame at data, 0 if it is not whole. */
static size_t
frame_size(const char *data, size_t size)
{
	uint64_t length;

	if (size < FRAME_HEAD)
		return 0;
	memcpy(&length, data + 1, sizeof(length));
	length = be64toh(length);
	return size < length + 9 ? 0 : (size_t)length + 9;
}

static size_t
client_of(const char *frame)
{
	uint32_t request;

	memcpy(&request, frame + 9, sizeof(request));
	request = be32toh(request) & ~LAST_ID;
	if (request >= N_CLIENTS) {
		fprintf(stderr, "an answer to nobody\n");
		exit(1);
	}
	return request;
}

/* Takes what has come; what it lets go out is added to out. */
static void
take(struct load *load, size_t *next, struct buf *out)
{
	static char in[N_CLIENTS * ANSWER_BYTES];
	static size_t have;
	ssize_t n = read(load->fd, in + have, sizeof(in) - have);
	size_t at = 0, size;

	if (n <= 0)
		fail("read");
	have += (size_t)n;
	while ((size = frame_size(in + at, have - at)) > 0) {
		buf_add(&load->answers, in + at, size);
		add_next(load, next, client_of(in + at), out);
		load->n_answered++;
		at += size;
	}
	have -= at;
	memmove(in, in + at, have);
}

static double
run(struct load *load)
{
	size_t next[N_CLIENTS];
	int64_t began_ns = clock_mono_ns();
	struct buf out;

	buf_init(&out);
	for (size_t i = 0; i < N_CLIENTS; i++) {
		next[i] = i;
		add_next(load, next, i, &out);
	}
	write_all(load->fd, out.data, out.size);
	while (load->n_answered < load->n_messages) {
		buf_truncate(&out, 0);
		take(load, next, &out);
		write_all(load->fd, out.data, out.size);
	}
	buf_release(&out);
	return (double)(clock_mono_ns() - began_ns) / 1e9;
}

static bool
is_accepted(const char *text, size_t size, struct arena *arena)
{
	struct message_accepted accepted;
	struct envelope answer;
	struct err err;
	bool is_good;

	if (envelope_decode(&answer, text, size, &err) < 0)
		return false;
	is_good =
	    answer.ok &&
	    message_accepted_decode(&accepted, answer.body, arena, &err) == 0 &&
	    strcmp(accepted.outcome, "accepted") == 0;
	envelope_release(&answer);
	return is_good;
}

static size_t
count_accepted(const struct load *load)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(64 * 1024);
	const struct buf *all = &load->answers;
	size_t n = 0, size;

	for (size_t at = 0; at < all->size; at += size) {
		const char *frame = all->data + at;

		size = frame_size(frame, all->size - at);
		arena_reset(arena);
		n += is_accepted(frame + FRAME_HEAD, size - FRAME_HEAD, arena);
	}
	return n;
}

static void
find_key(struct load *load, const struct door_keys *keys, const char *instance)
{
	load->key = door_keys_find(keys, SVC_TASK_ENGINE,
	    &(struct bus_peer){ SVC_GATEWAY_TELEGRAM, instance });
	if (load->key)
		return;
	fprintf(stderr, "no key for gateway-telegram.%s\n", instance);
	exit(1);
}

static void
prepare(struct load *load, const char *run_dir, const char *instance)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];

	snprintf(
	    load->from, sizeof(load->from), "gateway-telegram.%s", instance);
	snprintf(
	    path, sizeof(path), "%s/task-engine/%s.req", run_dir, load->from);
	load->frames = xcalloc(load->n_messages, sizeof(*load->frames));
	for (size_t i = 0; i < load->n_messages; i++)
		make_frame(load, i, &load->frames[i]);
	buf_init(&load->answers);
	dial(load, path);
}

static void
release(struct load *load)
{
	close(load->fd);
	for (size_t i = 0; i < load->n_messages; i++)
		buf_release(&load->frames[i]);
	xfree(&load->frames);
	buf_release(&load->answers);
}

int
main(int argc, char **argv)
{
	struct load load = { .text = argc == 6 ? argv[4] : "" };
	AUTO(door_keys_free)
	struct door_keys *keys = NULL;
	struct err err;
	double seconds;
	size_t n;

	if (argc == 6)
		load.n_messages = strtoul(argv[5], NULL, 10);
	if (load.n_messages < N_CLIENTS) {
		fprintf(stderr,
		    "usage: inbound_load RUN-DIR INSTANCE KEYS TEXT COUNT\n");
		return 2;
	}
	if (door_keys_read_file(&keys, argv[3], &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	find_key(&load, keys, argv[2]);
	prepare(&load, argv[1], argv[2]);
	seconds = run(&load);
	n = count_accepted(&load);
	printf("{\"per_second\": %.1f, \"accepted\": %zu}\n",
	    (double)n / seconds, n);
	n = load.n_messages - n;
	release(&load);
	return n != 0;
}
