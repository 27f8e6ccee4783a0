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
check(const struct shape *shape, const void *event, struct arena *arena)
{
	void *again = arena_alloc(arena, shape->size);
	struct json *json;
	struct buf body;
	struct err err;

	buf_init(&body);
	shape_encode(shape, event, &body);
	if (!utf8_is_valid(body.data, body.size) ||
	    json_parse(&json, body.data, body.size, &err) < 0 ||
	    shape_decode(shape, again, json, arena, &err) < 0)
		abort();
	json_free(&json);
	buf_release(&body);
}

static void
check_update(const struct telegram_update *update, struct arena *arena)
{
	switch (update->event) {
	case TELEGRAM_MESSAGE:
		if (strlen(update->message.text) <= 4096 * 4)
			check(&message_inbound_shape, &update->message, arena);
		break;
	case TELEGRAM_PRESS:
		check(&button_pressed_shape, &update->press, arena);
		break;
	case TELEGRAM_MEMBER:
		check(&membership_changed_shape, &update->member, arena);
		break;
	case TELEGRAM_NOTHING:
	case TELEGRAM_EVENT_COUNT:
		break;
	}
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
	if (telegram_translate(&update, json, &me, arena, &err) == 0)
		check_update(&update, arena);
	json_free(&json);
	arena_free(&arena);
	return 0;
}
