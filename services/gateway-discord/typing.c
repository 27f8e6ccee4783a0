/* The sign of life while an answer is being made. */

#include "services/gateway-discord/typing.h"

#include <stdio.h>
#include <string.h>
#include <uthash.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "libcommon/loop.h"
#include "services/gateway-discord/rest.h"

enum {
	/* Most commands are answered sooner. */
	FIRST_MS = 300,
	/* Discord shows it for ten seconds. */
	AGAIN_MS = 8000,
	TIMES_MAX = 8,
	WITHIN_MS = 3000,
};

struct chat {
	UT_hash_handle hh;
	struct typing *typing;
	struct timer *timer;
	int n_shown;
	char id[];
};

struct typing {
	struct loop *loop;
	struct rest *rest;
	struct chat *chats;
};

static void
chat_free(struct chat *chat)
{
	HASH_DEL(chat->typing->chats, chat);
	timer_free(&chat->timer);
	xfree(&chat);
}

static void
show(void *arg)
{
	struct chat *chat = arg;
	char path[64], lane[sizeof(path) + 8];

	snprintf(path, sizeof(path), "/channels/%.24s/typing", chat->id);
	snprintf(lane, sizeof(lane), "POST %s", path);
	rest_call(chat->typing->rest,
	    &(struct rest_request){
		.method = "POST",
		.path = path,
		.lane = lane,
		.flags = REST_ONCE,
		.within_ms = WITHIN_MS,
	    },
	    NULL, NULL);
	if (++chat->n_shown < TIMES_MAX)
		timer_start(chat->timer, AGAIN_MS, 0);
	else
		chat_free(chat);
}

static struct chat *
find(const struct typing *typing, const char *chat_id)
{
	struct chat *chat;

	HASH_FIND_STR(typing->chats, chat_id, chat);
	return chat;
}

void
typing_begin(struct typing *typing, const char *chat_id)
{
	struct chat *chat = find(typing, chat_id);

	if (chat) {
		chat->n_shown = 0;
		return;
	}
	chat = xcalloc(1, sizeof(*chat) + strlen(chat_id) + 1);
	memcpy(chat->id, chat_id, strlen(chat_id) + 1);
	chat->typing = typing;
	chat->timer = timer_new(typing->loop, show, chat);
	HASH_ADD_STR(typing->chats, id, chat);
	timer_start(chat->timer, FIRST_MS, 0);
}

void
typing_end(struct typing *typing, const char *chat_id)
{
	struct chat *chat = find(typing, chat_id);

	if (chat)
		chat_free(chat);
}

struct typing *
typing_new(struct loop *loop, struct rest *rest)
{
	struct typing *typing = xcalloc(1, sizeof(*typing));

	typing->loop = loop;
	typing->rest = rest;
	return typing;
}

void
typing_free(struct typing **slot)
{
	struct typing *typing = STEAL(*slot);

	while (typing && typing->chats)
		chat_free(typing->chats);
	xfree(&typing);
}
