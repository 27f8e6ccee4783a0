#ifndef TASK_ENGINE_TURN_TURNS_H
#define TASK_ENGINE_TURN_TURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct actor;
struct approvals;
struct arena;
struct budgets;
struct bus;
struct context_row;
struct engine_cfg;
struct err;
struct llm_tool;
struct llm_want;
struct loop;
struct people;
struct policy;
struct refiner;
struct store;
struct trace_turn;

/*
 * The agent's turns: claims queued answers and tasks, asks the indexer and
 * the model, and ends each turn in one transaction with what it says. Nothing
 * blocks; at most AGENT_RUNTIME_LLM_MAX_CONCURRENT turns use the model at
 * once. All calls are made on the loop thread, outside of a transaction.
 */
struct turns;

struct turns_options {
	struct store *store;
	struct budgets *budgets;
	struct bus *bus;
	struct loop *loop;
	const struct engine_cfg *cfg; /* outlives the turns */
	const struct policy *policy;
	const struct approvals *approvals;
	struct people *people;
	struct refiner *refiner; /* NULL: no model makes summaries */
	const char *workspace_root;
};

int turns_open(struct turns **turns_out, const struct turns_options *options,
    struct err *err) MUST_CHECK;
/* What runs is forgotten; its rows are recovered at the next start. */
void turns_close(struct turns **turns);

/* Call after each commit that may have queued turns, and at start. Cheap. */
void turns_wake(struct turns *turns);

/*
 * A message is being stored whose turn will soon begin: asks the indexer now
 * what that will want to know, so that the search and the commit go on side by
 * side. Nothing depends on it: if the turn never comes, or asks something else,
 * the answer is for nobody. The arena is used during the call.
 */
struct turn_ahead {
	int64_t message_seq;
	const struct actor *asker;
	const struct context_row *context;
	const char *text, *cause;
};
void turns_look_ahead(
    struct turns *turns, const struct turn_ahead *ahead, struct arena *arena);

/* Stops working on a turn whose row was cancelled. */
void turns_cancel(struct turns *turns, int64_t turn_id);

/*
 * A turn that ends without an effect: nothing is stored, said or done. With
 * use_model the model is asked once, and nothing that it wants is done. Takes
 * the arena, in which context, asker and text live; fn is called later.
 */
struct turn_simulated {
	const struct trace_turn *trace;
	const struct llm_tool *tools;
	size_t n_tools;
	const char *reply;
	const struct llm_want *wants;
	size_t n_wants;
};
typedef void (*turn_simulated_fn)(void *arg, const struct turn_simulated *was);
struct simulation {
	const struct actor *asker;
	const struct actor *payer; /* of what a model takes; it stays */
	const char *role;
	const struct context_row *context;
	const char *text;
	bool use_model;
	turn_simulated_fn fn;
	void *arg;
};
enum { TURNS_SIMULATED_MAX = 4 };
/* ERR_BUSY: as many run already. */
int turns_simulate(struct turns *turns, struct arena **arena,
    const struct simulation *simulation, struct err *err) MUST_CHECK;

/* "none (extractive)" or "openai gpt-4o", for people. */
const char *turns_model(const struct turns *turns);

#endif
