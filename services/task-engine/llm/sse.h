#ifndef TASK_ENGINE_LLM_SSE_H
#define TASK_ENGINE_LLM_SSE_H

#include <stdbool.h>
#include <stddef.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"

struct err;

/*
 * A stream of server-sent events, read as its bytes come. Pure. Of an event
 * only the data counts: both providers say in it what it is.
 */
enum { SSE_MAX_EVENT_BYTES = 1024 * 1024 };

struct sse {
	struct buf line, data;
	size_t n_bom; /* bytes of a byte order mark that were seen */
	bool is_begun, has_data, is_comment, was_cr;
	bool has_heard; /* a whole line came, with the last bytes */
};

/* data is NUL-terminated and lives during the call. -1 ends the stream. */
typedef int (*sse_event_fn)(
    void *arg, const char *data, size_t size, struct err *err);

void sse_init(struct sse *sse);
void sse_release(struct sse *sse);

/*
 * fn is called for each event that these bytes complete. -1: it said so, or
 * ERR_INVALID: a line or an event is too large. Nothing may follow then. An
 * event that the end of the stream cuts off never counts.
 */
int sse_feed(struct sse *sse, const char *bytes, size_t size, sse_event_fn fn,
    void *arg, struct err *err) MUST_CHECK;

#endif
