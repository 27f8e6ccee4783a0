#ifndef TASK_ENGINE_CONVERSATION_WHY_H
#define TASK_ENGINE_CONVERSATION_WHY_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct trace_why;

/* What the rows say beside the traces. */
struct why_facts {
	bool is_outbound;     /* it is the agent's own */
	int64_t answered_seq; /* that such a message answers; 0: none */
	bool is_edit;
	bool is_direct;
	bool is_traced; /* traces are kept at all */
};

/*
 * Why it went as it did, in a sentence or two: of a message why it was
 * answered, or was not, of a task and an action how they stand and for whom.
 * Pure.
 */
void why_say(struct buf *out, const struct trace_why *why,
    const struct why_facts *facts);

/* What would become of a message that is understood so. Pure. */
struct trace_heard;
void why_say_would(struct buf *out, const struct trace_heard *heard);

#endif
