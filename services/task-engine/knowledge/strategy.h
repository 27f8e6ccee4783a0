#ifndef TASK_ENGINE_KNOWLEDGE_STRATEGY_H
#define TASK_ENGINE_KNOWLEDGE_STRATEGY_H

#include <stdbool.h>

/*
 * What a message needs to be answered well, judged by its words alone, in a
 * dozen languages. Pure; works on any bytes.
 */
enum knowledge_strategy {
	KNOWLEDGE_NONE,	       /* neither memory nor files */
	KNOWLEDGE_TAIL,	       /* what was said before */
	KNOWLEDGE_SEARCH,      /* files; memory in the room that they leave */
	KNOWLEDGE_TAIL_SEARCH, /* memory, and files by the words of both */
	KNOWLEDGE_STRATEGY_COUNT
};

struct knowledge_plan {
	enum knowledge_strategy strategy;
	/* It names nothing that files could say something of: a greeting,
	 * thanks, a yes. */
	bool is_reaction;
	const char *reason; /* stable, for traces: "small-talk"; a constant */
};

struct knowledge_plan knowledge_decide(const char *text);

/* "none", "tail", "search", "tail+search" */
const char *knowledge_strategy_name(enum knowledge_strategy strategy);

#endif
