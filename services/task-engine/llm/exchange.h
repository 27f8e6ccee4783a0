#ifndef TASK_ENGINE_LLM_EXCHANGE_H
#define TASK_ENGINE_LLM_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;
struct json;

/* What a model is asked and what it answers, whoever serves it. */
enum llm_role { LLM_SYSTEM, LLM_USER, LLM_ASSISTANT, LLM_TOOL, LLM_ROLE_COUNT };

/* What a model wants done. arguments is JSON as the model wrote it. */
struct llm_want {
	const char *id; /* the model's own, which the result repeats */
	const char *name;
	const char *arguments;
};

struct llm_message {
	enum llm_role role;
	const char *text;	      /* of LLM_TOOL: what became of it */
	const struct llm_want *wants; /* LLM_ASSISTANT */
	size_t n_wants;
	const char *want_id; /* LLM_TOOL: which one it is the result of */
	const char *name;    /* LLM_TOOL */
	bool is_error;	     /* LLM_TOOL */
};

/* A tool as the model sees it; schema is the JSON Schema of its arguments. */
struct llm_tool {
	const char *name, *description, *schema;
};

struct llm_prompt {
	const struct llm_message *messages;
	size_t n_messages;
	const struct llm_tool *tools;
	size_t n_tools;
	int64_t n_estimated; /* tokens of all that */
	const char *fence;   /* the random word that marks quotations; with
				tools it is needed */
	bool is_last; /* it is to answer, and may want nothing any more */
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
	LLM_FINISH_WANTS,   /* it waits for what it wants done */
	LLM_FINISH_OTHER,
	LLM_FINISH_COUNT
};

enum {
	/* One answer: beyond these nothing is read, and it counts as cut. */
	LLM_MAX_WANTS = 16,
	LLM_MAX_TEXT_BYTES = 256 * 1024,
	LLM_MAX_ARGUMENTS_BYTES = 64 * 1024,
};

struct llm_answer {
	const char *text;	  /* cleaned; "" when the model said nothing */
	const char *lead, *trail; /* blanks that were trimmed from its ends */
	enum llm_finish finish;
	const struct llm_want *wants;
	size_t n_wants;
	/* 0: not said; input_tokens includes those cached */
	int64_t input_tokens, cached_tokens, output_tokens;
};

const char *llm_finish_name(enum llm_finish finish);

/* A provider's word for how it ended, as data: the last row has no word. */
struct llm_finish_word {
	const char *word;
	enum llm_finish finish;
};
enum llm_finish
llm_finish_parse(const struct llm_finish_word *words, const char *word);

/* Fills text with what was said, cleaned and bounded. */
void llm_answer_say(
    struct llm_answer *answer, const struct buf *said, struct arena *arena);

/*
 * One more that it wants; too many leave the answer cut. One without a name and
 * one whose arguments are too long are wants that cannot be had: the model is
 * to hear of it. With neither it is nothing.
 */
extern const char llm_too_long[]; /* JSON, in place of the arguments */
void llm_answer_want(struct llm_answer *answer, const char *id,
    const char *name, const char *arguments, struct arena *arena);

/*
 * Appends what is meant for people: without the blocks in which a model
 * thinks aloud, without control characters, trimmed.
 */
void llm_clean(struct buf *out, const char *text, bool is_cut);

#endif
