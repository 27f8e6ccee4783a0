#ifndef LIBCOMMON_LOG_H
#define LIBCOMMON_LOG_H

#include <stdbool.h>

#include "libcommon/defs.h"

/*
 * One line per event on stderr:
 *
 *   2026-11-22T14:12:03.120Z info scheduler objective-fired msg=… cause=… k=v
 *
 * The stable id comes first, then key=value. Values that hold spaces, quotes
 * or control characters must be passed through log_quote; the line itself is
 * scrubbed as well, so no value can forge another line.
 */
enum log_level {
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARN,
	LOG_LEVEL_ERROR,
	LOG_LEVEL_COUNT
};

void log_init(const char *program, enum log_level least);
void log_set_level(enum log_level least);
bool log_shows(enum log_level level);
/* Returns 0, or -1 for an unknown name. */
int log_level_parse(const char *name, enum log_level *level_out);
const char *log_level_name(enum log_level level);

/* What is being handled now; both are added to every line until cleared. */
void log_context(const char *msg_id, const char *cause_id);
void log_context_clear(void);
/* What began it: the cause, else the id; "" when nothing is handled. */
const char *log_context_origin(void);

void log_debug(const char *id, const char *fmt, ...) PRINTF(2, 3);
void log_info(const char *id, const char *fmt, ...) PRINTF(2, 3);
void log_warn(const char *id, const char *fmt, ...) PRINTF(2, 3);
void log_error(const char *id, const char *fmt, ...) PRINTF(2, 3);

/*
 * text in double quotes with \" \\ \n \xNN for what could confuse a reader or
 * a terminal, cut at 200 bytes. The result lives in one of eight static slots:
 * use it in the log call itself.
 */
const char *log_quote(const char *text);

#endif
