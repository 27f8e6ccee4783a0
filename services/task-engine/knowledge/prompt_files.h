#ifndef TASK_ENGINE_KNOWLEDGE_PROMPT_FILES_H
#define TASK_ENGINE_KNOWLEDGE_PROMPT_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "services/task-engine/knowledge/complaints.h"
#include "services/task-engine/knowledge/system.h"

struct arena;
struct engine_cfg;

/*
 * The prompt files, SOUL files and skills that people keep for all workspaces,
 * for one, and for one context. They are read for each turn: a dozen small
 * files cost far less than a model call, and nobody waits for a cache. In a
 * workspace and beneath the skills root no symbolic link is followed. A file
 * that is absent counts as empty; what cannot be used (not readable, not
 * UTF-8, larger than 64 KiB) is left out and said once in the log.
 */
enum { SKILLS_MAX_FILES = 200 }; /* in one folder */

struct prompt_files {
	const struct engine_cfg *cfg;
	const char *workspace_root;
	struct complaints complaints;
};

void prompt_files_release(struct prompt_files *files);

/* Whose they are. */
struct prompt_place {
	const char *workspace_id;
	const char *context_id;
	bool is_admin;
};

/*
 * All items of a system message, with the baseline, and with policy, which is
 * what /prompt set. They live in the arena.
 */
void
prompt_files_read(struct prompt_files *files, const struct prompt_place *place,
    const char *policy, struct arena *arena, struct system_in *out);

/* Says once what system_prompt left out there. */
void
prompt_files_note(struct prompt_files *files, const struct prompt_place *place,
    const struct system_in *in, struct arena *arena);

#endif
