#ifndef TASK_ENGINE_DOORS_SECRET_REPLIES_H
#define TASK_ENGINE_DOORS_SECRET_REPLIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/buf.h"
#include "libcommon/id.h"

struct bus_request;

/*
 * Replies that carry a secret, as a new token is, are remembered here and not
 * in the database, where they would lie on disk: whoever repeats the id gets
 * the same bytes while this process lives. After that a name is taken.
 */
struct secret_replies {
	struct {
		char id[ID_ULID_SIZE];
		int64_t at_ms;
		struct buf bytes;
	} items[16];
	size_t next;
};

void secret_replies_init(struct secret_replies *replies);
void secret_replies_release(struct secret_replies *replies);

bool is_secret_reply(const struct bus_request *request);
void secret_replies_put(struct secret_replies *replies,
    const struct bus_request *request, const struct buf *bytes, int64_t now_ms);
/* Forgets it: what the request did was not committed. */
void secret_replies_drop(
    struct secret_replies *replies, const struct bus_request *request);
/* Appends it to out; false when there is none. */
bool secret_replies_get(struct secret_replies *replies,
    const struct bus_request *request, int64_t now_ms, struct buf *out);

#endif
