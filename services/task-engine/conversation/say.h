#ifndef TASK_ENGINE_CONVERSATION_SAY_H
#define TASK_ENGINE_CONVERSATION_SAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/task-engine/conversation/command.h"
#include "services/task-engine/store/roles.h"

struct buf;
struct route_choice;
struct search_document;
struct search_hits;
struct search_state;
struct task;

/*
 * What the agent says in answer to commands. Pure; all append to out. What
 * members and models wrote is quoted (quote.h). Refusals are the policy's.
 */

/* may: by enum command_id, what the asker may do; NULL: everything. */
void say_help(struct buf *out, const bool *may);
void say_unknown(struct buf *out, const char *name);
/* "Usage: /search <query>" and what it does. */
void say_usage(struct buf *out, const char *command_name);
/* That, and what was wrong about what was typed. */
void
say_misused(struct buf *out, enum command_id id, const char *what_is_wrong);
/* result_path: NULL where the result is said, else where it will be. */
void
say_task_queued(struct buf *out, const char *task_id, const char *result_path);

void
say_hits(struct buf *out, const struct search_hits *hits, const char *query);
void say_document(struct buf *out, const struct search_document *document);

struct status_facts {
	const char *workspace_id;
	const struct search_state *index; /* NULL: index_error says why */
	const char *index_error;
	int64_t n_open, n_queued, n_running, n_failed;
	const char *model;
	const char *folder; /* "" unless the person at the machine asks */
};
void say_status(struct buf *out, const struct status_facts *facts);

struct whoami_facts {
	const char *actor;   /* "telegram:42" */
	const char *name;    /* "" if not known */
	const char *user_id; /* of the linked person; "" for a guest */
	bool can_pair;	     /* an account of a chat platform */
	enum role here;
	enum role everywhere;
	const char *workspace_id;
	const bool *may; /* as of say_help */
};
void say_whoami(struct buf *out, const struct whoami_facts *facts);

/* state: as args_tasks() read it; has_more: the list is cut. */
void say_tasks(struct buf *out, const struct task *rows, size_t n_rows,
    const char *state, bool has_more);
/* A short id that is none, or the beginning of several. what: "task". */
void say_no_such(struct buf *out, const char *what, const char *id);
void say_several(struct buf *out, const char *what, const char *id,
    const char *const *ids, size_t n_ids);
/* did: "cancelled", "closed" */
void say_task_ended(
    struct buf *out, const char *task_id, const char *did, const char *note);
void say_routed(struct buf *out, const char *task_id,
    const struct route_choice *choice, int64_t due_at_unix);

/* A pending action, as /pending-actions lists it. */
struct pending_action {
	const char *id;
	const char *type;
	const char *summary; /* "" if there is none */
	const char *connector;
	const char *external_id;
	int64_t expires_at_unix;
};
/* is_everywhere: of more than this context, so each says where it is from. */
void say_pending(struct buf *out, const struct pending_action *rows,
    size_t n_rows, bool is_everywhere, bool has_more);
/* "it" and there are several. */
void say_several_pending(struct buf *out, const struct pending_action *rows,
    size_t n_rows, bool is_everywhere);

struct pairing_said {
	const char *name;
	const char *user_id;
	enum role role;
	const char *workspace_id; /* or ROLE_EVERYWHERE */
	const char *reason;	  /* of a denial, or "" */
};
void say_pairing_approved(struct buf *out, const struct pairing_said *said);
void say_pairing_denied(struct buf *out, const struct pairing_said *said);

/* is_wrong: a code was given, and was not that one. */
void say_forget_warning(struct buf *out, const char *code, bool is_wrong);
/* It goes on after the answer. */
void say_forgetting(struct buf *out, bool is_everything);
void say_forgotten(struct buf *out, bool is_everything, int64_t n_messages,
    int64_t n_answers, int64_t n_tasks);

void say_prompt(struct buf *out, const char *text, bool is_of_channel);
void say_prompt_set(struct buf *out, const char *context_id, bool is_cleared);
void say_admin_channel(
    struct buf *out, const char *context_id, bool is_enabled, bool is_global);

#endif
