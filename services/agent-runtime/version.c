/* `agent-runtime version`. */

#include <stdio.h>

#include "services/agent-runtime/command.h"

static int
run(int argc, char **argv)
{
	if (argc > 1)
		return command_misused(
		    &version_command, "takes no argument: %s", argv[1]);
	printf("agent-runtime %s\n", AGENT_RUNTIME_VERSION);
	return EXIT_OK;
}

const struct command version_command = {
	.name = "version",
	.summary = "print the version",
	.usage = "usage: agent-runtime version\n",
	.run = run,
};
