#ifndef TASK_ENGINE_COMMANDS_HEARING_H
#define TASK_ENGINE_COMMANDS_HEARING_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct trace_heard;

/*
 * How the message of the running request is understood, noted on the way and
 * kept beside it when somebody may ask why. Its texts are constants, but for
 * the reasons, which are copied.
 */
enum { HEARING_GATES = 8, HEARING_WHY_SIZE = 320 };

struct hearing {
	const char *how;     /* NULL: it was not looked at */
	const char *command; /* operation */
	const char *triage, *triage_reason, *row;
	struct hearing_gate {
		const char *gate;
		const char *rule;
		bool is_passed;
		char why[HEARING_WHY_SIZE];
	} gates[HEARING_GATES];
	size_t n_gates;
};

/* why: it is shut; NULL: it was passed. Beyond HEARING_GATES none is noted. */
void hearing_gate(struct hearing *hearing, const char *gate, const char *rule,
    const char *why);

/* Of most that a group says to itself there is nothing to keep: the message's
 * own row says that it was not for us. */
bool hearing_is_notable(const struct hearing *hearing);

/* It lives in the arena and the hearing. */
void hearing_trace(const struct hearing *hearing, const char *became,
    struct arena *arena, struct trace_heard *out);

#endif
