#ifndef TASK_ENGINE_WORKSPACE_CHATLOG_LINE_H
#define TASK_ENGINE_WORKSPACE_CHATLOG_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "libcommon/defs.h"

struct buf;

/* What writing and reading a chat log share. */

/*
 * Where the backslash goes (or went) in a line of text that begins like one of
 * the log's own; SIZE_MAX when it does not.
 */
size_t chatlog_forged_at(const char *line, size_t size);

/*
 * Makes an odd number of backslashes of those before each "<" that could begin
 * HTML: of k, 2k + 1. Not in code, where they would be shown. Returns whether
 * there was such a "<".
 */
bool chatlog_html_hide(struct buf *text);
/* Undoes it; -1 when it cannot have been done. */
int chatlog_html_show(struct buf *text) MUST_CHECK;

void chatlog_name(struct buf *out, const char *name);

#endif
