#ifndef TASK_ENGINE_PEOPLE_ACTORS_H
#define TASK_ENGINE_PEOPLE_ACTORS_H

#include <stdint.h>

#include "libcommon/defs.h"
#include "libcommon/id.h"
#include "services/task-engine/policy/policy.h"

struct arena;
struct credential;
struct err;
struct store;

/* Who it is that asks, from what the transport says about them. */
struct people {
	struct store *store;
	char local_sha256[ID_SHA256_HEX_SIZE]; /* of the local credential */
	uint32_t owner_uid;
};

/*
 * Reads the local credential from path, which is made (0600) when absent:
 * deleting it and starting again rotates it.
 */
int people_open(struct people *people, struct store *store,
    const char *token_path, struct err *err) MUST_CHECK;

/*
 * The person at the machine (token file, owner's uid on the unix socket, or a
 * client certificate at the admin listener), a tool, or ERR_UNAUTHENTICATED.
 */
int people_actor(struct people *people, const struct credential *credential,
    int64_t now_ms, struct arena *arena, struct actor *actor_out,
    struct err *err) MUST_CHECK;

/* An account of a chat platform, and the person it is linked to, if any. */
int people_account(struct people *people, const char *connector,
    const char *user_id, struct arena *arena, struct actor *actor_out,
    struct err *err) MUST_CHECK;

/*
 * Whoever the person at the machine names: "local", "tool:codex-laptop" or
 * "telegram:42". ERR_INVALID tells which connectors there are.
 */
int people_named(struct people *people, const char *name, struct arena *arena,
    struct actor *actor_out, struct err *err) MUST_CHECK;

/*
 * Whoever asked earlier, by their whole name, as they are now and never more
 * than the role that they had then. Returns 1 when there is no such actor any
 * more (its token was revoked): nothing may be done for it.
 */
int people_asker(struct people *people, const char *name, const char *role_then,
    struct arena *arena, struct actor *actor_out, struct err *err) MUST_CHECK;

#endif
