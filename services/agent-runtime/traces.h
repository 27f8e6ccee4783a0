#ifndef AGENT_RUNTIME_TRACES_H
#define AGENT_RUNTIME_TRACES_H

struct json;

/*
 * What `why` and `simulate` print of the same JSON: one line each, made safe
 * for a terminal; nothing where there is nothing.
 */
const char *trace_str(const struct json *object, const char *key);

/* "passed  policy command.task" */
void trace_print_gates(const struct json *gates);
/* "triage  issue (issue words): open" */
void trace_print_heard(const struct json *heard);
/* Strategy, documents, tools, parts, tokens and times of a turn. */
void trace_print_turn(const struct json *turn);

#endif
