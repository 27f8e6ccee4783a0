/* Servers that the bot comes to and leaves. Pure. */

#include <inttypes.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/id.h"
#include "libcommon/json.h"
#include "libcommon/utf8.h"
#include "proto/bounds.h"
#include "proto/membership.h"
#include "services/gateway-discord/translate.h"

enum { SESSION_MARK = 16 };

static const struct membership_changed nothing = {
	.space_name = "",
	.chat_id = "",
	.chat_name = "",
	.user_id = "",
	.user_name = "",
	.reason = "",
	.cursor = "",
};

static const char *
member(const struct json *object, const char *key)
{
	return json_str(json_get(object, key), "");
}

/* In an outage of Discord's a server is gone, and the bot still in it. */
static bool
is_outage(const struct json *event)
{
	return json_bool(json_get(event, "unavailable"), false);
}

bool
translate_added(struct membership_changed *out, const struct json *event,
    struct arena *arena)
{
	const char *id = member(event, "id"), *name = member(event, "name");
	int64_t joined_ms = translate_stamp_ms(member(event, "joined_at"));

	*out = nothing;
	if (is_outage(event) || !translate_snowflake_ms(id) || !joined_ms)
		return false;
	/* The same whenever Discord lists it, until the bot is added anew. */
	out->event_id = arena_printf(arena, "s:%s:%" PRId64, id, joined_ms);
	out->change = "added";
	out->space_id = id;
	out->space_name = arena_strndup(
	    arena, name, utf8_cut(name, strlen(name), BOUND_NAME));
	/* Where Discord itself says who has come; "": nowhere. */
	out->chat_id = member(event, "system_channel_id");
	out->changed_unix_ms = joined_ms;
	return true;
}

void
translate_left(struct membership_changed *out, const char *id,
    const struct translate_place *place, struct arena *arena)
{
	char mark[ID_SHA256_HEX_SIZE];

	*out = nothing;
	/* It has no time of its own: what names it is where it was told. */
	id_sha256_hex(mark, place->session_id, strlen(place->session_id));
	out->event_id = arena_printf(
	    arena, "s:%s:%.*s:%" PRId64, id, SESSION_MARK, mark, place->seq);
	out->change = "removed";
	out->space_id = id;
	out->changed_unix_ms = place->now_ms;
}

bool
translate_removed(struct membership_changed *out, const struct json *event,
    const struct translate_place *place, struct arena *arena)
{
	const char *id = member(event, "id");

	*out = nothing;
	if (is_outage(event) || !translate_snowflake_ms(id))
		return false;
	translate_left(out, id, place, arena);
	return true;
}
