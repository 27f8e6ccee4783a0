#ifndef TASK_ENGINE_AUDIT_AUDIT_IMPL_H
#define TASK_ENGINE_AUDIT_AUDIT_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "services/task-engine/audit/audit.h"
#include "services/task-engine/audit/head.h"
#include "services/task-engine/audit/key.h"

/* The audit room's own. */

struct arena;
struct refusal_note;
struct refusal_count;

struct audit {
	struct store *store;
	char *key_path, *head_path;
	struct audit_key key;

	bool has_head;
	struct audit_head head; /* as it is kept outside */
	/* The database does not have the head's row: it stays as it is. */
	bool is_frozen;
	bool has_write_trouble; /* said once */
	int64_t logged_seq;
	char trouble[256];

	struct audit_entry known;

	/* Refusals: what is counted this hour, and what waits to be written. */
	int64_t hour_began_ms;
	int64_t n_this_hour;
	struct refusal_count *counts;
	struct arena *notes_arena;
	struct refusal_note *notes, *last_note;
};

/* The entry with what is known of the request, cut, in the arena. */
void audit_complete(const struct audit *audit, const struct audit_entry *given,
    struct arena *arena, struct audit_entry *out);
/* audit_close without a word: it was never open. */
void audit_drop(struct audit **audit);
/* Brings the file of the head to where the database is. */
void audit_follow(struct audit *audit);
void audit_refusals_release(struct audit *audit);

/* Operations of the engine's own rows. */
#define AUDIT_KEY_BEGINS "audit.key"
#define AUDIT_HEAD_BEGINS "audit.head"

#endif
