#ifndef TASK_ENGINE_POLICY_NAMES_H
#define TASK_ENGINE_POLICY_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * Names of files and folders, made without loss from foreign ids: bytes
 * outside [A-Za-z0-9._-] and a leading dot are written %XX; above 100 bytes it
 * is the first 60, '~', and 16 hex digits of the SHA-256 of the whole.
 */
enum { NAME_MAX_BYTES = 100, NAME_SIZE = NAME_MAX_BYTES + 1 };
void name_escape(char out[NAME_SIZE], const char *id);

/* "logs/chats/<connector>/<external id>.md" */
const char *name_chat_log(
    struct arena *arena, const char *connector, const char *external_id);
/* "tasks/2026/11/22/<task id>.md" */
const char *
name_artifact(struct arena *arena, const char *task_id, int64_t at_ms);

#endif
