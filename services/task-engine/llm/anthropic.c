/* Anthropic's messages API: request out, response in; pure. */

#include "services/task-engine/llm/anthropic.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/task-engine/llm/exchange.h"

static const struct llm_finish_word finish_words[] = {
	{ "end_turn", LLM_FINISH_DONE },
	{ "stop_sequence", LLM_FINISH_DONE },
	{ "max_tokens", LLM_FINISH_LENGTH },
	{ "model_context_window_exceeded", LLM_FINISH_LENGTH },
	{ "refusal", LLM_FINISH_REFUSED },
	{ NULL, LLM_FINISH_OTHER },
};

/* What is said by the system stands beside the messages here. */
static void
add_system(const struct llm_prompt *prompt, struct json_out *json)
{
	AUTO(buf_release)
	struct buf text;

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

void
anthropic_request(const struct llm_ask *ask, struct buf *out)
{
	struct json_out json;

	json_out_init(&json, out);
	json_out_object(&json, NULL);
	json_out_str(&json, "model", ask->model);
	json_out_int(&json, ask->limit_key, ask->max_output_tokens);
	add_system(ask->prompt, &json);
	json_out_list(&json, "messages");
	for (size_t i = 0; i < ask->prompt->n_messages; i++) {
		const struct llm_message *m = &ask->prompt->messages[i];

		if (m->role == LLM_SYSTEM)
			continue;
		json_out_object(&json, NULL);
		json_out_str(
		    &json, "role", m->role == LLM_USER ? "user" : "assistant");
		json_out_str(&json, "content", m->text);
		json_out_object_end(&json);
	}
	json_out_list_end(&json);
	json_out_object_end(&json);
}

/* Thinking and tool blocks stand between the text blocks and are left out. */
static void
add_text_blocks(struct buf *out, const struct json *content)
{
	for (const struct json *block = json_first(content); block;
	     block = json_next(block))
		if (json_type(block) == JSON_OBJECT &&
		    strcmp(json_str(json_get(block, "type"), ""), "text") == 0)
			buf_adds(out, json_str(json_get(block, "text"), ""));
}

int
anthropic_parse(struct llm_answer *out, const char *body, size_t size,
    struct arena *arena, struct err *err)
{
	AUTO(json_free)
	struct json *root = NULL;
	AUTO(buf_release)
	struct buf said, clean;
	const struct json *content, *usage;

	*out = (struct llm_answer){ .text = "" };
	buf_init(&said);
	buf_init(&clean);
	if (json_parse(&root, body, size, err) < 0)
		return err_prefix(err, "the model's answer");
	if (json_type(root) != JSON_OBJECT)
		return err_set(
		    err, ERR_INVALID, "the model's answer is no JSON object");
	content = json_get(root, "content");
	if (content == NULL || json_type(content) != JSON_LIST)
		return err_set(
		    err, ERR_INVALID, "the model's answer holds no content");
	out->finish = llm_finish_parse(
	    finish_words, json_str(json_get(root, "stop_reason"), "end_turn"));
	add_text_blocks(&said, content);
	llm_clean(&clean, said.data);
	out->text = arena_strndup(arena, clean.data, clean.size);
	usage = json_get(root, "usage");
	if (usage != NULL && json_type(usage) == JSON_OBJECT) {
		out->input_tokens =
		    json_int(json_get(usage, "input_tokens"), 0);
		out->output_tokens =
		    json_int(json_get(usage, "output_tokens"), 0);
	}
	return 0;
}
