/* The gateway's payloads, to structs and from them. Pure. */

#include "services/gateway-discord/frame.h"

#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"

int
frame_parse(struct frame *out, const char *text, size_t size, struct err *err)
{
	const struct json *op;

	*out = (struct frame){ 0 };
	if (json_parse(&out->json, text, size, err) < 0)
		return -1;
	op = json_get(out->json, "op");
	if (json_type(out->json) != JSON_OBJECT || !json_is_int(op)) {
		frame_release(out);
		return err_set(err, ERR_INVALID, "a payload without opcode");
	}
	out->op = json_int(op, -1);
	out->data = json_get(out->json, "d");
	out->type = json_str(json_get(out->json, "t"), "");
	out->seq = json_int(json_get(out->json, "s"), -1);
	return 0;
}

/* Past the string that begins at at; NULL: it has no end. */
static const char *
string_end(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		if (*at == '\\' && at + 1 < end)
			at++;
	return at < end ? at + 1 : NULL;
}

/* Where the value of that key begins, if the key was just passed. */
static const char *
value_at(const char *at, const char *end, const char *from, const char *key)
{
	if (strlen(key) != (size_t)(at - from) ||
	    memcmp(from, key, strlen(key)) != 0)
		return NULL;
	while (at < end && (*at == ' ' || *at == ':'))
		at++;
	return at;
}

/* Of the outermost object, if that is whole; key is in quotes. */
static const char *
find_value(const char *text, const char *end, const char *key)
{
	const char *at = text, *found = NULL, *from;
	size_t depth = 0;

	while (at && at < end) {
		from = at;
		if (*at == '"') {
			at = string_end(at, end);
			if (at && depth == 1 && !found)
				found = value_at(at, end, from, key);
			continue;
		}
		if (*at == '{' || *at == '[')
			depth++;
		else if ((*at == '}' || *at == ']') && depth-- == 0)
			return NULL;
		at++;
	}
	return at && depth == 0 ? found : NULL;
}

static bool
begins_with(const char *at, const char *end, const char *with)
{
	return (size_t)(end - at) >= strlen(with) &&
	       memcmp(at, with, strlen(with)) == 0;
}

bool
frame_can_be_left_out(const char *text, size_t size)
{
	const char *end = text + size;
	const char *op = find_value(text, end, "\"op\"");
	const char *type = find_value(text, end, "\"t\"");

	return op && type &&
	       (begins_with(op, end, "0,") || begins_with(op, end, "0}")) &&
	       begins_with(type, end, "\"") &&
	       !begins_with(type, end, "\"READY\"") &&
	       !begins_with(type, end, "\"RESUMED\"");
}

void
frame_release(struct frame *frame)
{
	json_free(&frame->json);
	*frame = (struct frame){ 0 };
}

static void
begin(struct json_out *json, struct buf *out, enum frame_op op)
{
	json_out_init(json, out);
	json_out_object(json, NULL);
	json_out_int(json, "op", op);
}

void
frame_identify(struct buf *out, const struct frame_identity *identity)
{
	struct json_out json;

	begin(&json, out, OP_IDENTIFY);
	json_out_object(&json, "d");
	json_out_str(&json, "token", identity->token);
	json_out_int(&json, "intents", identity->intents);
	json_out_list(&json, "shard");
	json_out_int(&json, NULL, identity->shard);
	json_out_int(&json, NULL, identity->n_shards);
	json_out_list_end(&json);
	json_out_object(&json, "properties");
	json_out_str(&json, "os", "linux");
	json_out_str(&json, "browser", "agent-runtime");
	json_out_str(&json, "device", "agent-runtime");
	json_out_object_end(&json);
	json_out_object_end(&json);
	json_out_object_end(&json);
}

void
frame_resume(
    struct buf *out, const char *token, const char *session_id, int64_t seq)
{
	struct json_out json;

	begin(&json, out, OP_RESUME);
	json_out_object(&json, "d");
	json_out_str(&json, "token", token);
	json_out_str(&json, "session_id", session_id);
	json_out_int(&json, "seq", seq);
	json_out_object_end(&json);
	json_out_object_end(&json);
}

void
frame_beat(struct buf *out, int64_t seq)
{
	struct json_out json;

	begin(&json, out, OP_BEAT);
	if (seq < 0)
		json_out_null(&json, "d");
	else
		json_out_int(&json, "d", seq);
	json_out_object_end(&json);
}
