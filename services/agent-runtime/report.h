#ifndef AGENT_RUNTIME_REPORT_H
#define AGENT_RUNTIME_REPORT_H

#include <stddef.h>
#include <stdint.h>

struct daemon;

/*
 * <data>/run/serve/serve.json, how the daemons of `serve` stand, for `status`
 * and for the scheduler (which otherwise could not tell a daemon that keeps
 * dying from one that is not there). Alone in its folder, which is all that
 * the scheduler may read. Replaced as a whole by a rename at each change, mode
 * 0600 (0640 where the scheduler has a uid of its own), at most
 * REPORT_MAX_BYTES:
 *
 *   { "pid": 123, "version": "0.2.0",
 *     "started_unix": 1790000000, "updated_unix": 1790000000,
 *     "state": "starting" | "running" | "stopping",
 *     "daemons": [
 *       { "name": "api", "instance": "main",
 *         "state": "starting" | "running" | "backoff" | "failing" |
 *                  "bad-config" | "stopped",
 *         "pid": 124,           // 0: not running
 *         "restarts": 0,
 *         "last_exit": "",      // "status 1", "signal 9 (Killed)"
 *         "since_unix": 1790000000,
 *         "next_try_unix": 0 }  // 0: none is due
 *     ] }
 *
 * An orderly stop removes it. After kill -9 of serve it stays behind: it is
 * true only while somebody holds run/serve.lock.
 */
#define REPORT_FOLDER "serve" /* in the folder run */
#define REPORT_FILE REPORT_FOLDER "/serve.json"
enum { REPORT_MAX_BYTES = 64 * 1024 };

struct report {
	const char *run_dir;
	int64_t started_unix;
	const char *state;
	struct daemon *const *daemons;
	size_t n_daemons;
};

/* A report that cannot be written is logged: it is a convenience. */
void report_write(const struct report *report);
void report_remove(const char *run_dir);

#endif
