/* Anthropic's messages API: request out, response in; pure. */

#include "services/task-engine/llm/anthropic.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/task-engine/llm/exchange.h"
#include "services/task-engine/llm/provider.h"

static const struct llm_finish_word finish_words[] = {
	{ "end_turn", LLM_FINISH_DONE },
	{ "stop_sequence", LLM_FINISH_DONE },
	{ "max_tokens", LLM_FINISH_LENGTH },
	{ "model_context_window_exceeded", LLM_FINISH_LENGTH },
	{ "refusal", LLM_FINISH_REFUSED },
	{ "tool_use", LLM_FINISH_WANTS },
	{ NULL, LLM_FINISH_OTHER },
};

/* What is said by the system stands beside the messages here. */
static void
add_system(const struct llm_prompt *prompt, struct json_out *json)
{
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	for (size_t i = 0; i < prompt->n_messages; i++) {
		if (prompt->messages[i].role != LLM_SYSTEM)
			continue;
		if (text.size > 0)
			buf_adds(&text, "\n\n");
		buf_adds(&text, prompt->messages[i].text);
	}
	if (text.size > 0)
		json_out_str(json, "system", text.data);
}

static void
add_text_block(const char *text, struct json_out *json)
{
	json_out_object(json, NULL);
	json_out_str(json, "type", "text");
	json_out_str(json, "text", text);
	json_out_object_end(json);
}

/* Here they are an object, and so they are only sent if they are one. */
static void
add_input(const char *arguments, struct json_out *json)
{
	AUTO(json_free)
	struct json *root = NULL;
	struct err err;

	if (json_parse(&root, arguments, strlen(arguments), &err) == 0 &&
	    json_type(root) == JSON_OBJECT)
		json_out_raw(json, "input", arguments, strlen(arguments));
	else
		json_out_raw(json, "input", "{}", 2);
}

static void
add_wants(const struct llm_message *m, struct json_out *json)
{
	json_out_list(json, "content");
	if (*m->text)
		add_text_block(m->text, json);
	for (size_t i = 0; i < m->n_wants; i++) {
		json_out_object(json, NULL);
		json_out_str(json, "type", "tool_use");
		json_out_str(json, "id", m->wants[i].id);
		json_out_str(json, "name", m->wants[i].name);
		add_input(m->wants[i].arguments, json);
		json_out_object_end(json);
	}
	json_out_list_end(json);
}

/* All results of one answer are one message of the user's. */
static size_t
add_results(const struct llm_prompt *prompt, size_t at, struct json_out *json)
{
	json_out_object(json, NULL);
	json_out_str(json, "role", "user");
	json_out_list(json, "content");
	for (; at < prompt->n_messages && prompt->messages[at].role == LLM_TOOL;
	     at++) {
		const struct llm_message *m = &prompt->messages[at];

		json_out_object(json, NULL);
		json_out_str(json, "type", "tool_result");
		json_out_str(json, "tool_use_id", m->want_id);
		json_out_str(json, "content", m->text);
		if (m->is_error)
			json_out_bool(json, "is_error", true);
		json_out_object_end(json);
	}
	/* What is said behind them stands in the same message. */
	if (at < prompt->n_messages && prompt->messages[at].role == LLM_USER)
		add_text_block(prompt->messages[at++].text, json);
	json_out_list_end(json);
	json_out_object_end(json);
	return at;
}

static void
add_message(const struct llm_message *m, struct json_out *json)
{
	json_out_object(json, NULL);
	json_out_str(json, "role", m->role == LLM_USER ? "user" : "assistant");
	if (m->n_wants)
		add_wants(m, json);
	else
		json_out_str(json, "content", m->text);
	json_out_object_end(json);
}

static void
add_messages(const struct llm_prompt *prompt, struct json_out *json)
{
	json_out_list(json, "messages");
	for (size_t i = 0; i < prompt->n_messages;) {
		const struct llm_message *m = &prompt->messages[i];

		if (m->role == LLM_TOOL) {
			i = add_results(prompt, i, json);
			continue;
		}
		if (m->role != LLM_SYSTEM)
			add_message(m, json);
		i++;
	}
	json_out_list_end(json);
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
		json_out_str(json, "name", tool->name);
		json_out_str(json, "description", tool->description);
		json_out_raw(
		    json, "input_schema", tool->schema, strlen(tool->schema));
		json_out_object_end(json);
	}
	json_out_list_end(json);
	if (!prompt->is_last)
		return;
	json_out_object(json, "tool_choice");
	json_out_str(json, "type", "none");
	json_out_object_end(json);
}

void
anthropic_request(const struct llm_ask *ask, struct buf *out)
{
	struct json_out json;

	json_out_init(&json, out);
	json_out_object(&json, NULL);
	json_out_str(&json, "model", ask->model);
	json_out_int(&json, ask->limit_key, ask->max_output_tokens);
	add_system(ask->prompt, &json);
	add_messages(ask->prompt, &json);
	add_tools(ask->prompt, &json);
	json_out_object_end(&json);
}

static void
read_want(struct llm_answer *out, const struct json *block, struct arena *arena)
{
	const struct json *input = json_get(block, "input");
	AUTO(buf_release)
	struct buf arguments = { 0 };

	buf_init(&arguments);
	if (input != NULL)
		json_print(input, &arguments);
	llm_answer_want(out, json_str(json_get(block, "id"), ""),
	    json_str(json_get(block, "name"), ""), arguments.data, arena);
}

/* Of other kinds, what it thinks among them, nothing is kept. */
static void
read_blocks(
    struct llm_answer *out, const struct json *content, struct arena *arena)
{
	AUTO(buf_release)
	struct buf said = { 0 };

	buf_init(&said);
	for (const struct json *block = json_first(content); block;
	     block = json_next(block)) {
		const char *type;

		if (json_type(block) != JSON_OBJECT)
			continue;
		type = json_str(json_get(block, "type"), "");
		if (strcmp(type, "text") == 0)
			buf_adds(&said, json_str(json_get(block, "text"), ""));
		else if (strcmp(type, "tool_use") == 0)
			read_want(out, block, arena);
	}
	llm_answer_say(out, &said, arena);
}

/* Here what was cached is counted beside the rest. */
static void
read_usage(struct llm_answer *out, const struct json *usage)
{
	int64_t made;

	if (usage == NULL || json_type(usage) != JSON_OBJECT)
		return;
	made = json_int(json_get(usage, "cache_creation_input_tokens"), 0);
	out->cached_tokens =
	    json_int(json_get(usage, "cache_read_input_tokens"), 0);
	out->input_tokens = json_int(json_get(usage, "input_tokens"), 0) +
			    made + out->cached_tokens;
	out->output_tokens = json_int(json_get(usage, "output_tokens"), 0);
}

int
anthropic_parse(struct llm_answer *out, const char *body, size_t size,
    struct arena *arena, struct err *err)
{
	AUTO(json_free)
	struct json *root = NULL;
	const struct json *content;

	*out = (struct llm_answer){ .text = "" };
	if (llm_parse_object(&root, body, size, "the model's answer", err) < 0)
		return -1;
	content = json_get(root, "content");
	if (content == NULL || json_type(content) != JSON_LIST)
		return err_set(
		    err, ERR_INVALID, "the model's answer holds no content");
	out->finish = llm_finish_parse(
	    finish_words, json_str(json_get(root, "stop_reason"), "end_turn"));
	read_blocks(out, content, arena);
	read_usage(out, json_get(root, "usage"));
	return 0;
}
