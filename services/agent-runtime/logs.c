/* `agent-runtime logs`: the suite's log, whole or one message's way. */

#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/err.h"
#include "services/agent-runtime/logtail.h"
#include "services/agent-runtime/screen.h"
#include "services/agent-runtime/settings.h"
#include "services/agent-runtime/tools.h"
#include "services/agent-runtime/trail.h"

static const char name[] = "logs";

enum { PATH_SIZE = 4200, FOLLOW_MS = 200 };

struct logs {
	struct trail *trail; /* NULL: every line */
	bool follows;
	char path[PATH_SIZE];
};

static void
show(void *arg, const char *line)
{
	struct logs *logs = arg;

	if (logs->trail == NULL || trail_takes(logs->trail, line))
		screen_print(line, "", "");
}

static void
say_there_is_none(const struct logs *logs)
{
	fprintf(stderr,
	    "agent-runtime logs: there is no %s: it is written by "
	    "`agent-runtime serve --log-file`; without --log-file the lines "
	    "go to where serve was started%s\n",
	    logs->path, logs->follows ? "; waiting for it" : "");
}

/* Until interrupted, or nobody reads what is printed. */
static int
read_on(struct logs *logs, struct logtail *tail, struct err *err)
{
	bool was_said = false;

	for (;;) {
		int rc = logtail_read(tail, !logs->follows, show, logs, err);

		if (rc < 0)
			return tool_failed(name, err);
		if (rc == 1 && !was_said)
			say_there_is_none(logs);
		was_said = rc == 1;
		if (fflush(stdout) != 0 || ferror(stdout))
			return EXIT_FAILED;
		if (!logs->follows)
			return rc == 0 ? EXIT_OK : EXIT_FAILED;
		(void)poll(NULL, 0, FOLLOW_MS);
	}
}

static int
run(struct logs *logs)
{
	struct settings settings;
	struct logtail *tail;
	struct err err;
	int status;

	if (settings_load(&settings, &err) < 0)
		return tool_failed(name, &err);
	snprintf(logs->path, sizeof(logs->path), "%s/log/agent-runtime.log",
	    settings.data_dir);
	settings_release(&settings);
	if (logtail_open(&tail, logs->path, &err) < 0)
		return tool_failed(name, &err);
	status = read_on(logs, tail, &err);
	logtail_close(&tail);
	return status;
}

static int
parse(struct logs *logs, int argc, char **argv)
{
	static const struct option options[] = {
		{ "follow", no_argument, NULL, 'f' },
		{ "msg", required_argument, NULL, 'm' },
		{ NULL, 0, NULL, 0 },
	};
	int flag;

	while ((flag = getopt_long(argc, argv, ":f", options, NULL)) != -1) {
		if (flag == 'f')
			logs->follows = true;
		else if (flag == 'm' && *optarg != '\0')
			logs->trail = trail_new(optarg);
		else if (flag == 'm')
			return tool_misused(name, "--msg: must not be empty");
		else
			return tool_bad_flag(name, flag, argv);
	}
	if (optind < argc)
		return tool_misused(
		    name, "takes no argument: %s", argv[optind]);
	return 0;
}

int
logs_run(int argc, char **argv)
{
	struct logs logs = { .trail = NULL };
	int status = parse(&logs, argc, argv);

	if (status == 0)
		status = run(&logs);
	trail_free(&logs.trail);
	return status;
}
