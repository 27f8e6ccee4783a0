#ifndef AGENT_RUNTIME_POLICY_ROWS_H
#define AGENT_RUNTIME_POLICY_ROWS_H

#include <stddef.h>

/*
 * The task-engine's policy table as it was built, in words for people; made by
 * the build from the table itself.
 */
struct policy_line {
	const char *operation;
	const char *who;
	const char *help;
};

extern const struct policy_line policy_lines[];
extern const size_t n_policy_lines;

#endif
