/* Calls the roll of servers after a session was lost. */

#include "services/gateway-discord/roll.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <uthash.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/connector.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "proto/bounds.h"
#include "proto/membership.h"
#include "services/gateway-discord/translate.h"

enum {
	ID_SIZE = 24,
	WITHIN_MS = 10000,
	AGAIN_MS = 1000,
	ARENA_BYTES = 1024 * 1024,
};

struct present {
	UT_hash_handle hh;
	char id[ID_SIZE];
};

struct roll {
	struct connector *connector;
	struct timer *again;
	struct arena *arena; /* of the page */
	struct present *present;
	struct membership_list page; /* what the engine knows */
	size_t at;		     /* in it */
	char after[BOUND_CHAT_ID + 1];
	char session_id[128];
	int64_t seq, shard, n_shards;
	bool is_asking;
	bool is_outdated; /* what is asked for is of an earlier call */
};

static void go_on(struct roll *roll);

static void
forget(struct roll *roll)
{
	struct present *one, *next;

	HASH_ITER (hh, roll->present, one, next) {
		HASH_DEL(roll->present, one);
		xfree(&one);
	}
	roll->page = (struct membership_list){ 0 };
	roll->at = 0;
	roll->after[0] = '\0';
	timer_stop(roll->again);
}

void
roll_arrived(struct roll *roll, const char *guild_id)
{
	struct present *one;

	HASH_FIND_STR(roll->present, guild_id, one);
	if (one || strlen(guild_id) >= ID_SIZE)
		return;
	one = xcalloc(1, sizeof(*one));
	snprintf(one->id, sizeof(one->id), "%s", guild_id);
	HASH_ADD_STR(roll->present, id, one);
}

/* Another shard has its own list. */
static bool
is_ours(const struct roll *roll, const char *guild_id)
{
	int64_t order = translate_snowflake_order(guild_id);

	return order >= 0 && order % roll->n_shards == roll->shard;
}

static bool
was_left(const struct roll *roll, const char *guild_id)
{
	struct present *one;

	HASH_FIND_STR(roll->present, guild_id, one);
	return !one && is_ours(roll, guild_id);
}

static bool
may_pass(const struct envelope *answer, const struct err *err)
{
	enum err_code code = answer ? answer->error.code : err->code;

	return code == ERR_BUSY || code == ERR_UNAVAILABLE ||
	       code == ERR_TIMEOUT;
}

/* Whether the answer is of any use; if not, what follows is begun. */
static bool
is_good(struct roll *roll, const struct envelope *answer, const struct err *err)
{
	roll->is_asking = false;
	if (roll->is_outdated) {
		roll->is_outdated = false;
		go_on(roll);
		return false;
	}
	if (answer && answer->ok)
		return true;
	if (may_pass(answer, err))
		timer_start(roll->again, AGAIN_MS, 0);
	else
		log_error("roll-ended", "why=%s",
		    log_quote(answer ? answer->error.text : err->text));
	return false;
}

static void
ask(struct roll *roll, const char *type, const struct buf *body,
    bus_answer_fn fn)
{
	roll->is_asking = true;
	connector_ask(roll->connector, type, body, WITHIN_MS, fn, roll);
}

static void
on_noted(void *arg, const struct envelope *answer, const struct err *err)
{
	struct roll *roll = arg;

	if (!is_good(roll, answer, err))
		return;
	roll->at++;
	go_on(roll);
}

static void
tell_left(struct roll *roll, const char *guild_id)
{
	const struct translate_place place = {
		.session_id = roll->session_id,
		.seq = roll->seq,
		.now_ms = clock_unix_ms(),
	};
	AUTO(arena_free)
	struct arena *arena = arena_new(4096);
	AUTO(buf_release)
	struct buf body = { 0 };
	struct membership_changed left;

	translate_left(&left, guild_id, &place, arena);
	log_info("server-left", "guild=%s", guild_id);
	buf_init(&body);
	membership_changed_encode(&left, &body);
	ask(roll, "membership.changed", &body, on_noted);
}

static void
on_page(void *arg, const struct envelope *answer, const struct err *err)
{
	struct roll *roll = arg;
	struct err wrong;

	if (!is_good(roll, answer, err))
		return;
	arena_reset(roll->arena);
	roll->at = 0;
	if (membership_list_decode(
		&roll->page, answer->body, roll->arena, &wrong) < 0) {
		roll->page = (struct membership_list){ 0 };
		log_error("roll-ended", "why=%s", log_quote(wrong.text));
		return;
	}
	if (roll->page.n_space_ids > 0)
		snprintf(roll->after, sizeof(roll->after), "%s",
		    roll->page.space_ids[roll->page.n_space_ids - 1]);
	go_on(roll);
}

static void
ask_page(struct roll *roll)
{
	const struct membership_query query = { .after = roll->after };
	AUTO(buf_release)
	struct buf body = { 0 };

	buf_init(&body);
	membership_query_encode(&query, &body);
	ask(roll, "membership.list", &body, on_page);
}

static void
go_on(struct roll *roll)
{
	const struct membership_list *page = &roll->page;

	if (roll->is_asking)
		return;
	while (roll->at < page->n_space_ids &&
	       !was_left(roll, page->space_ids[roll->at]))
		roll->at++;
	if (roll->at < page->n_space_ids)
		tell_left(roll, page->space_ids[roll->at]);
	else if (!*roll->after || page->has_more)
		ask_page(roll);
}

static void
on_again(void *arg)
{
	go_on(arg);
}

void
roll_call(
    struct roll *roll, const struct json *guilds, const struct roll_of *of)
{
	forget(roll);
	roll->is_outdated = roll->is_asking;
	if (!guilds)
		return;
	for (const struct json *one = json_first(guilds); one;
	     one = json_next(one))
		roll_arrived(roll, json_str(json_get(one, "id"), ""));
	snprintf(
	    roll->session_id, sizeof(roll->session_id), "%s", of->session_id);
	roll->seq = of->seq;
	roll->shard = of->shard;
	roll->n_shards = of->n_shards;
	go_on(roll);
}

struct roll *
roll_new(struct loop *loop, struct connector *connector)
{
	struct roll *roll = xcalloc(1, sizeof(*roll));

	roll->connector = connector;
	roll->again = timer_new(loop, on_again, roll);
	roll->arena = arena_new(ARENA_BYTES);
	return roll;
}

void
roll_free(struct roll **slot)
{
	struct roll *roll = STEAL(*slot);

	if (!roll)
		return;
	forget(roll);
	timer_free(&roll->again);
	arena_free(&roll->arena);
	xfree(&roll);
}
