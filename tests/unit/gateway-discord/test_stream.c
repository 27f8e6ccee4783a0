/* zlib-stream: messages out of pieces, bounded. */

#include "tests/unit/unit.h"

#include <string.h>
#include <zlib.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "services/gateway-discord/stream.h"

struct sender {
	z_stream z;
	struct buf out;
};

static void
sender_init(struct sender *s)
{
	*s = (struct sender){ 0 };
	buf_init(&s->out);
	assert_int_equal(deflateInit(&s->z, Z_DEFAULT_COMPRESSION), Z_OK);
}

static void
sender_release(struct sender *s)
{
	deflateEnd(&s->z);
	buf_release(&s->out);
}

/* Appends the message as Discord would send it. */
static void
send_message(struct sender *s, const char *text, size_t size)
{
	unsigned char chunk[4096];

	s->z.next_in = (unsigned char *)text;
	s->z.avail_in = (unsigned)size;
	do {
		s->z.next_out = chunk;
		s->z.avail_out = sizeof(chunk);
		deflate(&s->z, Z_SYNC_FLUSH);
		buf_add(&s->out, chunk, sizeof(chunk) - s->z.avail_out);
	} while (s->z.avail_out == 0);
}

static void
messages_come_out_whole_in_any_pieces(void **state)
{
	static const size_t pieces[] = { 1, 2, 3, 5, 64, 100000 };
	static const char *const texts[] = { "{\"op\":10}", "{}",
		"{\"op\":0,\"d\":\"\xf0\x9f\x98\x80\"}" };

	(void)state;
	for (size_t i = 0; i < N_OF(pieces); i++) {
		AUTO(stream_free)
		struct stream *stream = stream_new();
		AUTO(sender_release)
		struct sender sender;

		sender_init(&sender);
		for (size_t k = 0; k < N_OF(texts); k++) {
			const char *text = NULL;
			size_t size = 0, n;
			struct err err;

			buf_reset(&sender.out);
			send_message(&sender, texts[k], strlen(texts[k]));
			for (size_t at = 0; at < sender.out.size; at += n) {
				n = sender.out.size - at < pieces[i]
					? sender.out.size - at
					: pieces[i];
				assert_int_equal(
				    stream_feed(
					stream, sender.out.data + at, n, &err),
				    0);
				assert_int_equal(
				    stream_message(stream, &text, &size),
				    at + n == sender.out.size);
			}
			assert_string_equal(text, texts[k]);
			assert_int_equal(size, strlen(texts[k]));
		}
	}
}

static void
what_is_too_long_is_left_out_and_the_next_is_not(void **state)
{
	AUTO(stream_free)
	struct stream *stream = stream_new();
	AUTO(sender_release)
	struct sender sender;
	size_t huge = STREAM_MESSAGE_MAX + 1, size;
	char *zeros = xcalloc(1, huge);
	const char *text;
	struct err err;

	(void)state;
	sender_init(&sender);
	send_message(&sender, zeros, huge);
	xfree(&zeros);
	assert_int_equal(
	    stream_feed(stream, sender.out.data, sender.out.size, &err), 0);
	assert_true(stream_message(stream, &text, &size));
	assert_null(text);
	buf_reset(&sender.out);
	send_message(&sender, "{}", 2);
	assert_int_equal(
	    stream_feed(stream, sender.out.data, sender.out.size, &err), 0);
	assert_true(stream_message(stream, &text, &size));
	assert_string_equal(text, "{}");
}

static void
garbage_is_an_error(void **state)
{
	AUTO(stream_free)
	struct stream *stream = stream_new();
	struct err err;

	(void)state;
	assert_int_equal(stream_feed(stream, "{\"op\":10}", 9, &err), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_come_out_whole_in_any_pieces),
		cmocka_unit_test(
		    what_is_too_long_is_left_out_and_the_next_is_not),
		cmocka_unit_test(garbage_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
