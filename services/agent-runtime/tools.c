/* agent-runtime-client: the commands that talk to a running suite. */

#include "services/agent-runtime/tools.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/defs.h"
#include "libcommon/log.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} tools[] = {
	{ "chat", chat_run },
	{ "search", search_run },
	{ "status", status_run },
	{ "doctor", doctor_run },
	{ "config", config_run },
	{ "token", token_run },
	{ "policy", policy_run },
	{ "audit", audit_run },
	{ "why", why_run },
	{ "simulate", simulate_run },
	{ "identity", identity_run },
	{ "logs", logs_run },
	{ "bus", bus_run },
};

/* An earlier flush may have failed: its bytes are gone, and the next is fine. */
static int
printed(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "agent-runtime: the output could not be written\n");
	return status == EXIT_OK ? EXIT_FAILED : status;
}

int
main(int argc, char **argv)
{
	opterr = 0; /* the commands say it themselves */
	log_init("agent-runtime", LOG_LEVEL_WARN);
	for (size_t i = 0; argc > 1 && i < N_OF(tools); i++) {
		if (strcmp(tools[i].name, argv[1]) != 0)
			continue;
		return printed(tools[i].run(argc - 1, argv + 1));
	}
	fprintf(stderr, "agent-runtime-client: use agent-runtime instead\n");
	return EXIT_USAGE;
}
