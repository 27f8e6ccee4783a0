#ifndef AGENT_RUNTIME_DAEMON_H
#define AGENT_RUNTIME_DAEMON_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libcommon/defs.h"

struct door_keys;
struct environment;
struct err;
struct forward;
struct loop;
struct suite_member;

/*
 * One supervised daemon. It is started again when it ends by itself: at once
 * after status 75 (a stuck bus: nobody's fault), never after status 2 (bad
 * configuration), and otherwise as backoff.h says.
 */
enum daemon_state {
	DAEMON_STOPPED,
	DAEMON_STARTING, /* no `ready` line yet */
	DAEMON_RUNNING,
	DAEMON_BACKOFF, /* waits to be started again */
	DAEMON_FAILING, /* the same, after five quick deaths */
	DAEMON_BAD_CONFIG,
	DAEMON_STATE_COUNT
};

const char *daemon_state_name(enum daemon_state state);

/* What all daemons of a serve share; outlives them. */
struct daemon_env {
	struct loop *loop;
	struct forward *forward;
	const struct environment *environment;
	const struct door_keys *keys;
	const char *data_dir;
	bool has_own_uids;	      /* each daemon takes one */
	void (*on_change)(void *arg); /* of any daemon's state */
	void *arg;
};

struct daemon;

/* For reports. */
struct daemon_view {
	const char *name; /* "api" or "gateway-telegram.sink" */
	const char *program;
	const char *instance;
	enum daemon_state state;
	pid_t pid; /* 0: not running */
	int n_restarts;
	const char *last_exit; /* "", "status 1", "signal 9 (Killed)" */
	int64_t since_unix;
	int64_t next_try_unix; /* 0: none */
};

int daemon_new(struct daemon **out, const struct daemon_env *env,
    const struct suite_member *member, struct err *err) MUST_CHECK;
void daemon_free(struct daemon **daemon);

void daemon_start(struct daemon *daemon);
/* Sends the signal; from now on an end is an end. */
void daemon_stop(struct daemon *daemon, int signo);
struct daemon_view daemon_view(const struct daemon *daemon);

#endif
