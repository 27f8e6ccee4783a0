#ifndef TASK_ENGINE_DELIVERY_NOTICES_H
#define TASK_ENGINE_DELIVERY_NOTICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct store;

/* What the people who look after a workspace are told. */
struct notice {
	const char *workspace_id;
	const char *text;      /* Markdown */
	const char *action_id; /* that it asks about, or NULL */
	bool has_buttons;      /* that decide it */
	/* A context that was told already, so as not to say it there twice;
	 * or NULL. */
	const char *told_context_id;
};

/*
 * Posts it to the admin channels of the workspace and to the hubs that hear
 * what concerns all workspaces, once to each. *n_told_out: to how many.
 * Within a transaction.
 */
int
notice_post(struct store *store, const struct notice *notice, int64_t now_ms,
    struct arena *arena, size_t *n_told_out, struct err *err) MUST_CHECK;

/* The same of what concerns no workspace: to the hubs, and without any to
 * every admin channel. */
int notice_post_all(struct store *store, const char *text, int64_t now_ms,
    struct arena *arena, size_t *n_told_out, struct err *err) MUST_CHECK;

/* Ways that lead nowhere now: "telegram.main". */
struct detour {
	const char *const *avoided;
	size_t n_avoided;
};

/*
 * The same of what is wrong with a connector: by no instance that is to be
 * avoided, and not where nobody reads it. Where no hub and no admin channel is
 * left, the admins hear it in private.
 */
int notice_post_around(struct store *store, const char *text,
    const struct detour *detour, int64_t now_ms, struct arena *arena,
    size_t *n_told_out, struct err *err) MUST_CHECK;

#endif
