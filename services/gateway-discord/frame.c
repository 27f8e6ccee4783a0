/* The gateway's payloads, to structs and from them. Pure. */

#include "services/gateway-discord/frame.h"

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
