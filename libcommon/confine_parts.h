#ifndef LIBCOMMON_CONFINE_PARTS_H
#define LIBCOMMON_CONFINE_PARTS_H

#include "libcommon/confine.h"

/*
 * The two halves of confine_self; for confine.c only. Each holds for the
 * calling thread and for what it starts later.
 */

/* Returns 1 when the kernel has no Landlock. */
int
confine_landlock(const struct confine_rules *rules, struct err *err) MUST_CHECK;

int confine_seccomp(unsigned flags, struct err *err) MUST_CHECK;

/*
 * io_uring executes calls that seccomp never sees, and libuv may keep a ring
 * for itself from its first moment: so it is refused before the loop exists.
 */
void confine_no_io_uring(void);

#endif
