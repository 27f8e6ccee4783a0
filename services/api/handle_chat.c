/* Chat over HTTP: a message in, its reply out, however long that takes. */

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "proto/chat.h"
#include "services/api/http_guard.h"
#include "services/api/http_server.h"
#include "services/api/visit.h"

/* For the question whether a silent engine has at least taken the message. */
enum { RESULT_WAIT_MS = 2000 };

static void
show_working(struct visit *visit, const char *key)
{
	AUTO(buf_release)
	struct buf body;
	struct json_out out;

	buf_init(&body);
	json_out_init(&out, &body);
	json_out_object(&out, NULL);
	json_out_str(&out, "id", key);
	json_out_str(&out, "status", "working");
	json_out_object_end(&out);
	visit_answer(visit, HTTP_ACCEPTED, &body);
}

static int
show_reply(struct visit *visit, const struct json *answer, struct err *err)
{
	struct chat_reply reply;
	AUTO(buf_release)
	struct buf body;
	struct json_out out;

	buf_init(&body);
	if (visit_decode(visit, &chat_reply_shape, &reply, answer, err) < 0)
		return -1;
	if (strcmp(reply.state, "done") != 0) {
		show_working(visit, reply.key);
		return 0;
	}
	visit->delivery_id = reply.delivery_id;
	json_out_init(&out, &body);
	json_out_object(&out, NULL);
	json_out_bool(&out, "handled", reply.handled);
	json_out_str(&out, "reply", reply.reply);
	json_out_str(&out, "id", reply.key);
	json_out_object_end(&out);
	visit_answer(visit, HTTP_OK, &body);
	return 0;
}

static void
not_taken(struct visit *visit, const struct err *why)
{
	struct err err;

	(void)why;
	err_set(&err, ERR_UNAVAILABLE,
	    "the task-engine has not taken the message; send it again with "
	    "Idempotency-Key: %.128s",
	    visit->key);
	visit_fail(visit, &err, 0);
}

/* A promise to have the message is given only when the engine gives it. */
static void
ask_whether_taken(struct visit *visit, const struct err *why)
{
	struct chat_result_get in = { .credential = visit->credential,
		.key = visit->key };
	struct err err;

	if (why->code != ERR_TIMEOUT) {
		visit_fail(visit, why, 0);
		return;
	}
	visit->wait_ms = RESULT_WAIT_MS;
	if (visit_ask(visit, "chat.result", &in, show_reply, not_taken, &err) <
	    0)
		visit_fail(visit, &err, 0);
}

int
on_chat_post(struct visit *visit, struct err *err)
{
	struct chat_turn in;

	if (visit_body(visit, &chat_turn_shape, &in, err) < 0)
		return -1;
	if (in.text[strspn(in.text, " \t\r\n")] == '\0')
		return err_set(err, ERR_INVALID, "text is required");
	in.credential = visit->credential;
	in.key = visit->key;
	visit->wait_ms = visit->svc->cfg->chat_wait_s * 1000;
	return visit_ask(
	    visit, "chat.turn", &in, show_reply, ask_whether_taken, err);
}

int
on_chat_get(struct visit *visit, struct err *err)
{
	struct chat_result_get in = { .credential = visit->credential };

	in.key = visit_query_only(visit, "id");
	if (in.key == NULL || !guard_is_key(in.key))
		return err_set(err, ERR_INVALID,
		    "the query must be ?id=<id of a message>, and nothing "
		    "else");
	return visit_ask(visit, "chat.result", &in, show_reply, NULL, err);
}
