/* The tools for the agent's own files. */

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/task-engine/turn/tools.h"
#include "services/task-engine/turn/turn.h"
#include "services/task-engine/workspace/scratch.h"

/* of a file, in one result */
enum { SHOWN_BYTES = 12 * 1024 };

const struct tool_field read_fields[READ_FIELDS] = {
	[READ_PATH] = { "path", TOOL_TEXT, true, 1, SCRATCH_MAX_PATH, NULL,
	    "as list_files shows it" },
	[READ_OFFSET] = { "offset", TOOL_INT, false, 0, SCRATCH_MAX_BYTES, NULL,
	    "the byte to begin at, 0 if it is not given" },
};

const struct tool_field write_fields[WRITE_FIELDS] = {
	[WRITE_PATH] = { "path", TOOL_TEXT, true, 1, SCRATCH_MAX_PATH, NULL,
	    "a name like notes.md or drafts/answer.md" },
	[WRITE_CONTENT] = { "content", TOOL_TEXT, true, 0, SCRATCH_MAX_BYTES,
	    NULL, "all of the file: what it held before is replaced" },
};

static struct scratch
scratch_of(const struct turn *turn)
{
	return (struct scratch){
		.store = turn->turns->options.store,
		.root = turn->turns->options.workspace_root,
		.workspace_id = turn->work.context.workspace_id,
		.context_id = turn->work.context.id,
	};
}

static void
add_text(const char *text, size_t from, struct buf *out)
{
	size_t size = strlen(text), n;
	struct json_out json;

	while (from < size && ((unsigned char)text[from] & 0xc0) == 0x80)
		from++;
	from = from < size ? from : size;
	n = utf8_cut(text + from, size - from, SHOWN_BYTES);
	json_out_init(&json, out);
	json_out_object(&json, NULL);
	json_out_int(&json, "size_bytes", (int64_t)size);
	json_out_strn(&json, "content", text + from, n);
	if (from + n < size)
		json_out_int(&json, "goes_on_at", (int64_t)(from + n));
	json_out_object_end(&json);
}

int
tool_read_file(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err)
{
	const struct scratch scratch = scratch_of(turn);
	const char *text;

	if (scratch_read(
		&scratch, args[READ_PATH].text, turn->arena, &text, err) < 0)
		return -1;
	add_text(text, (size_t)args[READ_OFFSET].number, out);
	return 0;
}

int
tool_list_files(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err)
{
	const struct scratch scratch = scratch_of(turn);
	struct scratch_file *files;
	struct json_out json;
	size_t n;

	(void)args;
	if (scratch_list(&scratch, turn->arena, &files, &n, err) < 0)
		return -1;
	json_out_init(&json, out);
	json_out_object(&json, NULL);
	json_out_list(&json, "files");
	for (size_t i = 0; i < n; i++) {
		json_out_object(&json, NULL);
		json_out_str(&json, "path", files[i].path);
		json_out_int(&json, "size_bytes", files[i].size_bytes);
		json_out_object_end(&json);
	}
	json_out_list_end(&json);
	json_out_object_end(&json);
	return 0;
}

int
tool_write_file(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err)
{
	const struct scratch scratch = scratch_of(turn);
	struct json_out json;

	if (scratch_write(&scratch, args[WRITE_PATH].text,
		args[WRITE_CONTENT].text, clock_unix_ms(), turn->arena,
		err) < 0)
		return -1;
	json_out_init(&json, out);
	json_out_object(&json, NULL);
	json_out_str(&json, "path", args[WRITE_PATH].text);
	json_out_int(
	    &json, "size_bytes", (int64_t)strlen(args[WRITE_CONTENT].text));
	json_out_object_end(&json);
	return 0;
}
