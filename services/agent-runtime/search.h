#ifndef AGENT_RUNTIME_SEARCH_H
#define AGENT_RUNTIME_SEARCH_H

struct buf;
struct err;
struct json;
struct settings;

/*
 * The command `search`, by one of two who ask: agent-runtime itself, which is
 * quick and knows only the socket of its own machine, and else
 * agent-runtime-client, which also knows what to say when nobody answers.
 */
enum { SEARCH_NOT_ANSWERED = -1 };

/* GET path: the answer, as text and parsed. 1: somebody else has to ask. */
typedef int (*search_ask_fn)(const struct settings *settings, const char *path,
    struct buf *text, struct json **answer_out, struct err *err);

/* The exit status, or SEARCH_NOT_ANSWERED with nothing printed. */
int search_by(int argc, char **argv, search_ask_fn ask);

#endif
