/* Fetches the file of an attachment. */

#include "services/gateway-telegram/fetch.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/json.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "proto/attachment.h"
#include "services/gateway-telegram/bot.h"
#include "services/gateway-telegram/gateway.h"

enum {
	PATH_MAX_BYTES = 512,
	/* Its chat waits for it. */
	TRIES_MAX = 3,
	AGAIN_LEAST_MS = 500,
	AGAIN_MOST_MS = 5000,
};

static const char unfetched[] = "Telegram did not hand it over";
static const char too_large[] = "it has more than 2 MiB";

static void
give_up(struct fetch *f, const char *why, const char *said)
{
	log_warn("file-not-fetched", "why=%s", log_quote(why));
	f->fn(f->arg, NULL, 0, said);
}

static void
try_again(struct fetch *f, int64_t after_ms, const char *why)
{
	if (f->n_tries >= TRIES_MAX || after_ms > AGAIN_MOST_MS) {
		give_up(f, why, unfetched);
		return;
	}
	if (after_ms < AGAIN_LEAST_MS)
		after_ms = AGAIN_LEAST_MS;
	timer_start(f->again, after_ms, 0);
}

/* It becomes part of a URL. */
static bool
is_path(const char *path)
{
	size_t size = strlen(path);

	return size > 0 && size <= PATH_MAX_BYTES && path[0] != '/' &&
	       !strstr(path, "..") && !strstr(path, "//") &&
	       path[strspn(path, "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789/._-")] == '\0';
}

static void
on_bytes(void *arg, const struct bot_file *file)
{
	struct fetch *f = arg;

	if (file->is_too_large)
		give_up(f, file->why, too_large);
	else if (!file->bytes)
		try_again(f, 0, file->why);
	else
		f->fn(f->arg, file->bytes, file->size, "");
}

static void
on_path(struct fetch *f, const struct json *result)
{
	const char *path = json_str(json_get(result, "file_path"), "");

	if (json_int(json_get(result, "file_size"), 0) > ATTACHMENT_MAX_BYTES)
		give_up(f, too_large, too_large);
	else if (!is_path(path))
		give_up(f, "getFile named no path of ours", unfetched);
	else
		bot_fetch(f->svc->bot, path, ATTACHMENT_MAX_BYTES, on_bytes, f);
}

static void
on_answer(void *arg, const struct bot_answer *answer)
{
	struct fetch *f = arg;

	switch (answer->outcome) {
	case BOT_OK:
		on_path(f, answer->result);
		break;
	case BOT_REFUSED:
	case BOT_FORBIDDEN:
	case BOT_BAD:
		give_up(f, answer->why, unfetched);
		break;
	case BOT_LIMITED:
	case BOT_CONFLICT:
	case BOT_TROUBLE:
	case BOT_GARBLED:
	case BOT_OUTCOME_COUNT:
		try_again(f, answer->retry_after_ms, answer->why);
		break;
	}
}

static void
ask(void *arg)
{
	struct fetch *f = arg;
	AUTO(buf_release)
	struct buf params = { 0 };
	struct json_out out;

	f->n_tries++;
	buf_init(&params);
	json_out_init(&out, &params);
	json_out_object(&out, NULL);
	json_out_str(&out, "file_id", f->file_id);
	json_out_object_end(&out);
	bot_call(f->svc->bot, "getFile", &params, 0, on_answer, f);
}

void
fetch_begin(struct fetch *f)
{
	f->again = timer_new(f->svc->env.loop, ask, f);
	ask(f);
}

void
fetch_end(struct fetch *f)
{
	timer_free(&f->again);
}
