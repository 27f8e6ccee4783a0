/* One part of a reply, to where it belongs. */

#include "services/gateway-discord/deliver.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "libcommon/json.h"
#include "libcommon/outbound.h"
#include "proto/bounds.h"
#include "services/gateway-discord/body.h"
#include "services/gateway-discord/interactions.h"
#include "services/gateway-discord/rest.h"

enum {
	/* Less than the lease. */
	WITHIN_MS = 40000,
	NONCE_SIZE = 25, /* Discord's most, with the NUL one less */
	FLAG_EPHEMERAL = 64,
	PATH_SIZE = 64,
	NAME_MAX_CHARS = 100, /* of a button */
};

struct deliver {
	struct rest *rest;
	struct interactions *interactions;
	struct try *tries; /* under way */
};

enum way {
	WAY_MESSAGE,
	WAY_ORIGINAL,  /* the answer to a command */
	WAY_FOLLOW_UP, /* what comes behind it */
	WAY_EDIT,      /* in the place of another message */
};

/* One part under way; the job's part lives as long. */
struct
try {
	struct try *next;
	struct deliver *deliver;
	struct outbound_job *job;
	const struct outbound_part *part;
	enum way way;
	bool is_plain; /* Discord refused it once as it was */
	bool is_private;
	bool is_anew; /* what it was to change is gone */
};

static void begin(struct try *t);

struct deliver *
deliver_new(struct rest *rest, struct interactions *interactions)
{
	struct deliver *deliver = xcalloc(1, sizeof(*deliver));

	deliver->rest = rest;
	deliver->interactions = interactions;
	return deliver;
}

static void
try_free(struct try *t)
{
	struct try **at = &t->deliver->tries;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	xfree(&t);
}

void
deliver_free(struct deliver **slot)
{
	struct deliver *deliver = *slot;

	while (deliver && deliver->tries)
		try_free(deliver->tries);
	xfree(slot);
}

static void
put_nonce(struct json_out *json, const struct outbound_part *part)
{
	char text[BOUND_ID + 32], hex[ID_SHA256_HEX_SIZE];

	snprintf(
	    text, sizeof(text), "%s %" PRId64, part->delivery_id, part->number);
	id_sha256_hex(hex, text, strlen(text));
	hex[NONCE_SIZE - 1] = '\0';
	json_out_str(json, "nonce", hex);
	json_out_bool(json, "enforce_nonce", true);
}

static void
put_reference(struct json_out *json, const char *message_id)
{
	json_out_object(json, "message_reference");
	json_out_str(json, "message_id", message_id);
	/* It may have been deleted meanwhile. */
	json_out_bool(json, "fail_if_not_exists", false);
	json_out_object_end(json);
}

static bool
is_snowflake(const char *id)
{
	size_t size = strlen(id);

	return size > 0 && size < 24 && strspn(id, "0123456789") == size;
}

static void
put_button(struct json_out *json, char verb, const char *action_id)
{
	enum { TYPE_BUTTON = 2, STYLE_GREEN = 3, STYLE_RED = 4 };
	char name[BOUND_ID + 4];

	snprintf(name, sizeof(name), "%c:%s", verb, action_id);
	json_out_object(json, NULL);
	json_out_int(json, "type", TYPE_BUTTON);
	json_out_int(json, "style", verb == 'a' ? STYLE_GREEN : STYLE_RED);
	json_out_str(json, "label", verb == 'a' ? "Approve" : "Deny");
	json_out_str(json, "custom_id", name);
	json_out_object_end(json);
}

/* Under the last part, when all of it has been shown. */
static void
put_buttons(struct json_out *json, const struct outbound_part *part)
{
	if (!part->is_last || !*part->action_id ||
	    strlen(part->action_id) > NAME_MAX_CHARS - 2)
		return;
	json_out_list(json, "components");
	json_out_object(json, NULL);
	json_out_int(json, "type", 1);
	json_out_list(json, "components");
	put_button(json, 'a', part->action_id);
	put_button(json, 'd', part->action_id);
	json_out_list_end(json);
	json_out_object_end(json);
	json_out_list_end(json);
}

static void
put_no_buttons(struct json_out *json)
{
	json_out_list(json, "components");
	json_out_list_end(json);
}

static void
write_body(const struct try *t, struct buf *out)
{
	const struct outbound_part *part = t->part;
	struct json_out json;

	body_begin(&json, out);
	json_out_str(
	    &json, "content", t->is_plain ? part->plain : part->written);
	json_out_int(&json, "flags",
	    BODY_NO_EMBEDS |
		(t->is_private && t->way == WAY_FOLLOW_UP ? FLAG_EPHEMERAL
							  : 0));
	put_buttons(&json, part);
	if (t->way == WAY_EDIT)
		put_no_buttons(&json);
	if (t->way == WAY_MESSAGE)
		put_nonce(&json, part);
	if (t->way == WAY_MESSAGE && !t->is_plain && part->number == 0 &&
	    is_snowflake(part->reply_to_id))
		put_reference(&json, part->reply_to_id);
	json_out_object_end(&json);
}

/* Also what an error of the platform says is of the platform's making. */
static void
refuse(struct try *t, const char *why)
{
	struct outbound_job *job = t->job;
	char reason[BOUND_NOTE];

	snprintf(reason, sizeof(reason), "%s", why);
	try_free(t);
	outbound_refused(job, reason);
}

