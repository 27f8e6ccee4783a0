/* Chat over HTTP: a message in, its reply out, however long that takes. */

#include <string.h>

#include "libcommon/err.h"
#include "proto/chat.h"
#include "services/api/answers.h"
#include "services/api/http_server.h"
#include "services/api/visit.h"

/* For the question whether a silent engine has at least taken the message. */
enum { RESULT_WAIT_MS = 2000 };

static void
show_working(struct visit *visit, const char *key)
{
	const struct chat_working out = { .id = key, .status = "working" };

	visit_show(visit, HTTP_ACCEPTED, &chat_working_shape, &out);
}

static int
show_reply(struct visit *visit, const struct json *answer, struct err *err)
{
	struct chat_reply reply;
	struct chat_said out;

	if (visit_decode(visit, &chat_reply_shape, &reply, answer, err) < 0)
		return -1;
	if (strcmp(reply.state, "done") != 0) {
		show_working(visit, reply.key);
		return 0;
	}
	visit->delivery_id = reply.delivery_id;
	out = (struct chat_said){
		.handled = reply.handled,
		.reply = reply.reply,
		.id = reply.key,
	};
	visit_show(visit, HTTP_OK, &chat_said_shape, &out);
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
	visit->wait_ms = visit->svc->cfg->chat_wait_s * 1000 + CHAT_EARLY_MS;
	return visit_ask(
	    visit, "chat.turn", &in, show_reply, ask_whether_taken, err);
}

int
on_chat_get(struct visit *visit, struct err *err)
{
	struct chat_result_get in = { .credential = visit->credential };
	struct chat_pick pick;

	if (visit_query(visit, &chat_pick_shape, &pick, err) < 0)
		return -1;
	in.key = pick.id;
	return visit_ask(visit, "chat.result", &in, show_reply, NULL, err);
}
