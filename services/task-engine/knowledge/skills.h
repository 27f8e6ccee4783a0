#ifndef TASK_ENGINE_KNOWLEDGE_SKILLS_H
#define TASK_ENGINE_KNOWLEDGE_SKILLS_H

#include <stddef.h>

#include "services/task-engine/knowledge/prompt_files.h"

struct arena;
struct system_item;

/*
 * The skills of a context, first found first, at most AGENT_RUNTIME_SKILLS_MAX:
 * the .md files of contexts/<context id>, admin or public, and common, of the
 * workspace's skills/ (workspace_fd, -1: there is none) and then of
 * AGENT_RUNTIME_SKILLS_GLOBAL_ROOT; in a folder by name. Of one name in any case
 * the first counts; an empty file takes the name and is nothing.
 */
size_t skills_find(struct prompt_files *files, const struct prompt_place *place,
    int workspace_fd, struct arena *arena, struct system_item *out);

#endif
