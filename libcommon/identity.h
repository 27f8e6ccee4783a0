#ifndef LIBCOMMON_IDENTITY_H
#define LIBCOMMON_IDENTITY_H

#include <stddef.h>
#include <sys/types.h>

#include "libcommon/defs.h"
#include "proto/routes.h"

struct err;

/*
 * Whom a daemon runs as when `serve` was started as root: the system user
 * agent-runtime-<daemon> where there is one, else IDENTITY_FIRST_ID and those
 * behind it, in the order of enum service_id. Debian and systemd give these to
 * nobody, and containers of 65536 ids have them.
 */
enum { IDENTITY_FIRST_ID = 61100 };

struct identity {
	uid_t uid;
	gid_t gid;
};

struct identity identity_of(enum service_id service);
/* Who may read the workspaces: group agent-runtime, or the indexer's own. */
gid_t identity_readers(void);

/* For good, with no more groups than those that the daemon needs. */
int identity_assume(enum service_id service, struct err *err) MUST_CHECK;

/*
 * An access list for a file of ours: bits as in a mode (4 read, 2 write, 1
 * execute) for the owner, for these users and for all others; nothing for the
 * group. ERR_UNAVAILABLE: the file system has no access lists.
 */
struct admitted {
	uid_t uid;
	unsigned may;
};
enum { IDENTITY_MAX_ADMITTED = 4 };
int identity_admit(const char *path, unsigned owner_may,
    const struct admitted *users, size_t n_users, unsigned others_may,
    struct err *err) MUST_CHECK;

#endif
