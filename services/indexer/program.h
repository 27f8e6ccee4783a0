#ifndef INDEXER_PROGRAM_H
#define INDEXER_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct err;
struct loop;

/*
 * One run of a foreign program that is trusted with nothing: a process group
 * of its own, no input, its output bounded and its time limited. Whatever it
 * started is killed with it when it ends, at the latest when its time is over.
 */
struct program;

struct program_end {
	const char *failure; /* NULL: it ended with status 0 */
	const char *out;     /* what it wrote to its standard output */
	size_t out_size;
};
/* Called once, never from within program_start; the program is freed after. */
typedef void (*program_end_fn)(void *arg, const struct program_end *end);

struct program_options {
	char *const *argv; /* [0] is an absolute path */
	char *const *envp;
	const char *cwd;
	int64_t timeout_ms;
	size_t max_out; /* bytes: more is a failure */
	program_end_fn on_end;
	void *arg;
};

int program_start(struct program **program_out, struct loop *loop,
    const struct program_options *options, struct err *err) MUST_CHECK;
/* Kills it; on_end is not called. */
void program_free(struct program **program);

#endif
