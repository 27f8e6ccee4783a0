/* Inflates what Discord sends, message by message, with a bound. */

#include "services/gateway-discord/stream.h"

#include <assert.h>
#include <string.h>
#include <zlib.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"

enum {
	CHUNK = 16 * 1024,
	/* A guild's description may take megabytes once; not for ever. */
	KEPT_ROOM = 256 * 1024,
};

static const unsigned char message_end[4] = { 0x00, 0x00, 0xff, 0xff };

struct stream {
	z_stream z;
	struct buf out;
	unsigned char tail[sizeof(message_end)]; /* the last bytes that came */
	bool is_delivered; /* out is of a message that was given out */
	bool is_too_long;
};

struct stream *
stream_new(void)
{
	struct stream *s = xcalloc(1, sizeof(*s));
	int rc = inflateInit(&s->z);

	assert(rc == Z_OK);
	(void)rc;
	buf_init(&s->out);
	return s;
}

void
stream_free(struct stream **slot)
{
	struct stream *s = STEAL(*slot);

	if (!s)
		return;
	inflateEnd(&s->z);
	buf_release(&s->out);
	xfree(&s);
}

static void
note_tail(struct stream *s, const unsigned char *bytes, size_t size)
{
	size_t n = sizeof(s->tail);

	if (size >= n) {
		memcpy(s->tail, bytes + size - n, n);
		return;
	}
	memmove(s->tail, s->tail + size, n - size);
	memcpy(s->tail + n - size, bytes, size);
}

static void
begin_message(struct stream *s)
{
	if (!s->is_delivered)
		return;
	s->is_delivered = s->is_too_long = false;
	if (s->out.room > KEPT_ROOM)
		buf_release(&s->out);
	buf_reset(&s->out);
}

static void
keep(struct stream *s, const unsigned char *bytes, size_t size)
{
	if (s->out.size + size > STREAM_MESSAGE_MAX)
		s->is_too_long = true;
	if (s->is_too_long)
		buf_reset(&s->out);
	else
		buf_add(&s->out, bytes, size);
}

int
stream_feed(struct stream *s, const void *bytes, size_t size, struct err *err)
{
	unsigned char chunk[CHUNK];

	begin_message(s);
	note_tail(s, bytes, size);
	s->z.next_in = (unsigned char *)bytes;
	s->z.avail_in = (unsigned)size;
	do {
		int rc;

		s->z.next_out = chunk;
		s->z.avail_out = sizeof(chunk);
		rc = inflate(&s->z, Z_SYNC_FLUSH);
		if (rc != Z_OK && rc != Z_BUF_ERROR)
			return err_set(
			    err, ERR_INVALID, "the stream cannot be inflated");
		keep(s, chunk, sizeof(chunk) - s->z.avail_out);
		/* A full chunk may hide more that is already inflated. */
	} while (s->z.avail_out == 0);
	return 0;
}

bool
stream_message(struct stream *s, const char **text_out, size_t *size_out)
{
	if (memcmp(s->tail, message_end, sizeof(message_end)) != 0)
		return false;
	s->is_delivered = true;
	*text_out = s->is_too_long ? NULL : s->out.data;
	*size_out = s->out.size;
	return true;
}
