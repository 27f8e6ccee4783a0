/* A message of ours that grows, at Telegram. */

#include <stdlib.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/edits.h"
#include "libcommon/json.h"
#include "services/gateway-telegram/bot.h"
#include "services/gateway-telegram/gateway.h"

enum {
	/* One in a second is what a chat takes; a group twenty in a minute,
	 * with the answers to everybody. */
	EVERY_MS = 1000,
	EVERY_MS_IN_GROUP = 4000,
	AGAIN_MS = 2000,
};

int64_t
telegram_grows_every_ms(const char *chat_id)
{
	return *chat_id == '-' ? EVERY_MS_IN_GROUP : EVERY_MS;
}

static int64_t
pause_of(const struct bot_answer *answer)
{
	if (answer->outcome == BOT_OK)
		return 0;
	if (answer->outcome == BOT_LIMITED)
		return answer->retry_after_ms;
	if (answer->outcome == BOT_BAD)
		return strcasestr(answer->why, "not modified") ? 0 : -1;
	return answer->outcome == BOT_TROUBLE ? AGAIN_MS : -1;
}

/* It may fail: nobody waits for it. */
static void
on_answer(void *arg, const struct bot_answer *answer)
{
	edits_shown(arg, pause_of(answer));
}

bool
telegram_grow(void *arg, struct edit *edit)
{
	struct svc *svc = arg;
	AUTO(buf_release)
	struct buf params = { 0 };
	struct json_out out;
	int64_t chat, thread;

	if (telegram_chat_parse(edit->chat_id, &chat, &thread) < 0)
		return false;
	buf_init(&params);
	json_out_init(&out, &params);
	json_out_object(&out, NULL);
	json_out_int(&out, "chat_id", chat);
	json_out_int(&out, "message_id", strtoll(edit->message_id, NULL, 10));
	telegram_put_text(&out, edit->written, false);
	json_out_object_end(&out);
	bot_call(svc->bot, "editMessageText", &params, 0, on_answer, edit);
	return true;
}
