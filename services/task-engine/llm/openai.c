/* OpenAI-compatible chat completions: request out, response in; pure. */

#include "services/task-engine/llm/openai.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/task-engine/llm/exchange.h"
#include "services/task-engine/llm/provider.h"

static const char *const roles[LLM_ROLE_COUNT] = {
	[LLM_SYSTEM] = "system",
	[LLM_USER] = "user",
	[LLM_ASSISTANT] = "assistant",
	[LLM_TOOL] = "tool",
};

static const struct llm_finish_word finish_words[] = {
	{ "stop", LLM_FINISH_DONE },
	{ "length", LLM_FINISH_LENGTH },
	/* Mistral's and DeepSeek's words for two more ways to be cut. */
	{ "model_length", LLM_FINISH_LENGTH },
	{ "insufficient_system_resource", LLM_FINISH_LENGTH },
	{ "content_filter", LLM_FINISH_REFUSED },
	{ "tool_calls", LLM_FINISH_WANTS },
	{ NULL, LLM_FINISH_OTHER },
};

static void
add_wants(const struct llm_message *m, struct json_out *json)
{
	json_out_list(json, "tool_calls");
	for (size_t i = 0; i < m->n_wants; i++) {
		json_out_object(json, NULL);
		json_out_str(json, "id", m->wants[i].id);
		json_out_str(json, "type", "function");
		json_out_object(json, "function");
		json_out_str(json, "name", m->wants[i].name);
		json_out_str(json, "arguments", m->wants[i].arguments);
		json_out_object_end(json);
		json_out_object_end(json);
	}
	json_out_list_end(json);
}

static void
add_message(const struct llm_message *m, struct json_out *json)
{
	json_out_object(json, NULL);
	json_out_str(json, "role", roles[m->role]);
	/* Only what it wants, without a word, is no content at all. */
	if (m->n_wants && *m->text == '\0')
		json_out_null(json, "content");
	else
		json_out_str(json, "content", m->text);
	if (m->role == LLM_TOOL)
		json_out_str(json, "tool_call_id", m->want_id);
	if (m->n_wants)
		add_wants(m, json);
	json_out_object_end(json);
}

static void
add_tools(const struct llm_prompt *prompt, struct json_out *json)
{
	if (prompt->n_tools == 0)
		return;
	json_out_list(json, "tools");
	for (size_t i = 0; i < prompt->n_tools; i++) {
		const struct llm_tool *tool = &prompt->tools[i];

		json_out_object(json, NULL);
		json_out_str(json, "type", "function");
		json_out_object(json, "function");
		json_out_str(json, "name", tool->name);
		json_out_str(json, "description", tool->description);
		json_out_raw(
		    json, "parameters", tool->schema, strlen(tool->schema));
		json_out_object_end(json);
		json_out_object_end(json);
	}
	json_out_list_end(json);
	if (prompt->is_last)
		json_out_str(json, "tool_choice", "none");
}

void
openai_request(const struct llm_ask *ask, struct buf *out)
{
	struct json_out json;

	json_out_init(&json, out);
	json_out_object(&json, NULL);
	json_out_str(&json, "model", ask->model);
	json_out_int(&json, ask->limit_key, ask->max_output_tokens);
	json_out_list(&json, "messages");
	for (size_t i = 0; i < ask->prompt->n_messages; i++)
		add_message(&ask->prompt->messages[i], &json);
	json_out_list_end(&json);
	add_tools(ask->prompt, &json);
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

/* What is not of the form is nothing that it wants. */
static void
read_wants(
    struct llm_answer *out, const struct json *calls, struct arena *arena)
{
	if (calls == NULL || json_type(calls) != JSON_LIST)
		return;
	for (const struct json *call = json_first(calls); call;
	     call = json_next(call)) {
		const struct json *function = json_type(call) == JSON_OBJECT
						  ? json_get(call, "function")
						  : NULL;

		if (function == NULL || json_type(function) != JSON_OBJECT)
			continue;
		llm_answer_want(out, json_str(json_get(call, "id"), ""),
		    json_str(json_get(function, "name"), ""),
		    json_str(json_get(function, "arguments"), ""), arena);
	}
}

static int
parse_choice(struct llm_answer *out, const struct json *choice,
    struct arena *arena, struct err *err)
{
	AUTO(buf_release)
	struct buf said;
	const struct json *message;

	buf_init(&said);
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
	llm_answer_say(out, &said, arena);
	read_wants(out, json_get(message, "tool_calls"), arena);
	return 0;
}

static void
read_usage(struct llm_answer *out, const struct json *usage)
{
	const struct json *details;

	if (usage == NULL || json_type(usage) != JSON_OBJECT)
		return;
	out->input_tokens = json_int(json_get(usage, "prompt_tokens"), 0);
	out->output_tokens = json_int(json_get(usage, "completion_tokens"), 0);
	details = json_get(usage, "prompt_tokens_details");
	if (details != NULL && json_type(details) == JSON_OBJECT)
		out->cached_tokens =
		    json_int(json_get(details, "cached_tokens"), 0);
}

int
openai_parse(struct llm_answer *out, const char *body, size_t size,
    struct arena *arena, struct err *err)
{
	AUTO(json_free)
	struct json *root = NULL;
	const struct json *choices;

	*out = (struct llm_answer){ .text = "" };
	if (llm_parse_object(&root, body, size, "the model's answer", err) < 0)
		return -1;
	choices = json_get(root, "choices");
	if (choices == NULL || json_type(choices) != JSON_LIST)
		return err_set(
		    err, ERR_INVALID, "the model's answer holds no choices");
	if (parse_choice(out, json_first(choices), arena, err) < 0)
		return -1;
	read_usage(out, json_get(root, "usage"));
	return 0;
}
