#ifndef AGENT_RUNTIME_LOGFILE_H
#define AGENT_RUNTIME_LOGFILE_H

#include "libcommon/defs.h"

struct err;

/*
 * <dir>/agent-runtime.log: at LOGFILE_MAX_BYTES it becomes agent-runtime.log.1
 * and so on; five files are kept in all. What cannot be written (a full disk)
 * is dropped, and counted in the first line that can be written again. A file
 * that was deleted or moved away is begun anew.
 */
enum { LOGFILE_MAX_BYTES = 10 * 1024 * 1024, LOGFILE_KEPT = 5 };
struct logfile;

int
logfile_open(struct logfile **out, const char *dir, struct err *err) MUST_CHECK;
void logfile_close(struct logfile **logfile);
void logfile_write(struct logfile *logfile, const char *line);

#endif
