/* Choices for the argument of a slash command. */

#include "services/gateway-discord/complete.h"

#include <string.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/connector.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/utf8.h"
#include "proto/command.h"
#include "services/gateway-discord/interactions.h"
#include "services/gateway-discord/rest.h"
#include "services/gateway-discord/translate.h"

enum {
	TYPE_CHOICES = 8,
	/* Discord's, of names and of values. */
	CHOICE_MAX = 100,
	/* Of Discord's three seconds. */
	ASK_WITHIN_MS = 1500,
	ANSWER_WITHIN_MS = 1000,
	/* Each key that is pressed asks: of more nobody is told. */
	ASKED_MAX = 32,
	ARENA_BYTES = 64 * 1024,
};

struct asked {
	struct asked *prev, *next;
	struct complete *complete;
	struct buf path;
};

struct complete {
	struct connector *connector;
	struct rest *rest;
	struct asked *all;
	int n;
};

static void
forget(struct asked *asked)
{
	DL_DELETE(asked->complete->all, asked);
	asked->complete->n--;
	buf_release(&asked->path);
	xfree(&asked);
}

static size_t
units(const char *text)
{
	return utf8_units(text, strlen(text), UTF8_CODE_POINTS);
}

static void
put_choices(struct json_out *json, const struct command_choices *choices)
{
	for (size_t i = 0; i < choices->n_items; i++) {
		const struct command_choice *c = &choices->items[i];

		/* A value is not to be cut: that would be another one. */
		if (units(c->value) > CHOICE_MAX)
			continue;
		json_out_object(json, NULL);
		json_out_strn(json, "name", c->label,
		    utf8_offset(c->label, strlen(c->label), CHOICE_MAX,
			UTF8_CODE_POINTS));
		json_out_str(json, "value", c->value);
		json_out_object_end(json);
	}
}

static void
answer(const struct asked *asked, const struct command_choices *choices)
{
	AUTO(buf_release)
	struct buf body = { 0 };
	struct json_out json;

	buf_init(&body);
	json_out_init(&json, &body);
	json_out_object(&json, NULL);
	json_out_int(&json, "type", TYPE_CHOICES);
	json_out_object(&json, "data");
	json_out_list(&json, "choices");
	put_choices(&json, choices);
	json_out_list_end(&json);
	json_out_object_end(&json);
	json_out_object_end(&json);
	rest_call(asked->complete->rest,
	    &(struct rest_request){
		.method = "POST",
		.path = asked->path.data,
		.lane = asked->path.data,
		.body = body.data,
		.flags = REST_NO_TOKEN,
		.within_ms = ANSWER_WITHIN_MS,
	    },
	    NULL, NULL);
}

/* Without an answer of the engine's there is nothing to choose. */
static void
on_choices(void *arg, const struct envelope *reply, const struct err *why)
{
	struct asked *asked = arg;
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	struct command_choices choices = { 0 };
	struct err err;

	(void)why;
	if (reply && reply->ok &&
	    command_choices_decode(&choices, reply->body, arena, &err) < 0)
		choices.n_items = 0;
	answer(asked, &choices);
	forget(asked);
}

bool
complete_take(struct complete *c, const struct json *event, struct arena *arena)
{
	struct command_complete typing;
	AUTO(buf_release)
	struct buf path = { 0 }, body = { 0 };
	struct asked *asked;

	buf_init(&path);
	buf_init(&body);
	if (!translate_typing(&typing, event, arena))
		return false;
	if (c->n >= ASKED_MAX || !interactions_callback(event, &path))
		return true;
	asked = xcalloc(1, sizeof(*asked));
	asked->complete = c;
	asked->path = path;
	buf_init(&path);
	DL_APPEND(c->all, asked);
	c->n++;
	command_complete_encode(&typing, &body);
	connector_ask(c->connector, "command.complete", &body, ASK_WITHIN_MS,
	    on_choices, asked);
	return true;
}

struct complete *
complete_new(struct connector *connector, struct rest *rest)
{
	struct complete *c = xcalloc(1, sizeof(*c));

	c->connector = connector;
	c->rest = rest;
	return c;
}

void
complete_free(struct complete **slot)
{
	struct complete *c = STEAL(*slot);

	if (!c)
		return;
	while (c->all)
		forget(c->all);
	xfree(&c);
}
