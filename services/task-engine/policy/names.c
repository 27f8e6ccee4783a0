/* Names of files, made without loss from foreign ids. Pure. */

#include "services/task-engine/policy/names.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/id.h"
#include "proto/attachment.h"

enum { NAME_HEAD = 60, NAME_HASH = 16 };

static bool
is_plain(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

void
name_escape(char out[NAME_SIZE], const char *id)
{
	AUTO(buf_release)
	struct buf name = { 0 };
	char sha256[ID_SHA256_HEX_SIZE];

	buf_init(&name);
	for (const char *p = id; *p; p++)
		if (is_plain(*p) && !(p == id && *p == '.'))
			buf_addc(&name, *p);
		else
			buf_addf(&name, "%%%02X", (unsigned char)*p);
	if (name.size > NAME_MAX_BYTES) {
		/* '~' is never plain: no short name looks like a long one. */
		id_sha256_hex(sha256, id, strlen(id));
		buf_truncate(&name, NAME_HEAD);
		buf_addc(&name, '~');
		buf_add(&name, sha256, NAME_HASH);
	}
	memcpy(out, name.data, name.size + 1);
}

const char *
name_chat_log(
    struct arena *arena, const char *connector, const char *external_id)
{
	char name[NAME_SIZE];

	name_escape(name, external_id);
	return arena_printf(arena, "logs/chats/%s/%s.md", connector, name);
}

const char *
name_artifact(struct arena *arena, const char *task_id, int64_t at_ms)
{
	time_t at = (time_t)(at_ms / 1000);
	char name[NAME_SIZE], day[16];
	struct tm tm;

	name_escape(name, task_id);
	gmtime_r(&at, &tm);
	strftime(day, sizeof(day), "%Y/%m/%d", &tm);
	return arena_printf(arena, "tasks/%s/%s.md", day, name);
}

const char *
name_inbox(struct arena *arena, const char *connector, const char *external_id)
{
	char name[NAME_SIZE];

	name_escape(name, external_id);
	return arena_printf(arena, "inbox/%s/%s/", connector, name);
}

static const char *
without_folders(const char *name)
{
	for (const char *p = name; *p; p++)
		if (*p == '/' || *p == '\\')
			name = p + 1;
	return name;
}

static void
trim(char *name)
{
	size_t size = strlen(name), head = strspn(name, "-.");

	while (size > head && strchr("-.", name[size - 1]))
		size--;
	memmove(name, name + head, size - head);
	name[size - head] = '\0';
}

void
name_attachment_file(char out[ATTACHMENT_NAME_SIZE], const char *name)
{
	static const char end[] = ".md";
	size_t n = 0;

	for (const char *p = without_folders(name); *p; p++) {
		/* The end of a name that is cut stays away, and is put back. */
		if (n + sizeof(end) == ATTACHMENT_NAME_SIZE)
			break;
		if (is_plain(*p))
			out[n++] = *p;
		else if (n == 0 || out[n - 1] != '-')
			out[n++] = '-';
	}
	out[n] = '\0';
	trim(out);
	if (!*out)
		memcpy(out, "attachment", sizeof("attachment"));
	if (!attachment_is_markdown(out, ""))
		memcpy(out + strlen(out), end, sizeof(end));
}

const char *
name_attachment(struct arena *arena, const char *folder, const char *message_id,
    int64_t n, const char *file)
{
	char id[NAME_SIZE];

	name_escape(id, message_id);
	if (n <= 1)
		return arena_printf(arena, "%s%s-%s", folder, id, file);
	return arena_printf(arena, "%s%s-%" PRId64 "-%s", folder, id, n, file);
}
