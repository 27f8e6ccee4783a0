#ifndef AGENT_RUNTIME_COMMAND_H
#define AGENT_RUNTIME_COMMAND_H

#include <stddef.h>

/*
 * One command of the program for people. Each lies in a file of its own and
 * is named in the table of main.c.
 *
 * Before run is called, ./.env has been read into the environment (the real
 * environment wins), the log is set up and --help has been answered. argv[0]
 * is the command's name. Results go to stdout, diagnostics to stderr.
 *
 * run returns the exit status: 0 done, 1 failed for a cause that may pass,
 * 2 wrong use or bad configuration.
 */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct command {
	const char *name;
	const char *summary; /* one line of `agent-runtime help` */
	const char *usage;   /* all that `agent-runtime help NAME` says */
	int (*run)(int argc, char **argv);
};

/* Says why a command line is wrong and where help is; returns EXIT_USAGE. */
int command_misused(const struct command *command, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

extern const struct command serve_command;
extern const struct command version_command;

#endif
