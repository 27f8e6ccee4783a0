#ifndef TASK_ENGINE_KNOWLEDGE_REFINE_H
#define TASK_ENGINE_KNOWLEDGE_REFINE_H

#include "libcommon/defs.h"

struct budgets;
struct engine_cfg;
struct err;
struct loop;
struct store;

/*
 * Has the model of AGENT_RUNTIME_LLM_GROUNDING_SUMMARY_MODEL put summaries in
 * words, in the background: nothing waits for it, and whatever goes wrong, the
 * summary stays as it was. What is to be done is told by the rows alone, so a
 * restart goes on with it.
 */
struct refiner;

struct refiner_options {
	struct store *store;
	struct budgets *budgets;
	struct loop *loop;
	const struct engine_cfg *cfg; /* outlives it, as do the others */
};

/* Sets *refiner_out to NULL when no such model is configured. */
int refiner_open(struct refiner **refiner_out,
    const struct refiner_options *options, struct err *err) MUST_CHECK;
/* What is under way is asked for again after the next start. */
void refiner_close(struct refiner **refiner);

/* Call when a summary may have changed, and at start. Cheap. */
void refiner_wake(struct refiner *refiner);

#endif
