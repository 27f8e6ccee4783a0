#ifndef TASK_ENGINE_AUDIT_HEAD_H
#define TASK_ENGINE_AUDIT_HEAD_H

#include <stdint.h>

#include "libcommon/defs.h"
#include "libcommon/id.h"

struct err;

/* The number and hash of a row, as text "17:<64 hex digits>". */
struct audit_head {
	int64_t seq;
	char hash[ID_SHA256_HEX_SIZE];
};

/* Pure. ERR_INVALID for what is no head. */
int audit_head_parse(
    struct audit_head *out, const char *text, struct err *err) MUST_CHECK;

/* Returns 1 when there is no such file; ERR_INVALID when it holds none. */
int audit_head_read(
    struct audit_head *out, const char *path, struct err *err) MUST_CHECK;

/*
 * Renames a new one into place. It does not wait for the disk: the head is
 * written after the commit that it is of, so what a loss of power leaves is
 * older than the database, never newer.
 */
int audit_head_write(const struct audit_head *head, const char *path,
    struct err *err) MUST_CHECK;

#endif
