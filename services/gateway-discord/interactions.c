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
#include "proto/message.h"
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

static void
defer(struct interactions *is, const struct json *event, bool is_private)
{
	const char *id = json_str(json_get(event, "id"), "");
	AUTO(buf_release)
	struct buf path = { 0 };
	AUTO(buf_release)
	struct buf body = { 0 };

	buf_init(&path);
	buf_init(&body);
	buf_addf(&path, "/interactions/%s/%s/callback", id,
	    json_str(json_get(event, "token"), ""));
	buf_addf(&body, "{\"type\":%d,\"data\":{\"flags\":%d}}", TYPE_DEFERRED,
	    is_private ? FLAG_EPHEMERAL : 0);
	rest_call(is->rest,
	    &(struct rest_request){
		.method = "POST",
		.path = path.data,
		.lane = id,
		.body = body.data,
		.flags = REST_NO_TOKEN,
		.within_ms = DEFER_WITHIN_MS,
	    },
	    on_deferred, is);
}

bool
interactions_take(struct interactions *is, struct message_inbound *out,
    const struct json *event, bool is_private, struct arena *arena)
{
	const char *id = json_str(json_get(event, "id"), "");

	if (!translate_command(out, event, arena) || strlen(id) >= ID_SIZE ||
	    !is_token(json_str(json_get(event, "token"), "")))
		return false;
	out->message_id = arena_printf(
	    arena, "%s%s", is_private ? private_prefix : live_prefix, id);
	remember(is, event, is_private);
	defer(is, event, is_private);
	return true;
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
	out->is_private = one->is_private;
	snprintf(out->follow_up, sizeof(out->follow_up), "/webhooks/%s/%s",
	    one->application_id, one->token);
	snprintf(out->original, sizeof(out->original),
	    "/webhooks/%s/%s/messages/@original", one->application_id,
	    one->token);
	return INTERACTION_LIVE;
}

void
interactions_forget(struct interactions *is, const char *reply_to_id)
{
	struct interaction *one = find(is, reply_to_id + 2);

	if (one)
		forget(is, one);
}
