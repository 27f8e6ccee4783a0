/* Slash commands in progress: deferred, and answered by their token. */

#include "services/gateway-discord/interactions.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/log.h"
#include "libcommon/utf8.h"
#include "proto/action.h"
#include "proto/message.h"
#include "services/gateway-discord/body.h"
#include "services/gateway-discord/rest.h"
#include "services/gateway-discord/translate.h"

enum {
	ID_SIZE = 24,
	TOKEN_SIZE = 300,
	/* Discord's tokens live for 15 minutes. */
	LIFE_MS = 14 * 60 * 1000,
	/* Discord's three seconds, less the way. */
	DEFER_WITHIN_MS = 2500,
	/* Nobody types that many at a time: the oldest go. */
	KEPT_MAX = 1000,
	TYPE_DEFERRED = 5,
	TYPE_DEFERRED_UPDATE = 6,
	CONTENT_MAX = 2000,
	FOLLOW_UP_WITHIN_MS = 60000,
	FLAG_EPHEMERAL = 64,
};

static const char live_prefix[] = "i:", private_prefix[] = "p:";

struct interaction {
	struct interaction *prev, *next;
	char id[ID_SIZE];
	char application_id[ID_SIZE];
	char token[TOKEN_SIZE];
	int64_t until_ms; /* monotonic */
	bool is_private;
	char *content; /* of the notice that the button stands under */
};

struct interactions {
	struct rest *rest;
	struct interaction *all; /* the oldest first */
	int n;
};

struct interactions *
interactions_new(struct rest *rest)
{
	struct interactions *is = xcalloc(1, sizeof(*is));

	is->rest = rest;
	return is;
}

static void
forget(struct interactions *is, struct interaction *one)
{
	DL_DELETE(is->all, one);
	is->n--;
	xfree(&one->content);
	xfree(&one);
}

void
interactions_free(struct interactions **slot)
{
	struct interactions *is = STEAL(*slot);

	if (!is)
		return;
	while (is->all)
		forget(is, is->all);
	xfree(&is);
}

static void
tidy(struct interactions *is)
{
	int64_t now_ms = clock_mono_ms();

	while (is->all && (is->all->until_ms <= now_ms || is->n > KEPT_MAX))
		forget(is, is->all);
}

/* Both become part of a path. */
static bool
is_token(const char *token)
{
	return *token &&
	       strspn(token, "abcdefghijklmnopqrstuvwxyz"
			     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "0123456789-_.=") == strlen(token) &&
	       strlen(token) < TOKEN_SIZE;
}

static void
remember(struct interactions *is, const struct json *event, bool is_private)
{
	struct interaction *one = xcalloc(1, sizeof(*one));

	snprintf(one->id, sizeof(one->id), "%s",
	    json_str(json_get(event, "id"), ""));
	snprintf(one->application_id, sizeof(one->application_id), "%s",
	    json_str(json_get(event, "application_id"), ""));
	snprintf(one->token, sizeof(one->token), "%s",
	    json_str(json_get(event, "token"), ""));
	one->is_private = is_private;
	one->content = xstrdup(
	    json_str(json_get(json_get(event, "message"), "content"), ""));
	one->until_ms = clock_mono_ms() + LIFE_MS;
	DL_APPEND(is->all, one);
	is->n++;
	tidy(is);
}

static void
on_deferred(void *arg, const struct rest_answer *answer, const struct err *err,
    int64_t retry_after_ms)
{
	(void)arg;
	(void)retry_after_ms;
	if (err)
		log_warn("not-deferred", "why=%s", log_quote(err->text));
	else if (answer->status >= 300)
		log_warn("not-deferred", "status=%ld why=%s", answer->status,
		    log_quote(answer->text));
}

static bool
is_usable(const struct json *event)
{
	return strlen(json_str(json_get(event, "id"), "")) < ID_SIZE &&
	       is_token(json_str(json_get(event, "token"), ""));
}

bool
interactions_callback(const struct json *event, struct buf *path_out)
{
	if (!is_usable(event))
		return false;
	buf_addf(path_out, "/interactions/%s/%s/callback",
	    json_str(json_get(event, "id"), ""),
	    json_str(json_get(event, "token"), ""));
	return true;
}

static void
defer(struct interactions *is, const struct json *event, int type, int flags)
{
	AUTO(buf_release)
	struct buf path = { 0 };
	AUTO(buf_release)
	struct buf body = { 0 };

	buf_init(&path);
	buf_init(&body);
	(void)interactions_callback(event, &path); /* checked before */
	buf_addf(&body, "{\"type\":%d", type);
	if (type == TYPE_DEFERRED)
		buf_addf(&body, ",\"data\":{\"flags\":%d}", flags);
	buf_addc(&body, '}');
	rest_call(is->rest,
	    &(struct rest_request){
		.method = "POST",
		.path = path.data,
		.lane = path.data,
		.body = body.data,
		.flags = REST_NO_TOKEN,
		.within_ms = DEFER_WITHIN_MS,
	    },
	    on_deferred, is);
}

