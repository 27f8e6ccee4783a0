/* The gateways and the indexer, as the tests of turn/ want them. */

#include "tests/unit/task-engine-turn/world.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/json.h"

void
bus_publish(struct bus *bus, enum service_id to, const char *instance,
    const char *type, const char *cause, const struct buf *body)
{
	size_t at = world.n_progress++;
	AUTO(json_free)
	struct json *told = NULL;
	struct err err;

	(void)bus;
	(void)cause;
	assert_int_equal(to, SVC_GATEWAY_TELEGRAM);
	assert_string_equal(type, "turn.progress");
	if (json_parse(&told, body->data, body->size, &err) < 0)
		fail_msg("%s", err.text);
	snprintf(world.progress[at].instance,
	    sizeof(world.progress[at].instance), "%s", instance);
	snprintf(world.progress[at].chat_id, sizeof(world.progress[at].chat_id),
	    "%s", json_str(json_get(told, "chat_id"), "?"));
	snprintf(world.progress[at].state, sizeof(world.progress[at].state),
	    "%s", json_str(json_get(told, "state"), "?"));
	snprintf(world.progress[at].text, sizeof(world.progress[at].text), "%s",
	    json_str(json_get(told, "text"), ""));
	snprintf(world.progress[at].edit_id, sizeof(world.progress[at].edit_id),
	    "%s", json_str(json_get(told, "edit_id"), ""));
}

int
bus_call(struct bus *bus, const struct bus_call *call, bus_answer_fn fn,
    void *arg, struct err *err)
{
	size_t at = world.n_searches++;

	(void)bus;
	(void)err;
	snprintf(world.searches[at].type, sizeof(world.searches[at].type), "%s",
	    call->type);
	snprintf(world.searches[at].body, sizeof(world.searches[at].body), "%s",
	    call->body->data);
	world.searches[at].fn = fn;
	world.searches[at].arg = arg;
	return 0;
}

void
world_indexer_answers(size_t search, const char *text)
{
	AUTO(json_free)
	struct json *body = NULL;
	struct envelope answer = { .is_reply = true, .ok = true };
	struct err err = { .code = ERR_NONE };

	if (text == NULL) {
		err_set(&err, ERR_UNAVAILABLE, "no indexer");
		world.searches[search].fn(
		    world.searches[search].arg, NULL, &err);
		return;
	}
	if (json_parse(&body, text, strlen(text), &err) < 0)
		fail_msg("%s", err.text);
	answer.body = body;
	world.searches[search].fn(world.searches[search].arg, &answer, &err);
}
