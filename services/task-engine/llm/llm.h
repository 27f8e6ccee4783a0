#ifndef TASK_ENGINE_LLM_LLM_H
#define TASK_ENGINE_LLM_LLM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "services/task-engine/store/usage.h"

struct arena;
struct err;
struct llm_answer;
struct llm_prompt;
struct loop;

/*
 * The configured model. A call is tried again, with growing pauses or after
 * the pause that the endpoint asks for, when it was refused for the moment
 * (429, 5xx), cut or timed out, as long as its deadline lasts.
 */
struct llm;
struct llm_call;

/* How a model is given tools. */
enum llm_tools {
	LLM_TOOLS_AUTO,	  /* its own way, until it refuses that; then in text */
	LLM_TOOLS_NATIVE, /* its own way */
	LLM_TOOLS_TEXT,	  /* plain.h */
	LLM_TOOLS_NONE,
	LLM_TOOLS_COUNT
};

struct llm_options {
	enum llm_tools tools;
	const char *provider; /* "openai" "anthropic" "claude" "z.ai" "local" */
	const char *base_url; /* "": the provider's own */
	const char *api_key;
	const char *model;   /* "": the provider's own default */
	const char *ca_file; /* "": the system's */
	int64_t timeout_ms;  /* of one try; of an answer in pieces, the longest
				that nothing comes */
	int64_t max_output_tokens;
	int max_tries; /* 0: four */
	int64_t max_concurrent;
	bool streams; /* answers are asked for in pieces, unless refused */
};

/* Copies what it needs. ERR_INVALID: provider or base URL make no sense. */
int llm_open(struct llm **llm_out, struct loop *loop,
    const struct llm_options *options, struct err *err) MUST_CHECK;
void llm_close(struct llm **llm);

/* Whether it can be given any. */
bool llm_has_tools(const struct llm *llm);

/* "openai gpt-4o" */
const char *llm_name(const struct llm *llm);

/*
 * Called once, unless cancelled. body is what the endpoint answered, for
 * llm_read, and NULL when err says why there is none. err's text is for the
 * log: it names the endpoint's host and status, never a key, and nothing of
 * what was sent.
 */
typedef void (*llm_done_fn)(
    void *arg, const char *body, size_t size, const struct err *err);

/*
 * A piece of the answer came. It is hostile as well, so it is only looked at
 * within llm_hear, which heard calls before it returns, and nothing else of
 * the call's.
 */
typedef void (*llm_heard_fn)(void *arg, struct llm_call *call);
void llm_hear(struct llm_call *call);

/*
 * What it has said so far, as it said it: partial.h tells what of it may be
 * shown. "" until it is known how this model marks what it thinks, which its
 * first answer tells, and when it wants something done.
 */
const char *llm_said(const struct llm_call *call);

/*
 * What its tries took that came to no answer, each of them once: as far as the
 * endpoint told it before it broke off, and else estimated. All 0 when there
 * were none of which anything was heard. Of the try under way as well, so it
 * is asked when that is over, or about to be cancelled.
 */
struct tokens llm_take_lost(struct llm_call *call);

struct llm_listener {
	llm_done_fn done;
	llm_heard_fn heard;
	void *arg;
};

/* Deadline by clock_mono_ms. The prompt is not needed after the call. */
int llm_start(struct llm *llm, const struct llm_prompt *prompt,
    int64_t deadline_mono_ms, const struct llm_listener *listener,
    struct llm_call **call_out, struct err *err) MUST_CHECK;
/* Not from within fn. Sets *call NULL. */
void llm_cancel(struct llm_call **call);

/*
 * Reads such a body. Apart from the call, because these bytes are hostile:
 * whoever reads them can say on whose behalf. The answer lives in the arena.
 */
int llm_read(const struct llm *llm, const char *body, size_t size,
    struct arena *arena, struct llm_answer *out, struct err *err) MUST_CHECK;

#endif
