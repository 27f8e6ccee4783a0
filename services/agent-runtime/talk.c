/* One message to the agent and its reply, through whatever happens. */

#include "services/agent-runtime/talk.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "libcommon/json.h"
#include "services/agent-runtime/client.h"

enum {
	FIRST_PAUSE_MS = 100,
	MAX_PAUSE_MS = 2000,
	PATH_SIZE = 64,
	/* A daemon that was killed is back long before that. */
	RESTART_MS = 1000,
};

struct turn {
	struct client *client;
	char key[ID_ULID_SIZE];
	struct buf body;
	int64_t deadline_ms;
	int64_t pause_ms;
	bool was_taken; /* a 202 came: only ask for the result */
	bool was_heard; /* some answer came: the suite is there */
	bool was_told;	/* the person knows that it takes longer */
	bool is_hopeless;
	int64_t away_since_ms; /* something does not run; 0: all does */
};

static void
put_optional(struct json_out *out, const char *key, const char *value)
{
	if (value != NULL)
		json_out_str(out, key, value);
}

static void
put_body(
    struct buf *body, const struct talk_identity *identity, const char *text)
{
	struct json_out out;

	json_out_init(&out, body);
	json_out_object(&out, NULL);
	put_optional(&out, "connector", identity->connector);
	put_optional(&out, "external_id", identity->external_id);
	put_optional(&out, "from_user_id", identity->from_user_id);
	put_optional(&out, "display_name", identity->display_name);
	json_out_str(&out, "text", text);
	json_out_object_end(&out);
}

/* A short restart is nobody's business; a longer one should not be silence. */
static void
tell_of_restart(struct turn *turn)
{
	AUTO(buf_release)
	struct buf who;
	int64_t now = clock_mono_ms();

	buf_init(&who);
	client_add_not_running(turn->client, &who);
	if (who.size == 0)
		turn->away_since_ms = 0;
	else if (turn->away_since_ms == 0)
		turn->away_since_ms = now;
	if (who.size == 0 || turn->was_told ||
	    now - turn->away_since_ms < RESTART_MS)
		return;
	turn->was_told = true;
	fprintf(stderr, "waiting for the suite%s\n", who.data);
}

static bool
give_up(void *arg, struct err *err)
{
	struct turn *turn = arg;
	char why[sizeof(err->text)];

	turn->is_hopeless = client_is_hopeless(turn->client, why);
	if (turn->is_hopeless)
		err_set(err, ERR_UNAVAILABLE, "%s", why);
	else
		tell_of_restart(turn);
	return turn->is_hopeless;
}

static int
call_once(struct turn *turn, struct client_answer *answer, struct err *err)
{
	char path[PATH_SIZE] = "/api/v1/chat";
	int64_t left_ms = turn->deadline_ms - clock_mono_ms();
	struct client_request request = {
		.method = "POST",
		.path = path,
		.key = turn->key,
		.body = &turn->body,
		.timeout_ms = left_ms > 1 ? left_ms : 1,
		.give_up = give_up,
		.arg = turn,
	};

	if (turn->was_taken) {
		snprintf(path, sizeof(path), "/api/v1/chat?id=%s", turn->key);
		request.method = "GET";
		request.key = NULL;
		request.body = NULL;
	}
	return client_call(turn->client, &request, answer, err);
}

static bool
may_pass(const struct turn *turn, const struct err *err)
{
	if (err->code == ERR_BUSY)
		return true;
	return (err->code == ERR_UNAVAILABLE || err->code == ERR_TIMEOUT) &&
	       (turn->was_heard || client_suite_is_running(turn->client));
}

static bool
pause_before_retry(struct turn *turn, int64_t retry_after_ms)
{
	int64_t left_ms = turn->deadline_ms - clock_mono_ms();
	int64_t pause_ms = turn->pause_ms;

	if (retry_after_ms > pause_ms)
		pause_ms = retry_after_ms;
	if (left_ms <= pause_ms)
		return false;
	(void)poll(NULL, 0, (int)pause_ms);
	turn->pause_ms = turn->pause_ms * 2 < MAX_PAUSE_MS ? turn->pause_ms * 2
							   : MAX_PAUSE_MS;
	return true;
}

static void
tell_once(struct turn *turn, const struct err *err)
{
	if (turn->was_told || turn->pause_ms < MAX_PAUSE_MS / 2)
		return;
	turn->was_told = true;
	fprintf(stderr, "%s; trying again\n", err->text);
}

static int
take_turn(struct turn *turn, struct client_answer *answer, struct err *err)
{
	for (;;) {
		int rc = give_up(turn, err) ? -1 : call_once(turn, answer, err);

		if (answer->status != 0)
			turn->was_heard = true;
		if (rc == 0 && answer->status != 202)
			return 0;
		if (rc < 0 && (turn->is_hopeless || !may_pass(turn, err)))
			return -1;
		if (rc == 0) {
			turn->was_taken = true;
			err_set(err, ERR_TIMEOUT,
			    "the reply is still being worked on; it will be "
			    "at GET /api/v1/chat?id=%s",
			    turn->key);
		}
		tell_once(turn, err);
		if (!pause_before_retry(turn, answer->retry_after_ms))
			return -1;
		client_answer_release(answer);
	}
}

int
talk(struct client *client, const struct talk_identity *identity,
    const char *text, int64_t timeout_ms, struct client_answer *answer,
    struct err *err)
{
	struct turn turn = {
		.client = client,
		.deadline_ms = clock_mono_ms() + timeout_ms,
		.pause_ms = FIRST_PAUSE_MS,
	};
	int rc;

	id_ulid(turn.key, clock_unix_ms());
	buf_init(&turn.body);
	put_body(&turn.body, identity, text);
	rc = take_turn(&turn, answer, err);
	/* It may be worked on, and what is worked on is answered. */
	if (rc < 0 && err->code == ERR_TIMEOUT && !turn.was_taken)
		(void)err_prefix(err,
		    "no reply yet; if the message was taken, it will be at GET "
		    "/api/v1/chat?id=%s",
		    turn.key);
	buf_release(&turn.body);
	return rc;
}
