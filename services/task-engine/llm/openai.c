/* OpenAI-compatible chat completions: request out, response in; pure. */

#include "services/task-engine/llm/openai.h"

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/task-engine/llm/exchange.h"

static const char *const roles[LLM_ROLE_COUNT] = {
	[LLM_SYSTEM] = "system",
	[LLM_USER] = "user",
	[LLM_ASSISTANT] = "assistant",
};

static const struct llm_finish_word finish_words[] = {
	{ "stop", LLM_FINISH_DONE },
	{ "length", LLM_FINISH_LENGTH },
	{ "content_filter", LLM_FINISH_REFUSED },
	{ NULL, LLM_FINISH_OTHER },
};

void
openai_request(const struct llm_ask *ask, struct buf *out)
{
	struct json_out json;

	json_out_init(&json, out);
	json_out_object(&json, NULL);
	json_out_str(&json, "model", ask->model);
	json_out_int(&json, ask->limit_key, ask->max_output_tokens);
	json_out_list(&json, "messages");
	for (size_t i = 0; i < ask->prompt->n_messages; i++) {
		const struct llm_message *m = &ask->prompt->messages[i];

		json_out_object(&json, NULL);
		json_out_str(&json, "role", roles[m->role]);
		json_out_str(&json, "content", m->text);
		json_out_object_end(&json);
	}
	json_out_list_end(&json);
	json_out_object_end(&json);
}

/* A string, nothing, or a list of parts of which some are text. */
static void
add_content(struct buf *out, const struct json *content)
{
	if (content == NULL)
		return;
	buf_adds(out, json_str(content, ""));
	if (json_type(content) != JSON_LIST)
		return;
	for (const struct json *part = json_first(content); part;
	     part = json_next(part))
		if (json_type(part) == JSON_OBJECT)
			buf_adds(out, json_str(json_get(part, "text"), ""));
}

static int
parse_choice(struct llm_answer *out, const struct json *choice,
    struct arena *arena, struct err *err)
{
	AUTO(buf_release)
	struct buf said, clean;
	const struct json *message;

	buf_init(&said);
	buf_init(&clean);
	if (choice == NULL || json_type(choice) != JSON_OBJECT)
		return err_set(
		    err, ERR_INVALID, "the model's answer holds no choice");
	message = json_get(choice, "message");
	if (message == NULL || json_type(message) != JSON_OBJECT)
		return err_set(
		    err, ERR_INVALID, "the model's answer holds no message");
	out->finish = llm_finish_parse(
	    finish_words, json_str(json_get(choice, "finish_reason"), "stop"));
	add_content(&said, json_get(message, "content"));
	if (said.size == 0 &&
	    json_str(json_get(message, "refusal"), "")[0] != '\0') {
		buf_adds(&said, json_str(json_get(message, "refusal"), ""));
		out->finish = LLM_FINISH_REFUSED;
	}
	llm_clean(&clean, said.data);
	out->text = arena_strndup(arena, clean.data, clean.size);
	return 0;
}

int
openai_parse(struct llm_answer *out, const char *body, size_t size,
    struct arena *arena, struct err *err)
{
	AUTO(json_free)
	struct json *root = NULL;
	const struct json *choices, *usage;

	*out = (struct llm_answer){ .text = "" };
	if (json_parse(&root, body, size, err) < 0)
		return err_prefix(err, "the model's answer");
	if (json_type(root) != JSON_OBJECT)
		return err_set(
		    err, ERR_INVALID, "the model's answer is no JSON object");
	choices = json_get(root, "choices");
	if (choices == NULL || json_type(choices) != JSON_LIST)
		return err_set(
		    err, ERR_INVALID, "the model's answer holds no choices");
	if (parse_choice(out, json_first(choices), arena, err) < 0)
		return -1;
	usage = json_get(root, "usage");
	if (usage != NULL && json_type(usage) == JSON_OBJECT) {
		out->input_tokens =
		    json_int(json_get(usage, "prompt_tokens"), 0);
		out->output_tokens =
		    json_int(json_get(usage, "completion_tokens"), 0);
	}
	return 0;
}
