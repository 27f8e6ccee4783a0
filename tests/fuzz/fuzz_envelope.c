/* An envelope that was taken is encoded to one that decodes to the same. */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/envelope.h"
#include "libcommon/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
encode(struct buf *out, const struct envelope *in, const struct buf *body)
{
	const struct envelope_head head = {
		.id = in->id,
		.type = in->type,
		.from = in->from,
		.cause = in->cause,
		.key = in->key,
		.at_ms = in->at_ms,
		.deadline_ms = in->deadline_ms,
	};

	if (!in->is_reply)
		envelope_encode(out, &head, body);
	else if (in->ok)
		envelope_encode_ok(out, &head, body);
	else
		envelope_encode_error(
		    out, &head, &in->error, in->retry_after_ms);
}

static void
check_equal(const struct envelope *a, const struct envelope *b)
{
	assert(strcmp(a->id, b->id) == 0);
	assert(strcmp(a->type, b->type) == 0);
	assert(strcmp(a->from, b->from) == 0);
	assert(strcmp(a->cause, b->cause) == 0);
	assert(strcmp(a->key, b->key) == 0);
	assert(a->at_ms == b->at_ms);
	assert(a->deadline_ms == b->deadline_ms);
	assert(a->is_reply == b->is_reply && a->ok == b->ok);
	assert(a->error.code == b->error.code);
	assert(strcmp(a->error.text, b->error.text) == 0);
	assert(a->retry_after_ms == b->retry_after_ms);
	assert(json_count(a->body) == json_count(b->body));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct envelope first, second;
	struct buf body, text;
	struct err err;
	int rc;

	if (envelope_decode(&first, (const char *)data, size, &err) < 0)
		return 0;
	buf_init(&body);
	buf_init(&text);
	if (first.body != NULL)
		json_print(first.body, &body);
	encode(&text, &first, &body);
	rc = envelope_decode(&second, text.data, text.size, &err);
	assert(rc == 0);
	check_equal(&first, &second);
	envelope_release(&first);
	envelope_release(&second);
	buf_release(&body);
	buf_release(&text);
	return 0;
}
