/* What Discord may send, as a stream, a payload and an event; and any text as
 * what we send to it. The first byte says which. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/markup.h"
#include "libcommon/split.h"
#include "proto/action.h"
#include "proto/bounds.h"
#include "proto/command.h"
#include "proto/membership.h"
#include "proto/message.h"
#include "services/gateway-discord/address.h"
#include "services/gateway-discord/cursor.h"
#include "services/gateway-discord/frame.h"
#include "services/gateway-discord/render.h"
#include "services/gateway-discord/stream.h"
#include "services/gateway-discord/translate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect(bool holds)
{
	if (!holds)
		abort();
}

static void
take_stream(const char *bytes, size_t size)
{
	struct stream *stream = stream_new();
	const char *text;
	size_t text_size;
	struct err err;

	if (stream_feed(stream, bytes, size, &err) == 0 &&
	    stream_message(stream, &text, &text_size) && text)
		expect(strlen(text) <= text_size);
	stream_free(&stream);
}

static void
take_event(const char *text, size_t size)
{
	static const struct translate_self self = { "1", "9" };
	struct arena *arena = arena_new(1 << 20);
	struct message_inbound message;
	struct button_pressed pressed;
	struct command_complete typing;
	struct membership_changed changed;
	struct frame frame;
	struct err err;

	if (frame_parse(&frame, text, size, &err) == 0) {
		for (int is_update = 0; is_update < 2; is_update++)
			if (translate_message(
				&message, frame.data, is_update, &self, arena))
				expect(strlen(message.text) <= BOUND_TEXT &&
				       strlen(message.user_name) <= BOUND_NAME);
		if (translate_command(&message, frame.data, arena))
			expect(message.text[0] == '/');
		if (translate_button(&pressed, frame.data, arena))
			expect(*pressed.action_id);
		if (translate_added(&changed, frame.data, arena))
			expect(strlen(changed.space_name) <= BOUND_NAME);
		if (translate_typing(&typing, frame.data, arena))
			expect(strlen(typing.typed) <= BOUND_NAME);
		frame_release(&frame);
	} else {
		(void)frame_can_be_left_out(text, size);
	}
	arena_free(&arena);
}

static void
take_text(const char *text, size_t size)
{
	const struct split_options options = {
		.limit = RENDER_LIMIT,
		.unit = UTF8_CODE_POINTS,
		.renderer = &render_discord,
	};
	struct arena *arena = arena_new(64 << 20);
	struct split_part *parts;
	struct markup markup;
	size_t n;

	if (utf8_is_valid(text, size)) {
		/* As a delivery has it: md4c looks at what stands behind. */
		text = arena_strndup(arena, text, size);
		markup_parse(&markup, text, size, 0, arena);
		n = split_markup(&markup, &options, arena, &parts);
		for (size_t i = 0; i < n; i++)
			expect(*parts[i].written &&
			       utf8_units(parts[i].written,
				   strlen(parts[i].written),
				   UTF8_CODE_POINTS) <= RENDER_LIMIT);
	}
	arena_free(&arena);
}

static void
take_words(const char *text, size_t size)
{
	struct arena *arena = arena_new(1 << 20);
	const char *words = arena_strndup(arena, text, size);
	struct address address;
	struct cursor cursor;
	struct err err;

	(void)cursor_read(&cursor, words);
	if (address_parse(&address, words, &err) == 0)
		expect(address.path[0] == '/' && address.host[0] &&
		       address.port > 0);
	arena_free(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const takes[])(const char *, size_t) = {
		take_stream,
		take_event,
		take_text,
		take_words,
	};

	if (size > 0)
		takes[data[0] % N_OF(takes)]((const char *)data + 1, size - 1);
	return 0;
}
