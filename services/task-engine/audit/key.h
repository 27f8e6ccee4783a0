#ifndef TASK_ENGINE_AUDIT_KEY_H
#define TASK_ENGINE_AUDIT_KEY_H

#include "libcommon/defs.h"

struct err;

/* What the rows are chained with: 32 random bytes in a file, 0600. */
enum { AUDIT_KEY_BYTES = 32, AUDIT_MARK_SIZE = 17 };

struct audit_key {
	unsigned char bytes[AUDIT_KEY_BYTES];
	/* Tells one key from another and nothing about it: of its SHA-256. */
	char mark[AUDIT_MARK_SIZE];
};

/* Returns 1 when there is no such file. */
int audit_key_read(
    struct audit_key *out, const char *path, struct err *err) MUST_CHECK;
/* It is on disk when this returns. */
int audit_key_make(
    struct audit_key *out, const char *path, struct err *err) MUST_CHECK;

#endif
