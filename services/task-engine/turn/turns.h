#ifndef TASK_ENGINE_TURN_TURNS_H
#define TASK_ENGINE_TURN_TURNS_H

#include <stdint.h>

#include "libcommon/defs.h"

struct approvals;
struct bus;
struct engine_cfg;
struct err;
struct loop;
struct people;
struct policy;
struct store;

/*
 * The agent's turns: claims queued answers and tasks, asks the indexer and
 * the model, and ends each turn in one transaction with what it says. Nothing
 * blocks; at most AGENT_RUNTIME_LLM_MAX_CONCURRENT turns use the model at
 * once. All calls are made on the loop thread, outside of a transaction.
 */
struct turns;

struct turns_options {
	struct store *store;
	struct bus *bus;
	struct loop *loop;
	const struct engine_cfg *cfg; /* outlives the turns */
	const struct policy *policy;
	const struct approvals *approvals;
	struct people *people;
	const char *workspace_root;
};

int turns_open(struct turns **turns_out, const struct turns_options *options,
    struct err *err) MUST_CHECK;
/* What runs is forgotten; its rows are recovered at the next start. */
void turns_close(struct turns **turns);

/* Call after each commit that may have queued turns, and at start. Cheap. */
void turns_wake(struct turns *turns);

/* Stops working on a turn whose row was cancelled. */
void turns_cancel(struct turns *turns, int64_t turn_id);

/* "none (extractive)" or "openai gpt-4o", for people. */
const char *turns_model(const struct turns *turns);

#endif
