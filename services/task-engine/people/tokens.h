#ifndef TASK_ENGINE_PEOPLE_TOKENS_H
#define TASK_ENGINE_PEOPLE_TOKENS_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct actor;
struct arena;
struct err;
struct store;
struct token_add;
struct token_made;

/* Connectors that are tools: their sessions come over HTTP. */
bool is_tool_connector(const char *connector);
/* "codex, cline, gemini, cli" */
const char *tool_connectors(void);

/*
 * Makes a credential, and an audit row beside it. The token is in the result
 * and nowhere else. ERR_CONFLICT: the name is taken.
 */
int token_make(struct store *store, const struct actor *actor,
    const struct token_add *in, int64_t now_ms, struct arena *arena,
    struct token_made *out, struct err *err) MUST_CHECK;
int token_revoke(struct store *store, const struct actor *actor,
    const char *name, int64_t now_ms, struct err *err) MUST_CHECK;

#endif
