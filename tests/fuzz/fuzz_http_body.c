/*
 * Any bytes as an HTTP body, as headers, and as a query. What a body is taken
 * for must be taken by the engine too, once the credential is put in; and it
 * must never have brought a credential of its own.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "proto/chat.h"
#include "proto/task.h"
#include "services/api/http_guard.h"
#include "services/api/http_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 4 * 1024 * 1024 };

static const struct credential credential = {
	.listener = "local",
	.token_sha256 = "",
	.peer_uid = -1,
	.subject = "",
};

static void
give_up(const char *why, const struct buf *text)
{
	fprintf(stderr, "%s: %s\n", why, text->data);
	abort();
}

/* As the engine reads it. */
static void
check_encoded(const struct shape *shape, const void *in, struct arena *arena)
{
	AUTO(buf_release)
	struct buf text;
	AUTO(json_free)
	struct json *body = NULL;
	void *again = arena_alloc(arena, shape->size);
	struct err err;

	buf_init(&text);
	shape_encode(shape, in, &text);
	if (json_parse(&body, text.data, text.size, &err) < 0 ||
	    shape_decode(shape, again, body, arena, &err) < 0)
		give_up(err.text, &text);
}

static void
try_chat(const char *text, size_t size, bool is_strict, struct arena *arena)
{
	struct chat_turn turn;
	struct err err;

	if (http_body_decode(&chat_turn_shape, &turn, text, size, is_strict,
		arena, &err) < 0)
		return;
	if (turn.key != NULL || turn.credential.listener != NULL)
		abort();
	turn.credential = credential;
	turn.key = "k";
	check_encoded(&chat_turn_shape, &turn, arena);
}

static void
try_task(const char *text, size_t size, struct arena *arena)
{
	struct task_create task;
	struct err err;

	if (http_body_decode(
		&task_create_shape, &task, text, size, false, arena, &err) < 0)
		return;
	if (task.key != NULL || task.credential.listener != NULL)
		abort();
	task.credential = credential;
	task.key = "k";
	check_encoded(&task_create_shape, &task, arena);
}

/* The bytes up to the first NUL as the key, the rest as the value. */
static void
try_query(const char *text, size_t size, struct arena *arena)
{
	size_t key_size = strlen(text);
	struct http_pair pair = { .key = text,
		.value = key_size < size ? text + key_size + 1 : "" };
	struct task_query query;
	struct err err;

	if (http_query_decode(
		&task_query_shape, &query, &pair, 1, arena, &err) < 0)
		return;
	query.credential = credential;
	check_encoded(&task_query_shape, &query, arena);
}

static void
try_headers(const char *text)
{
	struct listen_address address;
	char host[GUARD_HOST_SIZE];
	const char *token = guard_bearer(text);
	struct err err;

	if (token != NULL && (token < text || *token == '\0'))
		abort();
	if (guard_host_parse(host, text) == 0)
		(void)guard_host_is_loopback(host);
	(void)guard_origin_is_same(text, "localhost");
	(void)guard_is_json(text);
	(void)guard_is_key(text);
	if (listen_address_parse(&address, text, &err) == 0 &&
	    (address.port < 0 || address.port > UINT16_MAX))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	AUTO(buf_release)
	struct buf text;

	buf_init(&text);
	buf_add(&text, data, size);
	try_chat(text.data, text.size, true, arena);
	try_chat(text.data, text.size, false, arena);
	try_task(text.data, text.size, arena);
	try_query(text.data, text.size, arena);
	try_headers(text.data);
	return 0;
}
