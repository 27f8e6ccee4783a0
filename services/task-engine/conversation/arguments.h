#ifndef TASK_ENGINE_CONVERSATION_ARGUMENTS_H
#define TASK_ENGINE_CONVERSATION_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "services/task-engine/conversation/triage.h"
#include "services/task-engine/store/roles.h"

struct arena;
struct err;
struct speech;

/*
 * What stands behind a command's name, read strictly. Pure: an id is as it was
 * typed, folded and without what people put around it; whether it is one, or
 * the beginning of several, is looked up among what the asker may see.
 *
 * All return 0, or -1 with ERR_INVALID and in err.text what is wrong, which
 * say_misused() puts behind the command's usage. Strings live in the arena.
 */

/* Which of the pending actions that the asker may decide. */
enum action_which {
	ACTION_BY_ID,
	ACTION_ONLY, /* "it": there must be one, or it is what is replied to */
	ACTION_LATEST,
	ACTION_ALL,
};

struct action_choice {
	enum action_which which;
	const char *id;	    /* ACTION_BY_ID, else "" */
	const char *reason; /* of a denial; "" when none was given */
};

struct pairing_choice {
	const char *token;  /* in capitals */
	enum role role;	    /* of an approval; ROLE_GUEST: none was given */
	bool is_everywhere; /* "all": for all workspaces */
	const char *reason; /* of a denial */
};

/* approve, deny: a pairing token, or else an action. */
struct decision {
	bool is_pairing;
	struct action_choice action;
	struct pairing_choice pairing;
};
int args_approve(struct decision *out, const char *argument,
    struct arena *arena, struct err *err) MUST_CHECK;
int args_deny(struct decision *out, const char *argument, struct arena *arena,
    struct err *err) MUST_CHECK;

/* approve-action, deny-action. Of the latter what follows is the reason. */
int args_approve_action(struct action_choice *out, const char *argument,
    struct arena *arena, struct err *err) MUST_CHECK;
int args_deny_action(struct action_choice *out, const char *argument,
    struct arena *arena, struct err *err) MUST_CHECK;

/* cancel <task-id>, done <task-id> [note] */
struct task_choice {
	const char *id;
	const char *note; /* "" when there is none */
};
int args_cancel(struct task_choice *out, const char *argument,
    struct arena *arena, struct err *err) MUST_CHECK;
int args_done(struct task_choice *out, const char *argument,
    struct arena *arena, struct err *err) MUST_CHECK;

/* tasks: a state, "all", or "" for what has not ended; a constant. */
int args_tasks(const char **state_out, const char *argument,
    struct arena *arena, struct err *err) MUST_CHECK;

/* route: what is not said is the class's default. Noise has no due window. */
struct route_choice {
	const char *id;
	enum triage_class class;
	const char *priority; /* "p1" to "p3" */
	int64_t due_s;	      /* 0: none */
	const char *lane;
	bool is_run; /* begin it now */
};
int args_route(struct route_choice *out, const char *argument,
    struct arena *arena, struct err *err) MUST_CHECK;

enum prompt_verb { PROMPT_SHOW, PROMPT_SET, PROMPT_CLEAR };
enum { PROMPT_MAX_BYTES = 8000 };

struct prompt_choice {
	enum prompt_verb verb;
	const char *text; /* PROMPT_SET */
};
int args_prompt(struct prompt_choice *out, const char *argument,
    struct arena *arena, struct err *err) MUST_CHECK;

struct forget_choice {
	bool is_everything;
	const char *code; /* as it was typed, "" without one */
};
int args_forget(struct forget_choice *out, const char *argument,
    struct arena *arena, struct err *err) MUST_CHECK;

struct admin_channel_choice {
	bool is_enabled;
	bool is_global;
};
int args_admin_channel(struct admin_channel_choice *out, const char *argument,
    struct arena *arena, struct err *err) MUST_CHECK;

/*
 * The choice that the words from `at` make ("the action act_9f3c", "it"), and
 * how many they are; 0: none.
 */
size_t args_choose_action(
    struct action_choice *out, const struct speech *speech, size_t at);

/* "`word` is <is_not>." of the word at `at`; always -1. */
int args_complain(struct err *err, const struct speech *speech, size_t at,
    const char *is_not);

/*
 * A reason as it is kept: without "because", "reason" or "for" before it and
 * signs around it, one line, at most 400 bytes.
 */
const char *reason_clean(const char *text, struct arena *arena);

#endif
