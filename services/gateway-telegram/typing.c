/* "is typing…" at Telegram. */

#include "libcommon/buf.h"
#include "libcommon/json.h"
#include "libcommon/typing.h"
#include "services/gateway-telegram/bot.h"
#include "services/gateway-telegram/gateway.h"

/* It may fail: nobody waits for it. */
static void
on_answer(void *arg, const struct bot_answer *answer)
{
	typing_shown(arg, answer->retry_after_ms);
}

bool
telegram_type(void *arg, struct typing_sign *sign, const char *chat_id)
{
	struct svc *svc = arg;
	AUTO(buf_release)
	struct buf params = { 0 };
	struct json_out out;
	int64_t chat, thread;

	if (telegram_chat_parse(chat_id, &chat, &thread) < 0)
		return false;
	buf_init(&params);
	json_out_init(&out, &params);
	json_out_object(&out, NULL);
	json_out_int(&out, "chat_id", chat);
	if (thread > 0)
		json_out_int(&out, "message_thread_id", thread);
	json_out_str(&out, "action", "typing");
	json_out_object_end(&out);
	bot_call(svc->bot, "sendChatAction", &params, 0, on_answer, sign);
	return true;
}
