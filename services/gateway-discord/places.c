/* Names of servers and channels, remembered. */

#include "services/gateway-discord/places.h"

#include <stdio.h>
#include <string.h>
#include <uthash.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "libcommon/json.h"
#include "libcommon/utf8.h"
#include "proto/bounds.h"
#include "proto/message.h"
#include "services/gateway-discord/rest.h"

enum {
	ID_SIZE = 24,
	LOOK_UP_MS = 5000,
	/* Threads: announcement, public, private. */
	FIRST_THREAD = 10,
	LAST_THREAD = 12,
};

enum kind { KIND_CHANNEL, KIND_GUILD };

struct place {
	UT_hash_handle hh;
	struct places *places;
	char id[ID_SIZE];
	enum kind kind;
	bool is_known, is_asked;
	char parent_id[ID_SIZE]; /* of a thread */
	char role_id[ID_SIZE];	 /* of a guild: ours */
	char *name;
};

struct places {
	struct rest *rest;
	void (*known)(void *arg);
	void *arg;
	struct place *all; /* ids are unique over all kinds */
};

struct places *
places_new(struct rest *rest, void (*known)(void *arg), void *arg)
{
	struct places *places = xcalloc(1, sizeof(*places));

	places->rest = rest;
	places->known = known;
	places->arg = arg;
	return places;
}

static void
forget(struct places *places, struct place *place)
{
	HASH_DEL(places->all, place);
	xfree(&place->name);
	xfree(&place);
}

void
places_free(struct places **slot)
{
	struct places *places = STEAL(*slot);
	struct place *place, *next;

	if (!places)
		return;
	HASH_ITER (hh, places->all, place, next)
		forget(places, place);
	xfree(&places);
}

static const char *
member(const struct json *object, const char *key)
{
	return json_str(json_get(object, key), "");
}

static struct place *
find(const struct places *places, const char *id)
{
	struct place *place;

	HASH_FIND_STR(places->all, id, place);
	return place;
}

/* NULL: that is no id. */
static struct place *
ensure(struct places *places, const char *id, enum kind kind)
{
	struct place *place = find(places, id);

	if (place || !*id || strlen(id) >= ID_SIZE)
		return place;
	place = xcalloc(1, sizeof(*place));
	place->places = places;
	place->kind = kind;
	place->name = xstrdup("");
	snprintf(place->id, sizeof(place->id), "%s", id);
	HASH_ADD_STR(places->all, id, place);
	return place;
}

static void
set_name(struct place *place, const char *name)
{
	xfree(&place->name);
	place->name = xstrdup(name);
	place->is_known = true;
}

static void
note_channel(struct places *places, const struct json *channel)
{
	struct place *place =
	    ensure(places, member(channel, "id"), KIND_CHANNEL);
	int64_t type = json_int(json_get(channel, "type"), 0);

	if (!place)
		return;
	set_name(place, member(channel, "name"));
	/* A channel's parent is but the category that it is listed under. */
	if (type >= FIRST_THREAD && type <= LAST_THREAD)
		snprintf(place->parent_id, sizeof(place->parent_id), "%s",
		    member(channel, "parent_id"));
}

static void
note_channels(struct places *places, const struct json *list)
{
	for (const struct json *one = json_first(list); one;
	     one = json_next(one))
		note_channel(places, one);
}

/* The role that Discord made for us when we were added. */
static void
note_role(struct place *guild, const struct json *roles, const char *self)
{
	for (const struct json *one = json_first(roles); one;
	     one = json_next(one)) {
		const char *of = member(json_get(one, "tags"), "bot_id");

		if (*of && strcmp(of, self) == 0)
			snprintf(guild->role_id, sizeof(guild->role_id), "%s",
			    member(one, "id"));
	}
}

static void
note_guild(struct places *places, const struct json *guild, const char *self)
{
	struct place *place = ensure(places, member(guild, "id"), KIND_GUILD);

	/* An outage of Discord's tells the id alone. */
	if (!place || !json_get(guild, "name"))
		return;
	set_name(place, member(guild, "name"));
	note_role(place, json_get(guild, "roles"), self);
	note_channels(places, json_get(guild, "channels"));
	note_channels(places, json_get(guild, "threads"));
}

