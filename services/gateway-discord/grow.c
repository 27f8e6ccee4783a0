/* A message of ours that grows, at Discord. */

#include "services/gateway-discord/grow.h"

#include <stddef.h>
#include <stdio.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/edits.h"
#include "libcommon/json.h"
#include "services/gateway-discord/body.h"
#include "services/gateway-discord/deliver.h"
#include "services/gateway-discord/rest.h"

enum {
	/* Five in five seconds is what a channel takes. */
	EVERY_MS = 1000,
	AGAIN_MS = 2000,
};

int64_t
grow_every_ms(const char *chat_id)
{
	(void)chat_id;
	return EVERY_MS;
}

/* It may fail: nobody waits for it. */
static void
on_answer(void *arg, const struct rest_answer *answer, const struct err *err,
    int64_t retry_after_ms)
{
	(void)err;
	if (!answer)
		edits_shown(
		    arg, retry_after_ms > 0 ? retry_after_ms : AGAIN_MS);
	else
		edits_shown(arg,
		    answer->status >= 200 && answer->status < 300 ? 0 : -1);
}

bool
grow_show(struct rest *rest, struct edit *edit)
{
	AUTO(buf_release)
	struct buf body = { 0 };
	char path[DELIVER_EDIT_PATH_SIZE], lane[sizeof(path) + 8];
	struct json_out json;

	if (!deliver_edit_path(path, edit->chat_id, edit->message_id))
		return false;
	/* The lane of what takes its place at the end, too. */
	snprintf(lane, sizeof(lane), "PATCH %s", path);
	buf_init(&body);
	body_begin(&json, &body);
	json_out_str(&json, "content", edit->written);
	json_out_int(&json, "flags", BODY_NO_EMBEDS);
	json_out_object_end(&json);
	rest_call(rest,
	    &(struct rest_request){
		.method = "PATCH",
		.path = path,
		.lane = lane,
		.body = body.data,
		.flags = REST_IDLE,
	    },
	    on_answer, edit);
	return true;
}
