/* agent-runtime-client: the commands that talk to a running suite. */

#include "services/agent-runtime/tools.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/flags.h"
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
	{ "identity", identity_run },
	{ "logs", logs_run },
	{ "bus", bus_run },
};

int
tool_misused(const char *name, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "agent-runtime %s: ", name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "; see agent-runtime help %s\n", name);
	return EXIT_USAGE;
}

int
tool_bad_flag(const char *name, int flag, char *const *argv)
{
	char text[FLAGS_COMPLAINT_SIZE];

	return tool_misused(name, "%s", flags_complaint(text, flag, argv));
}

int
tool_failed(const char *name, const struct err *err)
{
	fprintf(stderr, "agent-runtime %s: %s\n", name, err->text);
	return err->code == ERR_INVALID ? EXIT_USAGE : EXIT_FAILED;
}

int
tool_number(const char *text, long least, long most, long *out)
{
	char *end;

	errno = 0;
	*out = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || *out < least ||
	    *out > most)
		return -1;
	return 0;
}

int
main(int argc, char **argv)
{
	int status;

	opterr = 0; /* the commands say it themselves */
	log_init("agent-runtime", LOG_LEVEL_WARN);
	for (size_t i = 0; argc > 1 && i < N_OF(tools); i++) {
		if (strcmp(tools[i].name, argv[1]) != 0)
			continue;
		status = tools[i].run(argc - 1, argv + 1);
		if (fflush(stdout) != 0 && status == EXIT_OK)
			status = EXIT_FAILED;
		return status;
	}
	fprintf(stderr, "agent-runtime-client: use agent-runtime instead\n");
	return EXIT_USAGE;
}
