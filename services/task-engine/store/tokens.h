#ifndef TASK_ENGINE_STORE_TOKENS_H
#define TASK_ENGINE_STORE_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "proto/token.h"

struct arena;
struct err;
struct store;

/* Credentials of tools. Only hashes of the tokens are here. */

/* Returns 1 when there is one of that name. */
int store_token_add(struct store *store, const struct token_item *item,
    const char *token_sha256, struct err *err) MUST_CHECK;
/* By the hash; revoked ones are not found. Returns 1 when there is none. */
int store_token_find(struct store *store, const char *token_sha256,
    struct arena *arena, struct token_item *out, const char **sha256_out,
    struct err *err) MUST_CHECK;
/* By its name; revoked ones are not found. Returns 1 when there is none. */
int store_token_get(struct store *store, const char *name, struct arena *arena,
    struct token_item *out, struct err *err) MUST_CHECK;
int store_token_used(struct store *store, const char *name, int64_t now_unix,
    struct err *err) MUST_CHECK;
/* Returns 1 when there is none of that name that still works. */
int store_token_revoke(struct store *store, const char *name, int64_t now_unix,
    struct err *err) MUST_CHECK;
int store_tokens_list(struct store *store, struct arena *arena,
    struct token_item **items_out, size_t *n_out, struct err *err) MUST_CHECK;

#endif