static struct interaction *
find(struct interactions *is, const char *id)
{
	struct interaction *one;

	tidy(is);
	DL_FOREACH (is->all, one)
		if (strcmp(one->id, id) == 0)
			return one;
	return NULL;
}

bool
interactions_take(struct interactions *is, struct message_inbound *out,
    const struct json *event, bool is_private, struct arena *arena)
{
	const char *id = json_str(json_get(event, "id"), "");

	if (!translate_command(out, event, arena) || !is_usable(event))
		return false;
	out->message_id = arena_printf(
	    arena, "%s%s", is_private ? private_prefix : live_prefix, id);
	remember(is, event, is_private);
	defer(is, event, TYPE_DEFERRED, is_private ? FLAG_EPHEMERAL : 0);
	return true;
}

bool
interactions_take_button(struct interactions *is, struct button_pressed *out,
    const struct json *event, struct arena *arena)
{
	if (!translate_button(out, event, arena) || !is_usable(event))
		return false;
	remember(is, event, false);
	defer(is, event, TYPE_DEFERRED_UPDATE, 0);
	return true;
}

static void
write_paths(const struct interaction *one, struct interaction_paths *out)
{
	out->is_private = one->is_private;
	snprintf(out->follow_up, sizeof(out->follow_up), "/webhooks/%s/%s",
	    one->application_id, one->token);
	snprintf(out->original, sizeof(out->original),
	    "/webhooks/%s/%s/messages/@original", one->application_id,
	    one->token);
}

static void
on_followed(void *arg, const struct rest_answer *answer, const struct err *err,
    int64_t retry_after_ms)
{
	(void)arg;
	(void)retry_after_ms;
	if (err || answer->status >= 300)
		log_warn("outcome-unshown", "why=%s",
		    log_quote(err ? err->text : answer->text));
}

static void
call(struct interactions *is, const char *method, const char *path,
    const struct buf *body)
{
	rest_call(is->rest,
	    &(struct rest_request){
		.method = method,
		.path = path,
		.lane = path,
		.body = body->data,
		.flags = REST_NO_TOKEN,
		.within_ms = FOLLOW_UP_WITHIN_MS,
	    },
	    on_followed, is);
}

/* The notice loses its buttons and says how it ended, if there is room. */
static void
turn(struct interactions *is, const struct interaction *one, const char *text)
{
	struct interaction_paths paths;
	AUTO(buf_release)
	struct buf content = { 0 };
	AUTO(buf_release)
	struct buf body = { 0 };
	struct json_out json;

	write_paths(one, &paths);
	buf_init(&content);
	buf_init(&body);
	buf_addf(&content, "%s\n\n%s", one->content, text);
	body_begin(&json, &body);
	json_out_list(&json, "components");
	json_out_list_end(&json);
	if (utf8_units(content.data, content.size, UTF8_CODE_POINTS) <=
	    CONTENT_MAX)
		json_out_str(&json, "content", content.data);
	json_out_object_end(&json);
	call(is, "PATCH", paths.original, &body);
}

static void
tell(struct interactions *is, const struct interaction *one, const char *text)
{
	struct interaction_paths paths;
	AUTO(buf_release)
	struct buf body = { 0 };
	struct json_out json;

	write_paths(one, &paths);
	buf_init(&body);
	body_begin(&json, &body);
	json_out_strn(&json, "content", text,
	    utf8_offset(text, strlen(text), CONTENT_MAX, UTF8_CODE_POINTS));
	json_out_int(&json, "flags", FLAG_EPHEMERAL);
	json_out_object_end(&json);
	call(is, "POST", paths.follow_up, &body);
}

void
interactions_decide(struct interactions *is,
    const struct button_pressed *pressed, const struct button_outcome *outcome)
{
	/* "c:<interaction>" */
	struct interaction *one = find(is, pressed->event_id + 2);

	if (!one)
		return;
	if (strcmp(outcome->outcome, "refused") == 0)
		tell(is, one, outcome->text);
	else
		turn(is, one, outcome->text);
	forget(is, one);
}

enum interaction_kind
interactions_find(struct interactions *is, const char *reply_to_id,
    struct interaction_paths *out)
{
	bool is_private = strncmp(reply_to_id, private_prefix, 2) == 0;
	const struct interaction *one;

	if (!is_private && strncmp(reply_to_id, live_prefix, 2) != 0)
		return INTERACTION_NONE;
	one = find(is, reply_to_id + 2);
	if (!one)
		return is_private ? INTERACTION_PRIVATE : INTERACTION_PUBLIC;
	write_paths(one, out);
	return INTERACTION_LIVE;
}

void
interactions_forget(struct interactions *is, const char *reply_to_id)
{
	struct interaction *one = find(is, reply_to_id + 2);

	if (one)
		forget(is, one);
}
