#ifndef TASK_ENGINE_LLM_PLAIN_H
#define TASK_ENGINE_LLM_PLAIN_H

struct arena;
struct llm_answer;
struct llm_prompt;

/*
 * Tools for models that know none: they are described in the system message,
 * a model asks for one in a block of JSON, and the result is quoted to it. Pure.
 */

/*
 * The prompt in system, user and assistant messages alone, in the arena. fence
 * is the random word that marks quotations, as in the rest of the prompt.
 */
void plain_prompt(struct llm_prompt *out, const struct llm_prompt *in,
    const char *fence, struct arena *arena);

/*
 * Takes what an answer wants out of its text. Only {"tool":"…","args":{…}} is
 * that, as the whole answer or as the whole of a block of code that begins its
 * own line and is called "tool", "tool_call", "json" or nothing.
 */
void plain_read(struct llm_answer *answer, struct arena *arena);

#endif
