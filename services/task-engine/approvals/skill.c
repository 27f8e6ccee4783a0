/* Keeps a skill that an admin approved. */

#include "services/task-engine/approvals/skill.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/task-engine/store/actions.h"
#include "services/task-engine/store/tasks.h"

int
skill_check_name(const char *name, struct err *err)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t size = strlen(name);

	if (size > 0 && size <= SKILL_MAX_NAME && *name != '-' &&
	    strspn(name, good) == size)
		return 0;
	return err_set(err, ERR_INVALID,
	    "the name of a skill is 1 to %d small letters, digits and '-'",
	    SKILL_MAX_NAME);
}

static int
read_content(const struct action_row *row, struct arena *arena,
    const char **content_out, struct err *err)
{
	AUTO(json_free)
	struct json *root = NULL;
	const struct json *content;

	if (skill_check_name(row->target, err) < 0 ||
	    json_parse(&root, row->payload, strlen(row->payload), err) < 0)
		return -1;
	content = json_get(json_get(root, "payload"), "content");
	*content_out = arena_strdup(arena, json_str(content, ""));
	if (**content_out && strlen(*content_out) <= SKILL_MAX_BYTES)
		return 0;
	return err_set(err, ERR_INVALID,
	    "payload.content must be text of 1 to %d bytes", SKILL_MAX_BYTES);
}

int
skill_learn(struct store *store, struct action_row *row, int64_t now_ms,
    struct arena *arena, struct err *err)
{
	struct file_row file = {
		.workspace_id = row->workspace_id,
		.path = arena_printf(arena, "skills/common/%s.md", row->target),
	};

	row->executed_at_unix = now_ms / 1000;
	if (read_content(row, arena, &file.content, err) < 0) {
		row->execution_status = "failed";
		row->execution_message = arena_strdup(arena, err->text);
		return 0;
	}
	row->execution_status = "succeeded";
	row->execution_message = arena_printf(
	    arena, "%s counts from the next message on", file.path);
	return store_file_add(store, &file, now_ms, err);
}
