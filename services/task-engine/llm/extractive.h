#ifndef TASK_ENGINE_LLM_EXTRACTIVE_H
#define TASK_ENGINE_LLM_EXTRACTIVE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct search_hit;

/*
 * The responder without a model: quotes the workspace's own passages with
 * their sources, says that this is what it does, and in its last line why.
 * Pure.
 */
enum extractive_why {
	EXTRACTIVE_NO_MODEL,   /* none is configured */
	EXTRACTIVE_MODEL_AWAY, /* it could not be reached */
	EXTRACTIVE_MODEL_SHUT, /* it refuses how it is asked: a setting is wrong */
	EXTRACTIVE_MODEL_MUTE, /* it answered nothing that can be shown */
	EXTRACTIVE_WHY_COUNT
};

struct extractive {
	enum extractive_why why;
	const struct search_hit *hits; /* best first */
	size_t n_hits;
	bool is_unsearched;  /* nobody asked the indexer */
	bool is_search_away; /* the indexer did not answer */
	const char *folder;  /* where Markdown goes; NULL: not for this one */
};

/* Appends the reply to a question. */
void extractive_answer(const struct extractive *in, struct buf *out);
/* Appends the reply to a greeting. */
void extractive_greeting(enum extractive_why why, struct buf *out);

#endif
