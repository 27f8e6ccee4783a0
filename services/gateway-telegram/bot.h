#ifndef GATEWAY_TELEGRAM_BOT_H
#define GATEWAY_TELEGRAM_BOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct buf;
struct err;
struct json;
struct loop;

/*
 * The Bot API: one call, one answer. The token stands in the URL of each call,
 * so no URL is ever printed, and no text here holds one.
 */
struct bot;

struct bot_options {
	const char *api_base; /* without a '/' at its end */
	const char *token;
};

int bot_open(struct bot **bot_out, struct loop *loop,
    const struct bot_options *options, struct err *err) MUST_CHECK;
void bot_close(struct bot **bot); /* drops what is under way */

/* Whether it looks like one at all: other bytes may not go into a URL. */
bool bot_token_is_valid(const char *token);

/* What an answer means for whoever asked. */
enum bot_outcome {
	BOT_OK,
	BOT_LIMITED,   /* 429: after retry_after_ms */
	BOT_REFUSED,   /* 401, 404: the token is not good (any more) */
	BOT_CONFLICT,  /* 409: somebody else polls, or a webhook is set */
	BOT_FORBIDDEN, /* 403: not in that chat */
	BOT_BAD,       /* another 4xx: this call will never work */
	BOT_TROUBLE,   /* no answer, 5xx, not JSON: it may have worked */
	BOT_GARBLED, /* not JSON as we accept it, see raw; or too much of it */
	BOT_OUTCOME_COUNT
};

/* Lives during the call-back. */
struct bot_answer {
	enum bot_outcome outcome;
	const struct json *result; /* of BOT_OK */
	const char *why;	   /* of the others */
	int64_t retry_after_ms;	   /* 0: not said */
	int64_t migrate_to_chat;   /* 0: not said */
	const char *raw;	   /* of BOT_GARBLED; "" of what is too much */
};
typedef void (*bot_answer_fn)(void *arg, const struct bot_answer *answer);

/*
 * fn is called once, unless the bot is closed before. params is a JSON object.
 * wait_ms: how long Telegram may take on purpose; usually 0.
 */
void bot_call(struct bot *bot, const char *method, const struct buf *params,
    int64_t wait_ms, bot_answer_fn fn, void *arg);

/* Lives during the call-back. */
struct bot_file {
	const char *bytes; /* NULL: why says why there are none */
	size_t size;
	const char *why;
	bool is_too_large; /* it has more than was wanted */
};
typedef void (*bot_file_fn)(void *arg, const struct bot_file *file);

/*
 * A file by the path that getFile named. fn is called once, unless the bot is
 * closed before. Nobody but the Bot API is asked, and of more than max_bytes
 * nothing is kept.
 */
void bot_fetch(struct bot *bot, const char *path, size_t max_bytes,
    bot_file_fn fn, void *arg);

#endif
