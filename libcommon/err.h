#ifndef LIBCOMMON_ERR_H
#define LIBCOMMON_ERR_H

#include <stdarg.h>

#include "libcommon/defs.h"

/*
 * Why a call failed. The caller owns the struct, usually on its stack; nothing
 * is allocated. Functions that fill it return 0 for done, -1 for failed with
 * *err filled, and 1 for the one other outcome that their header documents.
 *
 * The code's name is `error.code` of a reply envelope. The text is written for
 * the person who asked, except for ERR_INTERNAL, whose text stays in our log.
 */
enum err_code {
	ERR_NONE,
	ERR_INVALID, /* the input is wrong; the same input fails again */
	ERR_UNAUTHENTICATED, /* nobody known asks; "unauthenticated" */
	ERR_REFUSED,	     /* understood, and not allowed */
	ERR_NOT_FOUND,
	ERR_CONFLICT,	 /* against the present state, or the same id reused */
	ERR_BUSY,	 /* a bound is reached; try again later */
	ERR_UNAVAILABLE, /* a peer, a disk or an endpoint is away */
	ERR_TIMEOUT,
	ERR_INTERNAL,
	ERR_COUNT
};

struct err {
	enum err_code code;
	char text[256];
};

/* Both always return -1. Text that does not fit is cut. */
int
err_set(struct err *err, enum err_code code, const char *fmt, ...) PRINTF(3, 4);
int err_prefix(struct err *err, const char *fmt, ...) PRINTF(2, 3);

/* Sets ERR_INTERNAL with the text of errno behind the formatted one. */
int err_errno(struct err *err, const char *fmt, ...) PRINTF(2, 3);

/* It looks at one file at a time, and would follow them as if they might not
 * fail. */
#ifdef __clang_analyzer__
#define ERR_FAILS(call)                                                        \
	__extension__({                                                        \
		(void)(call);                                                  \
		-1;                                                            \
	})
#define err_set(...) ERR_FAILS(err_set(__VA_ARGS__))
#define err_prefix(...) ERR_FAILS(err_prefix(__VA_ARGS__))
#define err_errno(...) ERR_FAILS(err_errno(__VA_ARGS__))
#endif

/* The code's name on the wire ("not_found"), and back; unknown: ERR_INTERNAL. */
const char *err_code_name(enum err_code code);
enum err_code err_code_parse(const char *name);

/* Prints "<program>: <text>" to stderr and exits with the status. */
void
die(int status, const char *fmt, ...) PRINTF(2, 3) __attribute__((noreturn));

#endif
