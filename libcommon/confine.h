#ifndef LIBCOMMON_CONFINE_H
#define LIBCOMMON_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

#include "libcommon/defs.h"

struct err;

/*
 * What a process gives up once it is set up: Landlock for paths and TCP ports
 * (as far as the kernel knows them), seccomp for calls, no_new_privs, not
 * dumpable, no core files. It cannot be undone.
 */
enum confine_path_right {
	CONFINE_READ,	    /* a file or everything beneath a directory */
	CONFINE_READ_WRITE, /* and create, remove, rename beneath it */
	CONFINE_SOCKETS,    /* connect to and make sockets beneath it */
	CONFINE_LINKS,	    /* CONFINE_READ_WRITE and symbolic links */
	CONFINE_EXECUTE,    /* CONFINE_READ and execute */
};

struct confine_path {
	const char *path; /* absent and closed ones are skipped */
	enum confine_path_right right;
};

enum confine_flag {
	CONFINE_ALLOW_EXEC = 1,	   /* execve (inherits everything else) */
	CONFINE_ALLOW_CONNECT = 2, /* outgoing internet connections */
	CONFINE_ALLOW_LISTEN = 4,  /* accept connections on a TCP port */
};

struct confine_rules {
	const struct confine_path *paths;
	size_t n_paths;
	unsigned flags;
};

/* Returns 1 when the kernel has no Landlock: everything else then holds. */
int confine_self(const struct confine_rules *rules, struct err *err) MUST_CHECK;

/* The Landlock ABI of this kernel; 0: none. */
int confine_landlock_abi(void);

/* Before init: umask 077, no core files, not dumpable; dies with its parent
 * when parent_pid is not 0 (and exits at once if that is not the parent). */
void confine_early(int parent_pid);

#endif
