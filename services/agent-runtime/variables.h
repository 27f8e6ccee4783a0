#ifndef AGENT_RUNTIME_VARIABLES_H
#define AGENT_RUNTIME_VARIABLES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Every variable of every program: the rows that the daemons were built with,
 * joined by the build (--print-config-rows), agent-runtime's own among them.
 * Ordered by program; one that several programs read has a row for each.
 * All fields are text as it is printed in documents, never NULL.
 */
struct variable {
	const char *program; /* "api"; "agent-runtime" for its own */
	const char *name;    /* "AGENT_RUNTIME_HTTP_ADDR" */
	const char *type;    /* str secret path csv int bool choice retired */
	const char *fallback;
	const char *min;
	const char *max;
	const char *unit;
	const char *choices; /* "debug,info,warn,error" */
	const char *section;
	const char *help;
};

extern const struct variable variables[];
extern const size_t n_variables;

/*
 * The program's row for the name; a secret is also found by <NAME>_FILE.
 * program NULL: any program's. NULL when there is none.
 */
const struct variable *variable_find(const char *program, const char *name);
bool variable_is_secret(const struct variable *variable);

/* The known name that is nearest to the unknown one; NULL: none is near. */
const char *variable_nearest(const char *name);

/*
 * Calls fn once for each name in environ that begins with AGENT_RUNTIME_ and
 * that no program reads.
 */
void variables_each_unknown(char **environment,
    void (*fn)(void *arg, const char *name, const char *nearest), void *arg);

#endif
