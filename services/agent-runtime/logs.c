/* `agent-runtime logs`: the suite's log, whole or one message's way. */

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/agent-runtime/logfile.h"
#include "services/agent-runtime/screen.h"
#include "services/agent-runtime/settings.h"
#include "services/agent-runtime/trail.h"
#include "services/agent-runtime/tools.h"

static const char name[] = "logs";

enum { PATH_SIZE = 4200, FOLLOW_MS = 200 };

struct logs {
	struct trail *trail; /* NULL: every line */
	bool follows;
	char path[PATH_SIZE];
	bool found_file;
};

static void
show(struct logs *logs, const char *line)
{
	if (logs->trail == NULL || trail_takes(logs->trail, line))
		screen_print(line, "", "");
}

/* What is there now; a last line without its end stays for the next time. */
static void
show_rest(struct logs *logs, FILE *file)
{
	char *line = NULL;
	size_t room = 0;

	for (;;) {
		off_t start = ftello(file);
		ssize_t size = getline(&line, &room, file);

		if (size <= 0)
			break;
		if (line[size - 1] != '\n') {
			fseeko(file, start, SEEK_SET);
			break;
		}
		line[size - 1] = '\0';
		show(logs, line);
	}
	free(line);
	clearerr(file);
	fflush(stdout);
}

static void
show_old(struct logs *logs)
{
	char path[PATH_SIZE + 16];

	for (int i = LOGFILE_KEPT - 1; i > 0; i--) {
		FILE *file;

		snprintf(path, sizeof(path), "%s.%d", logs->path, i);
		file = fopen(path, "re");
		if (file == NULL)
			continue;
		logs->found_file = true;
		show_rest(logs, file);
		fclose(file);
	}
}

/* Whether the path names another file by now: it was rotated. */
static bool
was_rotated(const struct logs *logs, FILE *file)
{
	struct stat open, named;

	return stat(logs->path, &named) == 0 &&
	       fstat(fileno(file), &open) == 0 &&
	       (open.st_ino != named.st_ino || open.st_dev != named.st_dev);
}

static void
follow(struct logs *logs)
{
	FILE *file = fopen(logs->path, "re");

	for (;;) {
		if (file != NULL)
			show_rest(logs, file);
		if (file != NULL && was_rotated(logs, file)) {
			show_rest(logs, file);
			fclose(file);
			file = NULL;
		}
		if (file == NULL)
			file = fopen(logs->path, "re");
		else if (!logs->follows)
			break;
		if (file == NULL && !logs->follows)
			return;
		if (logs->follows)
			(void)poll(NULL, 0, FOLLOW_MS);
	}
	logs->found_file = true;
	fclose(file);
}

static int
run(struct logs *logs)
{
	struct settings settings;
	struct err err;

	if (settings_load(&settings, &err) < 0)
		return tool_failed(name, &err);
	snprintf(logs->path, sizeof(logs->path), "%s/log/agent-runtime.log",
	    settings.data_dir);
	settings_release(&settings);
	show_old(logs);
	follow(logs);
	if (logs->found_file)
		return EXIT_OK;
	fprintf(stderr,
	    "agent-runtime logs: there is no %s: it is written by "
	    "`agent-runtime serve --log-file`; without --log-file the lines "
	    "go to where serve was started\n",
	    logs->path);
	return EXIT_FAILED;
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
