/* OpenAI's chunks of a chat completion; pure. */

#include <string.h>

#include "libcommon/json.h"
#include "services/task-engine/llm/pieces.h"
#include "services/task-engine/llm/stream.h"

const char openai_stream_keys[] =
    ",\"stream\":true,\"stream_options\":{\"include_usage\":true}}";

static const struct json *
object(const struct json *value)
{
	return value && json_type(value) == JSON_OBJECT ? value : NULL;
}

static const struct json *
list(const struct json *value)
{
	return value && json_type(value) == JSON_LIST ? value : NULL;
}

static void
hear_content(struct llm_stream *stream, const struct json *content)
{
	stream_say(stream, json_str(content, ""));
	if (list(content) == NULL)
		return;
	for (const struct json *part = json_first(content); part;
	     part = json_next(part))
		if (object(part))
			stream_say(
			    stream, json_str(json_get(part, "text"), ""));
}

/* Some servers leave the index out: a piece with an id then begins one. */
static struct stream_want *
want_of(struct llm_stream *stream, const struct json *call)
{
	int64_t last = (int64_t)stream->n_wants - 1;
	bool is_new = json_str(json_get(call, "id"), "")[0] != '\0';

	if (json_is_int(json_get(call, "index")))
		return stream_want(
		    stream, json_int(json_get(call, "index"), 0));
	return stream_want(stream, is_new || last < 0 ? last + 1 : last);
}

static void
hear_want(struct llm_stream *stream, const struct json *call)
{
	const struct json *function = object(json_get(call, "function"));
	struct stream_want *want = want_of(stream, call);

	if (want == NULL)
		return;
	if (!want->id[0])
		stream_word(want->id, sizeof(want->id),
		    json_str(json_get(call, "id"), ""));
	if (function == NULL)
		return;
	if (!want->name[0])
		stream_word(want->name, sizeof(want->name),
		    json_str(json_get(function, "name"), ""));
	stream_argue(
	    stream, want, json_str(json_get(function, "arguments"), ""));
}

static void
hear_refusal(struct llm_stream *stream, const char *piece)
{
	stream_pass(stream, piece);
	if (stream->refusal.size < STREAM_MAX_TEXT_BYTES)
		buf_adds(&stream->refusal, piece);
}

static void
hear_choice(struct llm_stream *stream, const struct json *choice)
{
	const struct json *delta = object(json_get(choice, "delta")), *calls;
	const char *finish = json_str(json_get(choice, "finish_reason"), "");

	if (json_int(json_get(choice, "index"), 0) != 0)
		return;
	if (*finish)
		stream_word(stream->finish, sizeof(stream->finish), finish);
	if (delta == NULL)
		return;
	stream_pass(stream, json_str(json_get(delta, "reasoning_content"), ""));
	hear_content(stream, json_get(delta, "content"));
	hear_refusal(stream, json_str(json_get(delta, "refusal"), ""));
	calls = list(json_get(delta, "tool_calls"));
	for (const struct json *call = calls ? json_first(calls) : NULL; call;
	     call = json_next(call))
		if (object(call))
			hear_want(stream, call);
}

static void
hear_usage(struct llm_stream *stream, const struct json *usage)
{
	const struct json *details =
	    object(json_get(usage, "prompt_tokens_details"));

	stream->in_tokens = json_int(json_get(usage, "prompt_tokens"), 0);
	stream->out_tokens = json_int(json_get(usage, "completion_tokens"), 0);
	if (details)
		stream->cached_tokens =
		    json_int(json_get(details, "cached_tokens"), 0);
}

void
openai_hear(struct llm_stream *stream, const struct json *event)
{
	const struct json *choices = list(json_get(event, "choices"));
	const struct json *usage = object(json_get(event, "usage"));

	for (const struct json *choice = choices ? json_first(choices) : NULL;
	     choice; choice = json_next(choice))
		if (object(choice))
			hear_choice(stream, choice);
	if (usage)
		hear_usage(stream, usage);
}

static void
write_wants(const struct llm_stream *stream, struct json_out *json)
{
	json_out_list(json, "tool_calls");
	for (size_t i = 0; i < stream->n_wants; i++) {
		const struct stream_want *want = &stream->wants[i];

		json_out_object(json, NULL);
		json_out_str(json, "id", want->id);
		json_out_object(json, "function");
		json_out_str(json, "name", want->name);
		json_out_str(json, "arguments", want->arguments.data);
		json_out_object_end(json);
		json_out_object_end(json);
	}
	json_out_list_end(json);
}

static void
write_usage(const struct llm_stream *stream, struct json_out *json)
{
	json_out_object(json, "usage");
	json_out_int(json, "prompt_tokens", stream->in_tokens);
	json_out_int(json, "completion_tokens", stream->out_tokens);
	json_out_object(json, "prompt_tokens_details");
	json_out_int(json, "cached_tokens", stream->cached_tokens);
	json_out_object_end(json);
	json_out_object_end(json);
}

void
openai_write(const struct llm_stream *stream, struct buf *out)
{
	const char *finish = stream->is_full ? "length" : stream->finish;
	struct json_out json;

	json_out_init(&json, out);
	json_out_object(&json, NULL);
	json_out_list(&json, "choices");
	json_out_object(&json, NULL);
	json_out_object(&json, "message");
	json_out_str(&json, "content", stream->said.data);
	json_out_str(&json, "refusal", stream->refusal.data);
	write_wants(stream, &json);
	json_out_object_end(&json);
	if (*finish)
		json_out_str(&json, "finish_reason", finish);
	json_out_object_end(&json);
	json_out_list_end(&json);
	write_usage(stream, &json);
	json_out_object_end(&json);
}
