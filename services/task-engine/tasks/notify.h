#ifndef TASK_ENGINE_TASKS_NOTIFY_H
#define TASK_ENGINE_TASKS_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct store;
struct turn_work;

/* Who is told that a task began and ended: AGENT_RUNTIME_TASK_NOTIFY_… */
enum notify_policy {
	NOTIFY_BOTH,
	NOTIFY_ADMIN,  /* the admin channels of its workspace, and hubs */
	NOTIFY_ORIGIN, /* where it was asked for */
	NOTIFY_POLICY_COUNT
};
struct notify_policies {
	enum notify_policy success, failure;
};

struct notify_end {
	bool is_ok;
	const char *text; /* what it says where it was asked for */
	const char *why;  /* of a failure, in words that quote nothing */
	const char *path; /* of its artifact, beneath the workspace */
};

/*
 * Says in its place that a routed task has begun: the first time, and not
 * where admins are among themselves. Within a transaction, as is the other.
 */
int notify_began(struct store *store, const struct turn_work *work,
    const struct notify_policies *policies, int64_t now_ms,
    struct err *err) MUST_CHECK;

/*
 * Tells of its end, each place once. A failure always reaches whoever asked;
 * the answer that was its run always answers; a draft reaches only admins.
 */
int notify_ended(struct store *store, const struct turn_work *work,
    const struct notify_end *end, const struct notify_policies *policies,
    int64_t now_ms, struct arena *arena, struct err *err) MUST_CHECK;

/* The answer to the message that the turn is about. */
int notify_answer(struct store *store, const struct turn_work *work,
    const char *text, int64_t now_ms, struct err *err) MUST_CHECK;

#endif
