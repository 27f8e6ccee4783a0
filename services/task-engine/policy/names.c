/* Names of files, made without loss from foreign ids. Pure. */

#include "services/task-engine/policy/names.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/id.h"

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
