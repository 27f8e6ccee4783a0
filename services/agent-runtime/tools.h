#ifndef AGENT_RUNTIME_TOOLS_H
#define AGENT_RUNTIME_TOOLS_H

#include <stdbool.h>

#include "services/agent-runtime/command.h"

/*
 * The commands that agent-runtime-client runs. `serve` stays in memory for
 * good, so what only these need (libcurl, libedit) is linked by a program of
 * their own, which agent-runtime becomes when one of them is asked for.
 */
int chat_run(int argc, char **argv);
int search_run(int argc, char **argv);
int status_run(int argc, char **argv);
int doctor_run(int argc, char **argv);
int config_run(int argc, char **argv);
int token_run(int argc, char **argv);
int audit_run(int argc, char **argv);
int why_run(int argc, char **argv);
int simulate_run(int argc, char **argv);
int identity_run(int argc, char **argv);
int policy_run(int argc, char **argv);
/* chat pairing …; argv[0] is "pairing". */
int pairing_run(int argc, char **argv);
int logs_run(int argc, char **argv);
int bus_run(int argc, char **argv);

/* Says why the command line is wrong and where help is; EXIT_USAGE. */
int tool_misused(const char *name, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for what getopt_long complains about. */
int tool_bad_flag(const char *name, int flag, char *const *argv);

/* For tools whose one flag is --json; what else there is begins at optind. */
int tool_json_flag(
    const char *name, int argc, char *const *argv, bool *as_json_out);

/* Prints "agent-runtime NAME: text" to stderr; the status for the error. */
struct err;
int tool_failed(const char *name, const struct err *err);

/* Adds "&key=value" to a path with a query; nothing for NULL. */
struct buf;
void tool_add_parameter(struct buf *path, const char *key, const char *value);

/* A whole number from least to most; -1 when it is none. */
int tool_number(const char *text, long least, long most, long *out);

#endif
