#ifndef TASK_ENGINE_WORKSPACE_CHATLOG_H
#define TASK_ENGINE_WORKSPACE_CHATLOG_H

#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct buf;
struct err;

/*
 * The chat log, a Markdown file that reads back exactly as it was written.
 * Pure.
 *
 *	# Chat Log
 *
 *	- connector: `telegram`
 *	- external_id: `-100123`
 *	- display_name: `Harbour`
 *
 *	## 2026-11-22T14:12:03Z `INBOUND`
 *	- direction: `inbound`
 *	- actor: `4711`
 *
 *	the text, as many lines as it has
 *
 * Nothing in a text can pass for the log's own lines: a line of text that
 * (behind white space and backslashes) begins like "## ", "# Chat Log",
 * "- direction:" or "- actor:" is written with one backslash more before that
 * beginning, and read with one less. A block of code that a text leaves open is
 * ended, so that what follows is not shown as a part of it: by one more line,
 * which ends in a blank, as no text does. Outside of code a "<" that could begin
 * HTML is escaped, so that nothing is hidden in a comment or an element that is
 * left open: k backslashes before it become 2k + 1, and the entry ends in a tab,
 * as no other does; one without it, of an older version, is read as it is.
 * Names between backticks are written with %XX for '`', '%' and control
 * characters.
 */
struct chatlog_entry {
	int64_t at_ms;	       /* kept to the second */
	const char *direction; /* inbound outbound tool */
	const char *actor;
	const char *text;
};

struct chatlog {
	const char *connector;
	const char *external_id;
	const char *display_name;
	struct chatlog_entry *entries;
	size_t n_entries;
};

void chatlog_head(struct buf *out, const char *connector,
    const char *external_id, const char *display_name);

/* Nothing when the text's canonical form is empty. */
void chatlog_add(struct buf *out, const struct chatlog_entry *entry);

/*
 * What a log keeps of a text: no white space around it, LF for every kind of
 * line end, U+FFFD for other control characters and for what is not UTF-8.
 */
void chatlog_canonical(struct buf *out, const char *text);

/* ERR_INVALID names the line that is not a chat log's. */
int chatlog_read(const char *text, size_t size, struct arena *arena,
    struct chatlog *out, struct err *err) MUST_CHECK;

#endif
