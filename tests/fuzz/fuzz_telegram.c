/* Any update: it is read or refused, and what is read fits its envelope. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/utf8.h"
#include "services/gateway-telegram/translate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The engine must not call it wrong, or it would be dropped. */
static void
check_message(const struct message_inbound *message, struct arena *arena)
{
	struct message_inbound again;
	struct json *json;
	struct buf body;
	struct err err;

	buf_init(&body);
	message_inbound_encode(message, &body);
	if (!utf8_is_valid(body.data, body.size) ||
	    json_parse(&json, body.data, body.size, &err) < 0)
		abort();
	if (strlen(message->text) <= 4096 * 4 &&
	    message_inbound_decode(&again, json, arena, &err) < 0)
		abort();
	json_free(&json);
	buf_release(&body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct telegram_me me = { .id = 42, .username = "harbour_bot" };
	struct telegram_update update;
	struct arena *arena;
	struct json *json;
	struct err err;

	if (json_parse(&json, (const char *)data, size, &err) < 0)
		return 0;
	arena = arena_new(8 << 20);
	if (telegram_translate(&update, json, &me, arena, &err) == 0 &&
	    update.event == TELEGRAM_MESSAGE)
		check_message(&update.message, arena);
	json_free(&json);
	arena_free(&arena);
	return 0;
}
