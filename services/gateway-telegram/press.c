/* Answers to whoever pressed a button. */

#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/json.h"
#include "libcommon/log.h"
#include "libcommon/utf8.h"
#include "services/gateway-telegram/bot.h"
#include "services/gateway-telegram/gateway.h"

/* Characters, as Telegram counts them. */
enum { ANSWER_MAX = 200 };

/* Telegram forgets a press soon, and then its client does not wait either. */
static void
on_answer(void *arg, const struct bot_answer *answer)
{
	(void)arg;
	if (answer->outcome != BOT_OK)
		log_debug("press-unanswered", "why=%s", log_quote(answer->why));
}

/* There is no markup in it. */
static void
put_text(struct json_out *out, const char *text)
{
	AUTO(buf_release)
	struct buf plain = { 0 };

	buf_init(&plain);
	for (const char *p = text; *p; p++)
		if (*p != '`')
			buf_addc(&plain, *p);
	json_out_strn(out, "text", plain.data,
	    utf8_offset(plain.data, plain.size, ANSWER_MAX, UTF8_UTF16));
}

void
telegram_answer_press(
    struct svc *svc, const char *query_id, const char *text, bool is_alert)
{
	AUTO(buf_release)
	struct buf params = { 0 };
	struct json_out out;

	buf_init(&params);
	json_out_init(&out, &params);
	json_out_object(&out, NULL);
	json_out_str(&out, "callback_query_id", query_id);
	if (*text) {
		put_text(&out, text);
		json_out_bool(&out, "show_alert", is_alert);
	}
	json_out_object_end(&out);
	bot_call(svc->bot, "answerCallbackQuery", &params, 0, on_answer, svc);
}
