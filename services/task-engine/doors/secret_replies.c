/* Keeps replies with secrets in memory, and only there. */

#include "services/task-engine/doors/secret_replies.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/bus.h"
#include "libcommon/defs.h"
#include "libcommon/envelope.h"
#include "services/task-engine/store/replies.h"

void
secret_replies_init(struct secret_replies *replies)
{
	for (size_t i = 0; i < N_OF(replies->items); i++)
		buf_init(&replies->items[i].bytes);
}

static void
wipe(struct buf *bytes)
{
	explicit_bzero(bytes->data, bytes->size);
	buf_reset(bytes);
}

void
secret_replies_release(struct secret_replies *replies)
{
	for (size_t i = 0; i < N_OF(replies->items); i++) {
		wipe(&replies->items[i].bytes);
		buf_release(&replies->items[i].bytes);
	}
}

bool
is_secret_reply(const struct bus_request *request)
{
	return (bus_request_route(request)->flags & ROUTE_SECRET) != 0;
}

void
secret_replies_put(struct secret_replies *replies,
    const struct bus_request *request, const struct buf *bytes, int64_t now_ms)
{
	size_t at = replies->next++ % N_OF(replies->items);

	snprintf(replies->items[at].id, ID_ULID_SIZE, "%s",
	    bus_request_envelope(request)->id);
	replies->items[at].at_ms = now_ms;
	wipe(&replies->items[at].bytes);
	buf_add(&replies->items[at].bytes, bytes->data, bytes->size);
}

void
secret_replies_drop(
    struct secret_replies *replies, const struct bus_request *request)
{
	const char *id = bus_request_envelope(request)->id;

	for (size_t i = 0; i < N_OF(replies->items); i++)
		if (strcmp(replies->items[i].id, id) == 0)
			wipe(&replies->items[i].bytes);
}

bool
secret_replies_get(struct secret_replies *replies,
    const struct bus_request *request, int64_t now_ms, struct buf *out)
{
	const char *id = bus_request_envelope(request)->id;

	for (size_t i = 0; i < N_OF(replies->items); i++) {
		const struct buf *bytes = &replies->items[i].bytes;

		if (bytes->size == 0 || strcmp(replies->items[i].id, id) != 0 ||
		    now_ms - replies->items[i].at_ms > REPLY_KEPT_MS)
			continue;
		buf_add(out, bytes->data, bytes->size);
		return true;
	}
	return false;
}
