#ifndef TASK_ENGINE_TURN_TURN_H
#define TASK_ENGINE_TURN_TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/bus.h"
#include "proto/search.h"
#include "services/task-engine/knowledge/prompt_files.h"
#include "services/task-engine/knowledge/strategy.h"
#include "services/task-engine/llm/budget.h"
#include "services/task-engine/llm/exchange.h"
#include "services/task-engine/llm/extractive.h"
#include "services/task-engine/llm/fallbacks.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/turns.h"
#include "services/task-engine/store/usage.h"
#include "services/task-engine/tasks/finish.h"
#include "services/task-engine/tasks/notify.h"
#include "services/task-engine/turn/trace.h"
#include "services/task-engine/turn/turns.h"

struct arena;
struct buf;
struct llm;
struct llm_call;
struct lookup;
struct prepared;
struct proposed;
struct timer;
struct turn_progress;

/*
 * One turn on its way, inside the room turn/:
 *
 *   turns.c claims it -> ground.c finds passages -> steps.c asks the model, and
 *   tools.c does what it wants, until it answers -> answer.c says that, or
 *   quotes passages -> turns.c ends it and claims the next.
 *
 * Each ends by calling the next.
 */
struct turns {
	struct turns_options options;
	struct llm *llm; /* the first of these; NULL: none is configured */
	struct model {
		struct llm *llm;
		int64_t cool_until_mono_ms; /* it failed: not before that */
	} models[1 + LLM_MAX_FALLBACKS];
	size_t n_models;
	struct prompt_files prompt_files;
	struct llm_tool *tools; /* as models see them, beside tool_table */
	struct timer *wake, *progress, *shown;
	struct notify_policies policies;
	struct turn *running, *simulated;
	int64_t n_running, n_tasks;
	struct lookup *ahead; /* asked for turns that are not claimed yet */
	int64_t n_ahead;
};

enum { TURN_FENCE_SIZE = 17 };

/* What one may take; of chat and of autonomous turns. */
struct turn_limits {
	int64_t duration_ms, max_steps, max_calls;
	int64_t min_confidence; /* of confidence.h; 0: it is not asked */
};

/* One thing that the model wanted, and what became of it. */
struct turn_call {
	int64_t step;	  /* from 1: those of one answer have the same */
	const char *said; /* beside it, with the first of a step */
	struct llm_want want;
	const char *result; /* JSON */
	int64_t took_ms;
	bool is_error;
};

/* The conversation with the model. */
struct talk {
	struct llm_message *messages; /* oldest first */
	size_t n_messages, n_room;
	const struct llm_tool *tools; /* that the asker may use */
	size_t n_tools;
	int64_t step;	   /* answers so far */
	int64_t n_refused; /* of its wants in a row */
	struct turn_call *calls;
	size_t n_calls, n_call_room;
	size_t n_recorded;	      /* of these in the database */
	const struct llm_want *wants; /* of the answer that is worked on */
	size_t n_wants, at_want;
	const char *said;  /* what was cut so far */
	const char *trail; /* and the blanks behind it */
	int64_t n_continued;
};

/* Of its answer, while that is made. */
struct turn_shown {
	const char *edit_id; /* the platform's message; NULL: none yet */
	const char *text;    /* what was told of it last */
	bool is_begun, is_given_up;
};

/* Of the day's budgets. */
struct turn_usage {
	struct budget_use of_day;
	int64_t estimated; /* of the call under way, what is sent */
};

struct turn {
	struct turns *turns;
	struct arena *arena; /* of everything below */
	struct turn_work work;
	const char *text;   /* what was asked */
	struct actor asker; /* by whose authority, as it is now */
	bool is_unasked;    /* nobody is, any more */
	struct knowledge_plan plan;
	struct turn_limits limits;
	int64_t deadline_mono_ms;

	struct search_scope scope;
	struct search_hits found;
	/* Beside found.hits: what a model is shown of it, "" for nothing. */
	const char **excerpts;
	bool *is_shown; /* beside them, too */
	bool is_searched, is_search_away;
	struct lookup *lookup; /* the question to the indexer under way */

	struct prepared *prepared; /* of assemble.c; NULL: not yet */
	struct model *model;	   /* that is asked; NULL: none yet */
	unsigned tried;		   /* bits of those that failed in this step */
	bool is_degraded;	   /* not by the first one */
	struct turn_usage usage;
	struct turn_notes notes;
	struct llm_call *call;
	struct turn_shown shown;
	char fence[TURN_FENCE_SIZE]; /* the random word of quotations */
	struct talk talk;
	struct proposed *proposed; /* NULL: nothing is */
	struct turn_outcome outcome;
	struct timer *retry; /* of ending it */
	bool is_simulated;
	struct simulation simulation;
	struct turn *prev, *next;
};

