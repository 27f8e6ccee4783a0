#ifndef TASK_ENGINE_WORKSPACE_CHATLOG_LINE_H
#define TASK_ENGINE_WORKSPACE_CHATLOG_LINE_H

#include <stddef.h>

struct buf;

/* What writing and reading a chat log share. */

/*
 * Where the backslash goes (or went) in a line of text that begins like one of
 * the log's own; SIZE_MAX when it does not.
 */
size_t chatlog_forged_at(const char *line, size_t size);

void chatlog_name(struct buf *out, const char *name);

#endif
