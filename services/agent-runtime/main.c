/* The one program for people: a table of commands, each in its own file. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/log.h"
#include "services/agent-runtime/command.h"
#include "services/agent-runtime/delegated.h"
#include "services/agent-runtime/dotenv.h"
#include "services/agent-runtime/nearest.h"

/* In the order of `agent-runtime help`. */
static const struct command *const commands[] = {
	&serve_command,
	&chat_command,
	&search_command,
	&status_command,
	&doctor_command,
	&config_command,
	&identity_command,
	&policy_command,
	&token_command,
	&audit_command,
	&why_command,
	&simulate_command,
	&logs_command,
	&bus_command,
	&version_command,
};

static const struct command *
find(const char *name)
{
	for (size_t i = 0; i < N_OF(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static const char *
next_name(void *arg)
{
	size_t *i = arg;

	return *i < N_OF(commands) ? commands[(*i)++]->name : NULL;
}

static int
unknown(const char *name)
{
	size_t i = 0;
	const char *nearest = nearest_of(name, next_name, &i);

	fprintf(stderr, "agent-runtime: no such command: %s", name);
	if (nearest != NULL)
		fprintf(stderr, " (did you mean %s?)", nearest);
	fprintf(stderr, "; see agent-runtime help\n");
	return EXIT_USAGE;
}

static int
flushed(void)
{
	return fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
}

static int
help_all(void)
{
	printf("usage: agent-runtime COMMAND [ARGUMENTS]\n\n");
	for (size_t i = 0; i < N_OF(commands); i++)
		printf("  %-9s %s\n", commands[i]->name, commands[i]->summary);
	printf("  %-9s %s\n", "help", "say more about a command");
	printf("\nVariables are read from ./.env too; the environment wins.\n");
	return flushed();
}

static int
help_one(const char *name)
{
	const struct command *command = find(name);

	if (command == NULL)
		return unknown(name);
	fputs(command->usage, stdout);
	return flushed();
}

static int
run(const struct command *command, int argc, char **argv)
{
	struct err err;
	int status;

	if (dotenv_load(".env", &err) < 0) {
		fprintf(stderr, "agent-runtime: %s\n", err.text);
		return EXIT_USAGE;
	}
	log_init("agent-runtime", LOG_LEVEL_INFO);
	status = command->run(argc, argv);
	if (fflush(stdout) != 0 && status == EXIT_OK)
		status = EXIT_FAILED;
	return status;
}

int
command_misused(const struct command *command, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "agent-runtime %s: ", command->name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "; see agent-runtime help %s\n", command->name);
	return EXIT_USAGE;
}

static int
is_one_of(const char *arg, const char *a, const char *b)
{
	return strcmp(arg, a) == 0 || strcmp(arg, b) == 0;
}

/* At the end, too ("token add --help"), where it is no other flag's value. */
static int
asks_for_help(int argc, char **argv)
{
	return is_one_of(argv[2], "--help", "-h") ||
	       (is_one_of(argv[argc - 1], "--help", "-h") &&
		   argv[argc - 2][0] != '-');
}

int
main(int argc, char **argv)
{
	const struct command *command;

	fd_open_standard();
	if (argc < 2) {
		help_all();
		return EXIT_USAGE;
	}
	if (is_one_of(argv[1], "help", "--help") || strcmp(argv[1], "-h") == 0)
		return argc > 2 && strcmp(argv[2], "help") != 0 &&
			       !is_one_of(argv[2], "--help", "-h")
			   ? help_one(argv[2])
			   : help_all();
	if (strcmp(argv[1], "--version") == 0)
		return version_command.run(1, argv + 1);
	command = find(argv[1]);
	if (command == NULL)
		return unknown(argv[1]);
	if (argc > 2 && asks_for_help(argc, argv))
		return help_one(argv[1]);
	return run(command, argc - 1, argv + 1);
}
