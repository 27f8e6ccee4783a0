#ifndef TASK_ENGINE_KNOWLEDGE_MEMORY_H
#define TASK_ENGINE_KNOWLEDGE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct context_row;
struct engine_cfg;
struct err;
struct message_row;
struct store;

/*
 * The rolling summary of a conversation: rows, and memory/contexts/<context
 * id>.md in the workspace's folder, which is written from them. Made of what
 * was said since the last time; a kill leaves the old one or the new one.
 */
struct memory {
	struct store *store;
	const struct engine_cfg *cfg;
	const struct context_row *context;
	int64_t now_ms;
	struct arena *arena;
};

/*
 * Within a transaction. Returns 1, changing nothing, as long as fewer messages
 * of people are new than AGENT_RUNTIME_LLM_GROUNDING_MEMORY_SUMMARY_REFRESH_TURNS
 * says.
 */
int memory_refresh(const struct memory *memory, struct err *err) MUST_CHECK;

/*
 * The same after messages have lost their words: makes what there is without
 * them, and what a model made of them goes. 1: there was none.
 */
int memory_redo(const struct memory *memory, struct err *err) MUST_CHECK;

/* As models are shown it. */
struct remembered {
	const char *text; /* "": there is none */
	bool is_refined;  /* a model put it in words, at least in part */
};
int memory_text(const struct memory *memory, struct remembered *out,
    struct err *err) MUST_CHECK;

/* What a model is shown to put it in words. */
struct memory_draft {
	const char *plain;	  /* made without one */
	struct message_row *said; /* the last messages, oldest first */
	size_t n_said;
	int64_t seen_seq, generation;
};
/* Returns 1 when there is nothing to refine. */
int memory_draft(const struct memory *memory, struct memory_draft *out,
    struct err *err) MUST_CHECK;

/*
 * Within a transaction: what a model made of that draft, from now on with what
 * was said since behind it. Returns 1, changing nothing, when something was
 * forgotten meanwhile: it may be in it.
 */
int memory_put_refined(const struct memory *memory,
    const struct memory_draft *draft, const char *text, const char *model,
    struct err *err) MUST_CHECK;

#endif
