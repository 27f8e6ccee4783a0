/* serve.json: how the daemons of serve stand. */

#include "services/agent-runtime/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/file.h"
#include "libcommon/json.h"
#include "libcommon/log.h"
#include "services/agent-runtime/daemon.h"

enum { PATH_BYTES = 4200 };

static void
put_daemon(struct json_out *out, const struct daemon *daemon)
{
	const struct daemon_view v = daemon_view(daemon);

	json_out_object(out, NULL);
	json_out_str(out, "name", v.program);
	json_out_str(out, "instance", v.instance);
	json_out_str(out, "state", daemon_state_name(v.state));
	json_out_int(out, "pid", v.pid);
	json_out_int(out, "restarts", v.n_restarts);
	json_out_str(out, "last_exit", v.last_exit);
	json_out_int(out, "since_unix", v.since_unix);
	json_out_int(out, "next_try_unix", v.next_try_unix);
	json_out_object_end(out);
}

static void
put_report(struct buf *text, const struct report *report)
{
	struct json_out out;

	json_out_init(&out, text);
	json_out_object(&out, NULL);
	json_out_int(&out, "pid", getpid());
	json_out_str(&out, "version", AGENT_RUNTIME_VERSION);
	json_out_int(&out, "started_unix", report->started_unix);
	json_out_int(&out, "updated_unix", clock_unix_ms() / 1000);
	json_out_str(&out, "state", report->state);
	json_out_list(&out, "daemons");
	for (size_t i = 0; i < report->n_daemons; i++)
		put_daemon(&out, report->daemons[i]);
	json_out_list_end(&out);
	json_out_object_end(&out);
	buf_addc(text, '\n');
}

/* With a uid of its own it is in the group that the folder gives its files. */
static int
let_scheduler_read(const char *run_dir, int fd)
{
	char path[PATH_BYTES];
	struct stat folder;

	snprintf(path, sizeof(path), "%s/" REPORT_FOLDER, run_dir);
	if (stat(path, &folder) < 0 || !(folder.st_mode & S_ISGID))
		return 0;
	return fchmod(fd, 0640);
}

/* Not file_replace: this is no data, and fsync would slow the start down. */
static int
replace(const char *run_dir, const struct buf *text)
{
	char path[PATH_BYTES], temporary[PATH_BYTES];
	AUTO(fd_close)
	int fd = -1;

	snprintf(path, sizeof(path), "%s/" REPORT_FILE, run_dir);
	snprintf(temporary, sizeof(temporary),
	    "%s/" REPORT_FOLDER "/.tmp-serve.json", run_dir);
	fd = open(temporary,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || let_scheduler_read(run_dir, fd) < 0 ||
	    write(fd, text->data, text->size) != (ssize_t)text->size)
		return -1;
	return rename(temporary, path);
}

void
report_write(const struct report *report)
{
	AUTO(buf_release)
	struct buf text;

	buf_init(&text);
	put_report(&text, report);
	if (replace(report->run_dir, &text) < 0)
		log_warn("no-report", "file=run/" REPORT_FILE " why=%s",
		    log_quote(strerror(errno)));
}

void
report_remove(const char *run_dir)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/" REPORT_FILE, run_dir);
	(void)unlink(path);
}
