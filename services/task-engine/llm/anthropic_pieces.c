/* Anthropic's events of a message; pure. */

#include <string.h>

#include "libcommon/defs.h"
#include "libcommon/json.h"
#include "services/task-engine/llm/pieces.h"
#include "services/task-engine/llm/stream.h"

const char anthropic_stream_keys[] = ",\"stream\":true}";

static const struct json *
object(const struct json *value)
{
	return value && json_type(value) == JSON_OBJECT ? value : NULL;
}

static int64_t
count(const struct json *usage, const char *key, int64_t before)
{
	return json_int(json_get(usage, key), before);
}

/* Its last word counts; here what was cached is counted beside the rest. */
static void
hear_usage(struct llm_stream *stream, const struct json *usage)
{
	if (usage == NULL)
		return;
	stream->in_tokens = count(usage, "input_tokens", stream->in_tokens);
	stream->out_tokens = count(usage, "output_tokens", stream->out_tokens);
	stream->made_tokens =
	    count(usage, "cache_creation_input_tokens", stream->made_tokens);
	stream->cached_tokens =
	    count(usage, "cache_read_input_tokens", stream->cached_tokens);
}

static void
hear_message(struct llm_stream *stream, const struct json *event)
{
	hear_usage(stream,
	    object(json_get(object(json_get(event, "message")), "usage")));
}

static void
hear_block(struct llm_stream *stream, const struct json *event)
{
	const struct json *block = object(json_get(event, "content_block"));
	const char *type = json_str(json_get(block, "type"), "");
	struct stream_want *want;

	if (strcmp(type, "text") == 0)
		stream_say(stream, json_str(json_get(block, "text"), ""));
	if (strcmp(type, "tool_use") != 0)
		return;
	want = stream_want(stream, json_int(json_get(event, "index"), 0));
	if (want == NULL)
		return;
	stream_word(
	    want->id, sizeof(want->id), json_str(json_get(block, "id"), ""));
	stream_word(want->name, sizeof(want->name),
	    json_str(json_get(block, "name"), ""));
}

/* Of other kinds, what it thinks among them, nothing is kept. */
static void
hear_delta(struct llm_stream *stream, const struct json *event)
{
	const struct json *delta = object(json_get(event, "delta"));
	const char *type = json_str(json_get(delta, "type"), "");
	struct stream_want *want;

	stream_pass(stream, json_str(json_get(delta, "thinking"), ""));
	if (strcmp(type, "text_delta") == 0)
		stream_say(stream, json_str(json_get(delta, "text"), ""));
	if (strcmp(type, "input_json_delta") != 0)
		return;
	want = stream_want(stream, json_int(json_get(event, "index"), 0));
	if (want != NULL)
		stream_argue(stream, want,
		    json_str(json_get(delta, "partial_json"), ""));
}

static void
hear_end(struct llm_stream *stream, const struct json *event)
{
	const struct json *delta = object(json_get(event, "delta"));
	const char *finish = json_str(json_get(delta, "stop_reason"), "");

	if (*finish)
		stream_word(stream->finish, sizeof(stream->finish), finish);
	hear_usage(stream, object(json_get(event, "usage")));
}

static void
hear_stop(struct llm_stream *stream, const struct json *event)
{
	(void)event;
	stream->is_ended = true;
}

static const struct {
	const char *type;
	void (*hear)(struct llm_stream *stream, const struct json *event);
} kinds[] = {
	{ "content_block_delta", hear_delta },
	{ "content_block_start", hear_block },
	{ "message_start", hear_message },
	{ "message_delta", hear_end },
	{ "message_stop", hear_stop },
};

void
anthropic_hear(struct llm_stream *stream, const struct json *event)
{
	const char *type = json_str(json_get(event, "type"), "");

	for (size_t i = 0; i < N_OF(kinds); i++)
		if (strcmp(kinds[i].type, type) == 0)
			kinds[i].hear(stream, event);
}

/* Pieces that make no JSON stay what they are: the tool says so. */
static void
write_input(const struct buf *arguments, struct json_out *json)
{
	AUTO(json_free)
	struct json *root = NULL;
	AUTO(buf_release)
	struct buf mended;
	struct err err;

	buf_init(&mended);
	buf_add(&mended, arguments->data, arguments->size);
	json_mend(mended.data, mended.size);
	if (mended.size == 0)
		json_out_raw(json, "input", "{}", 2);
	else if (json_parse(&root, mended.data, mended.size, &err) == 0)
		json_out_raw(json, "input", mended.data, mended.size);
	else
		json_out_str(json, "input", mended.data);
}

static void
write_content(const struct llm_stream *stream, struct json_out *json)
{
	json_out_list(json, "content");
	json_out_object(json, NULL);
	json_out_str(json, "type", "text");
	json_out_str(json, "text", stream->said.data);
	json_out_object_end(json);
	for (size_t i = 0; i < stream->n_wants; i++) {
		const struct stream_want *want = &stream->wants[i];

		json_out_object(json, NULL);
		json_out_str(json, "type", "tool_use");
		json_out_str(json, "id", want->id);
		json_out_str(json, "name", want->name);
		write_input(&want->arguments, json);
		json_out_object_end(json);
	}
	json_out_list_end(json);
}

void
anthropic_write(const struct llm_stream *stream, struct buf *out)
{
	const char *finish = stream->is_full ? "max_tokens" : stream->finish;
	struct json_out json;

	json_out_init(&json, out);
	json_out_object(&json, NULL);
	write_content(stream, &json);
	if (*finish)
		json_out_str(&json, "stop_reason", finish);
	json_out_object(&json, "usage");
	json_out_int(&json, "input_tokens", stream->in_tokens);
	json_out_int(&json, "cache_creation_input_tokens", stream->made_tokens);
	json_out_int(&json, "cache_read_input_tokens", stream->cached_tokens);
	json_out_int(&json, "output_tokens", stream->out_tokens);
	json_out_object_end(&json);
	json_out_object_end(&json);
}
