/* Reads serve.json, and judges by it whether waiting is of any use. */

#include "services/agent-runtime/standing.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/json.h"
#include "services/agent-runtime/report.h"

enum { PATH_SIZE = 4200 };

struct json *
standing_read(const char *run_dir)
{
	AUTO(buf_release)
	struct buf text;
	AUTO(json_free)
	struct json *report = NULL;
	char path[PATH_SIZE];
	struct err err;
	int64_t pid;

	buf_init(&text);
	snprintf(path, sizeof(path), "%s/" REPORT_FILE, run_dir);
	if (file_read(&text, AT_FDCWD, path, REPORT_MAX_BYTES, &err) < 0 ||
	    json_parse(&report, text.data, text.size, &err) < 0)
		return NULL;
	pid = json_int(json_get(report, "pid"), 0);
	if (pid <= 0 || (kill((pid_t)pid, 0) < 0 && errno != EPERM))
		return NULL; /* left by a serve that was killed */
	return STEAL(report);
}

static const struct json *
first_daemon(const struct json *report)
{
	const struct json *list =
	    report != NULL ? json_get(report, "daemons") : NULL;

	return list != NULL && json_type(list) == JSON_LIST ? json_first(list)
							    : NULL;
}

static bool
is_asked_for(const char *name, const char *daemon)
{
	if (daemon != NULL)
		return strcmp(name, daemon) == 0;
	return strcmp(name, "task-engine") == 0 || strcmp(name, "api") == 0;
}

bool
standing_is_hopeless(
    const struct json *report, const char *daemon, char why[256])
{
	const struct json *d;

	for (d = first_daemon(report); d != NULL; d = json_next(d)) {
		const char *name = json_str(json_get(d, "name"), "");
		const char *state = json_str(json_get(d, "state"), "");

		if (!is_asked_for(name, daemon) ||
		    (strcmp(state, "failing") != 0 &&
			strcmp(state, "bad-config") != 0))
			continue;
		snprintf(why, 256,
		    "%s is %s (%s): nothing is answered until it runs; see "
		    "`agent-runtime logs` and `agent-runtime doctor`",
		    name, state, json_str(json_get(d, "last_exit"), "?"));
		return true;
	}
	return false;
}

void
standing_add_not_running(struct buf *out, const struct json *report)
{
	const char *before = ": ";
	const struct json *d;

	for (d = first_daemon(report); d != NULL; d = json_next(d)) {
		const char *name = json_str(json_get(d, "name"), "");
		const char *state = json_str(json_get(d, "state"), "?");

		if (!is_asked_for(name, NULL) || strcmp(state, "running") == 0)
			continue;
		buf_addf(out, "%s%s is %s", before, name, state);
		before = ", ";
	}
}