static void
note_any_channel(
    struct places *places, const struct json *event, const char *self)
{
	(void)self;
	note_channel(places, event);
}

static void
note_threads(struct places *places, const struct json *event, const char *self)
{
	(void)self;
	note_channels(places, json_get(event, "threads"));
}

static void
note_gone(struct places *places, const struct json *event, const char *self)
{
	struct place *place = find(places, member(event, "id"));

	(void)self;
	/* Who is asking about it still points to it. */
	if (place && !place->is_asked)
		forget(places, place);
}

static const struct {
	const char *type;
	void (*note)(
	    struct places *places, const struct json *event, const char *self);
} notes[] = {
	{ "GUILD_CREATE", note_guild },
	{ "GUILD_UPDATE", note_guild },
	{ "GUILD_DELETE", note_gone },
	{ "CHANNEL_CREATE", note_any_channel },
	{ "CHANNEL_UPDATE", note_any_channel },
	{ "CHANNEL_DELETE", note_gone },
	{ "THREAD_CREATE", note_any_channel },
	{ "THREAD_UPDATE", note_any_channel },
	{ "THREAD_LIST_SYNC", note_threads },
	{ "THREAD_DELETE", note_gone },
};

void
places_note(struct places *places, const char *type, const struct json *event,
    const char *self)
{
	for (size_t i = 0; i < N_OF(notes); i++)
		if (strcmp(notes[i].type, type) == 0)
			notes[i].note(places, event, self);
}

const char *
places_role(const struct places *places, const char *guild_id)
{
	const struct place *place = find(places, guild_id);

	return place ? place->role_id : "";
}

static void
on_answer(void *arg, const struct rest_answer *answer, const struct err *err,
    int64_t retry_after_ms)
{
	struct place *place = arg;
	struct places *places = place->places;

	(void)err;
	(void)retry_after_ms;
	place->is_asked = false;
	/* Without an answer it goes by its id: nobody waits for a name. */
	place->is_known = true;
	if (answer && answer->status == 200 && place->kind == KIND_CHANNEL)
		note_channel(places, answer->json);
	else if (answer && answer->status == 200)
		set_name(place, member(answer->json, "name"));
	places->known(places->arg);
}

static void
ask(struct places *places, struct place *place)
{
	static const char *const routes[] = {
		[KIND_CHANNEL] = "/channels/",
		[KIND_GUILD] = "/guilds/",
	};
	char path[64], lane[sizeof(path) + 4];

	if (place->is_asked)
		return;
	place->is_asked = true;
	snprintf(path, sizeof(path), "%s%s", routes[place->kind], place->id);
	snprintf(lane, sizeof(lane), "GET %s", path);
	rest_call(places->rest,
	    &(struct rest_request){
		.method = "GET",
		.path = path,
		.lane = lane,
		.within_ms = LOOK_UP_MS,
	    },
	    on_answer, place);
}

static const char *
bounded_name(const struct place *place, struct arena *arena)
{
	return arena_strndup(arena, place->name,
	    utf8_cut(place->name, strlen(place->name), BOUND_NAME));
}

bool
places_fill(
    struct places *places, struct message_inbound *out, struct arena *arena)
{
	struct place *channel, *guild;

	if (!*out->space_id)
		return true;
	channel = ensure(places, out->chat_id, KIND_CHANNEL);
	guild = ensure(places, out->space_id, KIND_GUILD);
	if (!channel || !guild)
		return true;
	if (!channel->is_known)
		ask(places, channel);
	if (!guild->is_known)
		ask(places, guild);
	if (!channel->is_known || !guild->is_known)
		return false;
	out->chat_name = bounded_name(channel, arena);
	out->space_name = bounded_name(guild, arena);
	out->parent_chat_id = arena_strdup(arena, channel->parent_id);
	return true;
}