/* ground.c: ends with turn_steps. */
void turn_ground(struct turn *turn);
/* What was asked ahead is for nobody. */
void turns_forget_ahead(struct turns *turns);
/*
 * After tools, when every step is grounded: says what is found now and was not
 * shown before, and ends with turn_step.
 */
void turn_ground_again(struct turn *turn);
/* Lets go of what still runs; its answers are then ignored. */
void turn_ground_forget(struct turn *turn);

/*
 * Asks the indexer; fn is called with a lookup, which turn_lookup_end frees. It
 * returns the turn that waits for it, or NULL when none does any more.
 */
int
turn_ask_indexer(struct turn *turn, const char *type, const struct buf *body,
    int64_t at_most_ms, bus_answer_fn fn, struct err *err) MUST_CHECK;
struct turn *turn_lookup_end(struct lookup *lookup);

/* steps.c: does what the first step needs and no passages are needed for. It
 * may fail: turn_steps tries it again. */
void turn_prepare(struct turn *turn);
/* Ends with one of answer.c. */
void turn_steps(struct turn *turn);
/* What the model wants is done: asks it again. */
void turn_step(struct turn *turn);
void turn_say(struct turn *turn, struct llm_message message);

/* assemble.c: reads what the first messages of the talk are made of, but for
 * the passages; cheap when it is there. -1: it cannot be had. */
int turn_gather(struct turn *turn, struct err *err) MUST_CHECK;
/* Says them; after turn_gather. */
void turn_assemble(struct turn *turn);
/* What was found, from that one on, as one more message; "" if nothing. */
const char *turn_passages(struct turn *turn, size_t first);

/* answer.c: each ends with turn_end. */
void turn_end_without_model(struct turn *turn);
void turn_end_degraded(
    struct turn *turn, enum extractive_why why, const char *reason);
void turn_end_with_answer(struct turn *turn, const struct llm_answer *answer);
/* It ran out: says what there is. */
void turn_end_exhausted(struct turn *turn, const char *why);
/* What the model said on the way; "" when nothing. */
const char *turn_last_words(const struct turn *turn);
/* It is less sure than is wanted here: a person should look at it. */
void turn_end_unsure(struct turn *turn, int64_t confidence);
/* Nothing was asked of a model. */
void turn_end_refused(struct turn *turn, const char *text, const char *error);

/*
 * propose.c: appends the model's answer without its action blocks, and what
 * became of them, to out. What it proposes is stored when the turn ends, by
 * turn_store_proposed, within its transaction. is_cut: the model was stopped at
 * its limit.
 */
void turn_propose(
    struct turn *turn, const char *answer, bool is_cut, struct buf *out);
int turn_store_proposed(
    struct turn *turn, int64_t now_ms, struct err *err) MUST_CHECK;
/* One that a tool proposes, JSON as proposal_read wants it: stored at once.
 * Within a transaction; when that is undone, it is forgotten. */
int turn_propose_one(struct turn *turn, const char *text, const char **id_out,
    struct err *err) MUST_CHECK;
size_t turn_n_proposed(const struct turn *turn);
void turn_forget_proposed(struct turn *turn, size_t n_kept);
/* Through which it was asked. */
const char *turn_instance(const struct turn *turn);

/* progress.c: somebody waits for that answer, or no longer. */
void turn_progress_begin(const struct turn *turn);
void turn_progress_end(const struct turn *turn);
void turn_tell(const struct turn *turn, const struct turn_progress *progress);
/* Says again of all that run. */
void turns_progress(void *turns);

/* shown.c: a piece of its answer came. */
void turn_show(const struct turn *turn);
void turns_shown_open(struct turns *turns);
/* Shows what there is of all that run. */
void turns_show(void *turns);

/* remember.c: the turn has ended, and what it said is committed. */
void turn_remember(const struct turn *turn);

/* turns.c: how many may run at once. */
int64_t turns_places(const struct turns *turns);
/* By whose authority it runs, as they are now. 1: nobody's. */
int turn_find_asker(struct turn *turn, struct err *err) MUST_CHECK;
/* What is in the outcome lives in the turn's arena. */
void turn_end(struct turn *turn, const struct turn_outcome *outcome);

/* simulate.c: it ends, with what it would have said and done. */
void turn_simulated(struct turn *turn, const char *reply,
    const struct llm_want *wants, size_t n_wants);
/* turns.c */
struct turn_limits
turn_limits_of(const struct engine_cfg *cfg, enum turn_kind kind);
void turn_free(struct turn *turn);

#endif
