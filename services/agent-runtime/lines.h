#ifndef AGENT_RUNTIME_LINES_H
#define AGENT_RUNTIME_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "libcommon/buf.h"
#include "libcommon/log.h"

/*
 * What a daemon writes, cut into lines. A line longer than LINES_MAX_BYTES
 * loses its end and says so; control characters and wrong UTF-8 become '?', so
 * that a daemon that is out of its mind cannot drive the terminal.
 */
enum { LINES_MAX_BYTES = 4096 };

struct lines {
	struct buf part; /* of the line that has not ended */
	bool is_cut;
};

typedef void (*line_fn)(void *arg, char *line);

void lines_init(struct lines *lines);
void lines_release(struct lines *lines);
void lines_feed(
    struct lines *lines, const char *bytes, size_t size, line_fn fn, void *arg);
/* The last line may lack its newline. */
void lines_end(struct lines *lines, line_fn fn, void *arg);

/* A line of our log: its parts, each a NUL-terminated copy. */
struct log_line {
	enum log_level level;
	char program[40];
	char id[48];
};

/* Returns false when the line is not of that form. */
bool log_line_parse(struct log_line *out, const char *line);

#endif
