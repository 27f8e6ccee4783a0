#ifndef TASK_ENGINE_STORE_MEMBERSHIPS_H
#define TASK_ENGINE_STORE_MEMBERSHIPS_H

#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct store;

/*
 * Where our bots came and went, where they are no longer, and which chats the
 * platform calls by another id than we do.
 */
struct membership_row {
	const char *instance; /* "telegram.main" */
	const char *event_id;
	const char *change; /* added removed moved */
	const char *space_id;
	const char *actor; /* who did it */
	int64_t at_ms;
};

/* Returns 1, changing nothing, when that event was here before. */
int store_membership_add(struct store *store, const struct membership_row *row,
    struct err *err) MUST_CHECK;

/* Where the instance came to and has not left, in the order of the ids, those
 * behind after. */
int store_memberships_list(struct store *store, const char *instance,
    const char *after, int64_t limit, struct arena *arena,
    const char ***space_ids_out, size_t *n_out, struct err *err) MUST_CHECK;

/*
 * While an instance is absent from a workspace nothing is delivered there by
 * it. Return 1 when it was (or was not) already.
 */
int store_absence_begin(struct store *store, const char *workspace_id,
    const char *instance, const char *reason, int64_t now_ms,
    struct err *err) MUST_CHECK;
int store_absence_end(struct store *store, const char *workspace_id,
    const char *instance, struct err *err) MUST_CHECK;

/*
 * What the platform calls platform_id is known to us as external_id, for good.
 * Looking up a context or workspace by either finds the same.
 */
int store_alias_add(struct store *store, const char *connector,
    const char *platform_id, const char *external_id, int64_t now_ms,
    struct err *err) MUST_CHECK;
/* Ours of the platform's; itself when it has no other. */
int store_alias_find(struct store *store, const char *connector,
    const char *platform_id, struct arena *arena, const char **external_id_out,
    struct err *err) MUST_CHECK;
/* Whether the platform calls it by another id now: 0 if so, 1 if not. */
int store_alias_exists(struct store *store, const char *connector,
    const char *external_id, struct err *err) MUST_CHECK;

#endif
