#ifndef AGENT_RUNTIME_FORWARD_H
#define AGENT_RUNTIME_FORWARD_H

#include <stdbool.h>

#include "libcommon/defs.h"
#include "services/agent-runtime/lines.h"

struct err;
struct loop;

/*
 * Where the daemons' lines and our own go: to stderr, or, with a log
 * directory, to the file there, and then only errors to stderr. What is not a
 * line of our log (a crash report, a library's complaint) counts as an error
 * and gets "<name>: " in front.
 */
struct forward;

/* log_dir NULL: stderr. With it our own stderr goes the same way from now on,
 * until forward_close. */
int forward_open(struct forward **out, struct loop *loop, const char *log_dir,
    struct err *err) MUST_CHECK;
void forward_close(struct forward **forward);

/* log: the parsed line, NULL when it is none. */
void forward_line(struct forward *forward, const char *name, const char *line,
    const struct log_line *log);

/* A line for the terminal alone, in place of the one before; "" ends it. Only
 * when lines go to a file and stderr is a terminal. */
void forward_progress(struct forward *forward, const char *text);
/* To the person who started us, whatever becomes of the log. */
void forward_say(struct forward *forward, const char *text);

#endif
