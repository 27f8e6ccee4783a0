#ifndef TASK_ENGINE_KNOWLEDGE_DIRECTIVES_H
#define TASK_ENGINE_KNOWLEDGE_DIRECTIVES_H

#include <stddef.h>

#include "services/task-engine/knowledge/prompt.h"

struct arena;
struct engine_cfg;

/*
 * The prompt and SOUL files that people keep for all workspaces, for one, and
 * for one context, weakest first. A file that is absent is empty; one that
 * cannot be read is said once a turn in the log and counts as empty.
 */
enum { DIRECTIVES_MAX = 6 };

size_t directives_read(const struct engine_cfg *cfg,
    const char *workspace_folder, const char *context_id, struct arena *arena,
    struct directive out[DIRECTIVES_MAX]);

#endif
