/* Which chats show that an answer is being made, and until when. */

#include "libcommon/typing.h"

#include <string.h>
#include <uthash.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/defs.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "proto/turn.h"

enum {
	/* Most commands are answered sooner. */
	FIRST_MS = 300,
	/* Until the engine has begun; less than a platform's again_ms, so that
	 * what is not answered at all shows one sign. */
	EXPECTED_MS = 3000,
	/* Answers have the other connections. */
	IN_FLIGHT_MAX = 2,
	/* The answer so far may stand in it. */
	ARENA_BYTES = 256 * 1024,
};

struct chat {
	UT_hash_handle hh;
	int64_t next_ms, until_ms; /* monotonic */
	char id[];
};

struct typing_sign {
	struct typing *typing;
	char *chat_id; /* NULL: free */
};

struct typing {
	struct typing_platform platform;
	void *arg;
	struct timer *timer;
	struct arena *arena;
	struct chat *chats;
	int64_t paused_until_ms;
	struct typing_sign signs[IN_FLIGHT_MAX];
};

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void
forget(struct typing *typing, struct chat *chat)
{
	HASH_DEL(typing->chats, chat);
	xfree(&chat);
}

static struct typing_sign *
free_sign(struct typing *typing)
{
	for (size_t i = 0; i < N_OF(typing->signs); i++)
		if (!typing->signs[i].chat_id)
			return &typing->signs[i];
	return NULL;
}

/* Behind the others: where few are under way at a time, each has its turn. */
static void
show(struct typing *typing, struct chat *chat, struct typing_sign *sign)
{
	HASH_DEL(typing->chats, chat);
	HASH_ADD_STR(typing->chats, id, chat);
	sign->chat_id = xstrdup(chat->id);
	if (!typing->platform.show(typing->arg, sign, chat->id))
		xfree(&sign->chat_id);
}

/* Shows what is due; returns when to look at the chat again. */
static int64_t
look_at(struct typing *typing, struct chat *chat, int64_t now_ms)
{
	int64_t due_ms = later(chat->next_ms, typing->paused_until_ms);
	struct typing_sign *sign = free_sign(typing);

	if (due_ms <= now_ms && sign) {
		chat->next_ms = due_ms = now_ms + typing->platform.again_ms;
		show(typing, chat, sign);
	}
	/* One that waits for its turn is woken by typing_shown. */
	return due_ms > now_ms ? earlier(due_ms, chat->until_ms)
			       : chat->until_ms;
}

static void
look(void *arg)
{
	struct typing *typing = arg;
	int64_t now_ms = clock_mono_ms(), at_ms = INT64_MAX;
	struct chat *chat, *next;

	HASH_ITER (hh, typing->chats, chat, next) {
		if (chat->until_ms > now_ms)
			at_ms = earlier(at_ms, look_at(typing, chat, now_ms));
		else if (chat->next_ms > now_ms)
			at_ms = earlier(at_ms, chat->next_ms);
		else
			forget(typing, chat);
	}
	if (typing->chats)
		timer_start(typing->timer, at_ms - now_ms, 0);
}

static struct chat *
find(const struct typing *typing, const char *chat_id)
{
	struct chat *chat;

	HASH_FIND_STR(typing->chats, chat_id, chat);
	return chat;
}

static void
keep(struct typing *typing, const char *chat_id, int64_t for_ms)
{
	struct chat *chat = find(typing, chat_id);
	int64_t now_ms = clock_mono_ms();

	if (!chat) {
		chat = xcalloc(1, sizeof(*chat) + strlen(chat_id) + 1);
		memcpy(chat->id, chat_id, strlen(chat_id) + 1);
		chat->next_ms = now_ms + FIRST_MS;
		HASH_ADD_STR(typing->chats, id, chat);
	}
	chat->until_ms = later(chat->until_ms, now_ms + for_ms);
	look(typing);
}

void
typing_expect(struct typing *typing, const char *chat_id)
{
	keep(typing, chat_id, EXPECTED_MS);
}

void
typing_take(struct typing *typing, const struct envelope *news)
{
	struct turn_progress progress;
	struct err err;

	arena_reset(typing->arena);
	if (turn_progress_decode(&progress, news->body, typing->arena, &err) <
	    0)
		log_warn("progress-unread", "why=%s", log_quote(err.text));
	else if (strcmp(progress.state, "working") == 0)
		keep(typing, progress.chat_id, TURN_PROGRESS_HOLDS_MS);
	else
		typing_end(typing, progress.chat_id);
}

void
typing_end(struct typing *typing, const char *chat_id)
{
	struct chat *chat = find(typing, chat_id);

	if (chat)
		forget(typing, chat);
}

void
typing_shown(struct typing_sign *sign, int64_t pause_ms)
{
	struct typing *typing = sign->typing;
	struct chat *chat = find(typing, sign->chat_id);

	xfree(&sign->chat_id);
	if (pause_ms > 0) {
		typing->paused_until_ms =
		    later(typing->paused_until_ms, clock_mono_ms() + pause_ms);
		if (chat)
			chat->next_ms = typing->paused_until_ms;
	}
	look(typing);
}

struct typing *
typing_new(struct loop *loop, const struct typing_platform *platform, void *arg)
{
	struct typing *typing = xcalloc(1, sizeof(*typing));

	typing->platform = *platform;
	typing->arg = arg;
	typing->timer = timer_new(loop, look, typing);
	typing->arena = arena_new(ARENA_BYTES);
	for (size_t i = 0; i < N_OF(typing->signs); i++)
		typing->signs[i].typing = typing;
	return typing;
}

void
typing_free(struct typing **slot)
{
	struct typing *typing = STEAL(*slot);

	if (!typing)
		return;
	while (typing->chats)
		forget(typing, typing->chats);
	for (size_t i = 0; i < N_OF(typing->signs); i++)
		xfree(&typing->signs[i].chat_id);
	timer_free(&typing->timer);
	arena_free(&typing->arena);
	xfree(&typing);
}
