#ifndef TASK_ENGINE_LLM_EXCHANGE_H
#define TASK_ENGINE_LLM_EXCHANGE_H

#include <stddef.h>
#include <stdint.h>

struct buf;

/* What a model is asked and what it answers, whoever serves it. */
enum llm_role { LLM_SYSTEM, LLM_USER, LLM_ASSISTANT, LLM_ROLE_COUNT };

struct llm_message {
	enum llm_role role;
	const char *text;
};

struct llm_prompt {
	const struct llm_message *messages;
	size_t n_messages;
};

/* One call: the prompt, and what the configuration adds to it. */
struct llm_ask {
	const char *model;
	int64_t max_output_tokens;
	/* OpenAI's own endpoint wants another name for the limit than most
	 * of those that speak its protocol. */
	const char *limit_key;
	const struct llm_prompt *prompt;
};

enum llm_finish {
	LLM_FINISH_DONE,
	LLM_FINISH_LENGTH,  /* cut at max_output_tokens */
	LLM_FINISH_REFUSED, /* by the provider's filter or the model */
	LLM_FINISH_OTHER,
	LLM_FINISH_COUNT
};

struct llm_answer {
	const char *text; /* cleaned; "" when the model said nothing */
	enum llm_finish finish;
	int64_t input_tokens, output_tokens; /* 0: not said */
};

const char *llm_finish_name(enum llm_finish finish);

/* A provider's word for how it ended, as data: the last row has no word. */
struct llm_finish_word {
	const char *word;
	enum llm_finish finish;
};
enum llm_finish
llm_finish_parse(const struct llm_finish_word *words, const char *word);

/*
 * Appends what is meant for people: without the blocks in which a model
 * thinks aloud, without control characters, trimmed.
 */
void llm_clean(struct buf *out, const char *text);

#endif
