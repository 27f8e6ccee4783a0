#ifndef TASK_ENGINE_TURN_TURN_H
#define TASK_ENGINE_TURN_TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/search.h"
#include "services/task-engine/knowledge/prompt_files.h"
#include "services/task-engine/knowledge/words.h"
#include "services/task-engine/llm/extractive.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/turns.h"
#include "services/task-engine/tasks/finish.h"
#include "services/task-engine/tasks/notify.h"
#include "services/task-engine/turn/turns.h"

struct arena;
struct buf;
struct llm;
struct llm_call;
struct lookup;
struct timer;

/*
 * One turn on its way, inside the room turn/:
 *
 *   turns.c claims it -> ground.c finds passages -> answer.c asks the model or
 *   quotes -> turns.c ends it and claims the next.
 *
 * Each step ends by calling the next; none of them is entered twice.
 */
struct turns {
	struct turns_options options;
	struct llm *llm; /* NULL: none is configured */
	struct prompt_files prompt_files;
	struct timer *wake, *progress;
	struct notify_policies policies;
	struct turn *running;
	int64_t n_running, n_tasks;
};

struct turn {
	struct turns *turns;
	struct arena *arena; /* of everything below */
	struct turn_work work;
	const char *text;   /* what was asked */
	struct actor asker; /* by whose authority, as it is now */
	bool is_unasked;    /* nobody is, any more */
	enum knowledge_strategy strategy;
	int64_t deadline_mono_ms;

	struct search_scope scope;
	struct search_hits found;
	/* Beside found.hits, "" where there is none: what a model is shown,
	 * and what a person is shown of a section that names the question. */
	const char **excerpts, **sections;
	bool is_searched, is_search_away;
	struct lookup *lookup; /* the question to the indexer under way */

	struct llm_call *call;
	struct turn_outcome outcome;
	struct timer *retry; /* of ending it */
	struct turn *prev, *next;
};

/* ground.c: ends with turn_answer. */
void turn_ground(struct turn *turn);
/* Lets go of what still runs; its answers are then ignored. */
void turn_ground_forget(struct turn *turn);

/* answer.c: ends with turn_end. */
void turn_answer(struct turn *turn);

/*
 * propose.c: appends the model's answer without its action blocks, and what
 * became of them, to out. What it proposes is stored when the turn ends. is_cut:
 * the model was stopped at its limit.
 */
void turn_propose(struct turn *turn, const char *answer, bool is_cut,
    struct turn_outcome *outcome, struct buf *out);

/* progress.c: somebody waits for that answer, or no longer. */
void turn_progress_begin(const struct turn *turn);
void turn_progress_end(const struct turn *turn);
/* Says again of all that run. */
void turns_progress(void *turns);

/* turns.c: what is in the outcome lives in the turn's arena. */
void turn_end(struct turn *turn, const struct turn_outcome *outcome);

#endif
