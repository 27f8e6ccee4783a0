#ifndef AGENT_RUNTIME_LOGTAIL_H
#define AGENT_RUNTIME_LOGTAIL_H

#include <stdbool.h>

#include "libcommon/defs.h"

struct err;

/*
 * Reads the log that logfile.h writes: the kept files, oldest first, then what
 * is added. No line is left out or comes twice when a file turns over meanwhile
 * (as long as it is still kept when it is read), and a file that was emptied is
 * read from its beginning.
 */
struct logtail;

typedef void (*logtail_fn)(void *arg, const char *line);

/* Looks for the files of path (…/agent-runtime.log); none is no failure. */
int logtail_open(
    struct logtail **out, const char *path, struct err *err) MUST_CHECK;
void logtail_close(struct logtail **logtail);

/*
 * Calls fn with each line that was not read yet. What lacks its newline at the
 * end of the newest file waits for the next time, unless is_last.
 *
 * Returns 1 when there is no file yet.
 */
int logtail_read(struct logtail *logtail, bool is_last, logtail_fn fn,
    void *arg, struct err *err) MUST_CHECK;

#endif
