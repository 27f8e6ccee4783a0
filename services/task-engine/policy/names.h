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

/*
 * What the sender calls a Markdown file, for a folder of ours: without its
 * folders, '-' for runs of bytes outside [A-Za-z0-9._-], none of '-' and '.'
 * at its ends, and always with the end of a Markdown file.
 */
enum { ATTACHMENT_NAME_SIZE = 97 };
void name_attachment_file(char out[ATTACHMENT_NAME_SIZE], const char *name);
/* "inbox/<connector>/<external id>/<message>-<file>"; n above 1 stands between
 * the two and tells it from files that have that name. */
const char *name_attachment(struct arena *arena, const char *folder,
    const char *message_id, int64_t n, const char *file);
/* "inbox/<connector>/<external id>/" */
const char *
name_inbox(struct arena *arena, const char *connector, const char *external_id);

#endif
