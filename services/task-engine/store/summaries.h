#ifndef TASK_ENGINE_STORE_SUMMARIES_H
#define TASK_ENGINE_STORE_SUMMARIES_H

#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct store;

/* The summary of a conversation, and the sentences that it is made of. */
struct summary_state {
	int64_t seen_seq; /* all messages up to it are in */
	int64_t n_turns;  /* of people, so far */
	const char *text; /* Markdown */
	/* What a model made of all up to that message; "" and 0: none did. */
	const char *refined, *refined_by;
	int64_t refined_seq;
	int64_t attempts;   /* of a model, since more was said */
	int64_t generation; /* how often something of it was forgotten */
};

/* So often a model is asked about the same; the index has it, too. */
enum { SUMMARY_MAX_ATTEMPTS = 3 };

/* Returns 1, and an empty state, when there is none. */
int store_summary_get(struct store *store, const char *context_id,
    struct arena *arena, struct summary_state *out, struct err *err) MUST_CHECK;
int store_summary_put(struct store *store, const char *context_id,
    const struct summary_state *state, int64_t now_ms,
    struct err *err) MUST_CHECK;

/* Contexts of which a model has not refined the newest, at most limit; the
 * newest first. */
int
store_summaries_plain(struct store *store, int64_t limit, struct arena *arena,
    const char ***ids_out, size_t *n_out, struct err *err) MUST_CHECK;
/* Counts so many attempts more. */
int store_summary_attempt(struct store *store, const char *context_id,
    int64_t n, struct err *err) MUST_CHECK;

/* A sentence of the message of that number; one of each kind is kept. */
struct summary_row {
	int64_t seq;
	const char *context_id;
	const char *kind;
	const char *who;
	const char *text;
};
int store_summary_item_add(struct store *store, const struct summary_row *row,
    struct err *err) MUST_CHECK;
/* The newest first. */
int store_summary_items(struct store *store, const char *context_id,
    struct arena *arena, struct summary_row **rows_out, size_t *n_out,
    struct err *err) MUST_CHECK;
/* The question that the platform's message asked is one no longer. */
int store_summary_answered(struct store *store, const char *context_id,
    const char *platform_id, struct err *err) MUST_CHECK;
/* Leaves so many of each kind. */
int store_summary_prune(struct store *store, const char *context_id,
    int64_t n_kept, struct err *err) MUST_CHECK;
/* Those of messages that have no words any more go. */
int store_summary_drop_wordless(
    struct store *store, const char *context_id, struct err *err) MUST_CHECK;

#endif
