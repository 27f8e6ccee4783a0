#ifndef GATEWAY_DISCORD_STREAM_H
#define GATEWAY_DISCORD_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "libcommon/defs.h"

struct err;

/*
 * Discord's zlib-stream: one deflated stream for a whole connection, in which
 * each message ends with an empty stored block (00 00 ff ff).
 */
struct stream;

/* Of one message; what is longer is left out as a whole. */
enum { STREAM_MESSAGE_MAX = 16 * 1024 * 1024 };

struct stream *stream_new(void);
void stream_free(struct stream **stream);

/* The next bytes, in any pieces. */
int stream_feed(struct stream *stream, const void *bytes, size_t size,
    struct err *err) MUST_CHECK;

/*
 * At the end of a WebSocket message: true when a message of the stream ended
 * there as well. Its text is then valid until the next call; NULL when it was
 * too long.
 */
bool
stream_message(struct stream *stream, const char **text_out, size_t *size_out);

#endif
