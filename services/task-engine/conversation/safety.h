#ifndef TASK_ENGINE_CONVERSATION_SAFETY_H
#define TASK_ENGINE_CONVERSATION_SAFETY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The controls that stand before every model call. What it knows of earlier
 * calls (the rate window) is in memory; time is passed in.
 */
struct safety;

/* Whose answers are counted together. */
enum safety_scope {
	SAFETY_PERSON,
	SAFETY_ROOM,
	SAFETY_WORKSPACE,
	SAFETY_SCOPE_COUNT
};

struct safety_options {
	bool is_enabled;
	bool allow_dm;
	bool require_mention;
	const char *allowed_roles;	 /* CSV; "" allows all */
	const char *allowed_context_ids; /* CSV; "" allows all */
	/* of each, in a window; 0: no limit */
	int64_t limits[SAFETY_SCOPE_COUNT];
	int64_t window_ms;
};

/* In the order in which they are asked. */
enum safety_verdict {
	SAFETY_ALLOWED,
	SAFETY_DISABLED,
	SAFETY_DM_DISABLED,
	SAFETY_MENTION_REQUIRED,
	SAFETY_CONTEXT_NOT_ALLOWED,
	SAFETY_ROLE_NOT_ALLOWED,
	SAFETY_RATE_LIMITED, /* the person */
	SAFETY_ROOM_LIMITED,
	SAFETY_WORKSPACE_LIMITED,
	SAFETY_VERDICT_COUNT
};

struct safety_question {
	const char *person; /* the linked one, or the account */
	const char *context_id;
	const char *workspace_id;
	const char *role; /* admin and overlord: no limit */
	bool is_direct;
	bool is_addressed;
	bool is_work;  /* not a reply: no rule of DMs and mentions */
	bool is_trial; /* it is only asked: it counts nowhere */
};

/* options and its strings outlive it. */
struct safety *safety_new(const struct safety_options *options);
void safety_free(struct safety **safety);

/* An allowed question counts in the window; a refused one does not. */
enum safety_verdict safety_check(struct safety *safety,
    const struct safety_question *question, int64_t now_ms);

/* The variable that decides so; "" when it is allowed. */
const char *safety_rule(enum safety_verdict verdict);

/*
 * What is said about it; "" when nothing is. Who waits for an answer is told
 * also of what silences a chat.
 */
const char *safety_notice(enum safety_verdict verdict, bool asker_waits);

#endif