static void
retry(struct try *t, int64_t after_ms, const char *why)
{
	struct outbound_job *job = t->job;
	char reason[BOUND_NOTE];

	snprintf(reason, sizeof(reason), "%s", why);
	try_free(t);
	outbound_retry(job, after_ms, reason);
}

static void
finish(struct try *t, const char *message_id)
{
	struct outbound_job *job = t->job;
	char id[BOUND_ID];

	snprintf(id, sizeof(id), "%s", message_id);
	try_free(t);
	outbound_sent(job, id);
}

static void
on_refused(struct try *t, const struct rest_answer *answer)
{
	char why[BOUND_NOTE];

	if (t->way == WAY_EDIT && answer->status == 404 &&
	    t->part->shows_anew) {
		t->is_anew = true;
		begin(t);
		return;
	}
	/* Somebody deleted it, and its buttons with it. */
	if (t->way == WAY_EDIT && answer->status == 404) {
		finish(t, t->part->edit_id);
		return;
	}
	/* The command's time is over, or another process answered it. */
	if ((t->way == WAY_ORIGINAL || t->way == WAY_FOLLOW_UP) &&
	    (answer->status == 401 || answer->status == 404)) {
		interactions_forget(
		    t->deliver->interactions, t->part->answers_id);
		begin(t);
		return;
	}
	if (answer->status == 400 && !t->is_plain) {
		t->is_plain = true;
		begin(t);
		return;
	}
	snprintf(why, sizeof(why), "Discord refuses it: %.200s (%" PRId64 ")",
	    *answer->text ? answer->text : "no reason given", answer->code);
	refuse(t, why);
}

static void
on_answer(void *arg, const struct rest_answer *answer, const struct err *err,
    int64_t retry_after_ms)
{
	struct try *t = arg;

	if (!answer)
		retry(t, retry_after_ms, err->text);
	else if (answer->status >= 200 && answer->status < 300)
		finish(t, json_str(json_get(answer->json, "id"), ""));
	else
		on_refused(t, answer);
}

static void
call(struct try *t, const char *method, const char *path, unsigned flags)
{
	AUTO(buf_release)
	struct buf body = { 0 };
	AUTO(buf_release)
	struct buf lane = { 0 };

	buf_init(&body);
	buf_init(&lane);
	write_body(t, &body);
	buf_addf(&lane, "%s %s", method, path);
	rest_call(t->deliver->rest,
	    &(struct rest_request){
		.method = method,
		.path = path,
		.lane = lane.data,
		.body = body.data,
		.flags = flags,
		.within_ms = WITHIN_MS,
	    },
	    on_answer, t);
}

static void
send_message(struct try *t)
{
	char path[PATH_SIZE];

	t->way = WAY_MESSAGE;
	if (!is_snowflake(t->part->chat_id)) {
		refuse(t, "that is no channel of Discord");
		return;
	}
	snprintf(path, sizeof(path), "/channels/%s/messages", t->part->chat_id);
	call(t, "POST", path, 0);
}

bool
deliver_edit_path(char path[DELIVER_EDIT_PATH_SIZE], const char *chat_id,
    const char *message_id)
{
	if (!is_snowflake(chat_id) || !is_snowflake(message_id))
		return false;
	snprintf(path, DELIVER_EDIT_PATH_SIZE, "/channels/%s/messages/%s",
	    chat_id, message_id);
	return true;
}

static void
edit_message(struct try *t)
{
	char path[DELIVER_EDIT_PATH_SIZE];

	t->way = WAY_EDIT;
	if (!deliver_edit_path(path, t->part->chat_id, t->part->edit_id)) {
		refuse(t, "that is no message of Discord");
		return;
	}
	call(t, "PATCH", path, 0);
}

/* The first part replaces "is thinking…"; what follows is a message, which
 * has a nonce, unless nobody else may see it. */
static void
answer_command(struct try *t, const struct interaction_paths *paths)
{
	t->is_private = paths->is_private;
	if (t->part->number == 0) {
		t->way = WAY_ORIGINAL;
		call(t, "PATCH", paths->original, REST_NO_TOKEN);
	} else if (paths->is_private) {
		t->way = WAY_FOLLOW_UP;
		call(t, "POST", paths->follow_up, REST_NO_TOKEN);
	} else {
		send_message(t);
	}
}

static void
begin(struct try *t)
{
	struct interaction_paths paths;

	if (*t->part->edit_id && !t->is_anew) {
		edit_message(t);
		return;
	}
	switch (interactions_find(
	    t->deliver->interactions, t->part->answers_id, &paths)) {
	case INTERACTION_LIVE:
		answer_command(t, &paths);
		break;
	case INTERACTION_PRIVATE:
		refuse(t,
		    "the answer is for one person alone, and Discord no longer "
		    "takes it");
		break;
	case INTERACTION_NONE:
	case INTERACTION_PUBLIC:
		send_message(t);
		break;
	}
}

void
deliver_part(struct deliver *deliver, struct outbound_job *job,
    const struct outbound_part *part)
{
	struct try *t = xcalloc(1, sizeof(*t));

	t->deliver = deliver;
	t->job = job;
	t->part = part;
	t->next = deliver->tries;
	deliver->tries = t;
	begin(t);
}
