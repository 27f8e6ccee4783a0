/* `agent-runtime version`. */

#include <stdio.h>
#include <string.h>

#include "services/agent-runtime/command.h"

static int
run(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--json") == 0)
		printf("{\"version\":\"%s\"}\n", AGENT_RUNTIME_VERSION);
	else if (argc > 1)
		return command_misused(&version_command,
		    "takes no argument but --json: %s", argv[argc - 1]);
	else
		printf("agent-runtime %s\n", AGENT_RUNTIME_VERSION);
	return EXIT_OK;
}

const struct command version_command = {
	.name = "version",
	.summary = "print the version",
	.usage = "usage: agent-runtime version [--json]\n\n"
		 "  --json  {\"version\":\"…\"}\n",
	.run = run,
};
