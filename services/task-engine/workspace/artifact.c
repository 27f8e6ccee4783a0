/* The Markdown file that a task's result becomes. Pure. */

#include "services/task-engine/workspace/artifact.h"

#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "proto/task.h"

/* One line: a title cannot add bullets or headings of its own. */
static void
add_line(struct buf *out, const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20)
			buf_addc(out, ' ');
		else
			buf_addc(out, *text);
}

static void
add_section(struct buf *out, const char *heading, const char *text)
{
	size_t size = strlen(text);

	while (size && strchr(" \t\r\n", text[size - 1]))
		size--;
	buf_addf(out, "\n## %s\n\n", heading);
	buf_add(out, text, size);
	buf_addc(out, '\n');
}

void
artifact_format(struct buf *out, const struct task *task, const char *trace,
    const char *output, int64_t finished_ms)
{
	char at[CLOCK_RFC3339_SIZE];

	clock_rfc3339(at, finished_ms);
	buf_addf(out,
	    "# Task Result\n\n- ID: `%s`\n- Kind: `%s`\n- Workspace: `%s`\n"
	    "- Context: `%s`\n- Title: ",
	    task->id, task->kind, task->workspace_id, task->context_id);
	add_line(out, task->title);
	buf_addf(out, "\n- Completed At (UTC): `%s`\n", at);
	add_section(out, "Prompt", task->prompt);
	if (trace && *trace)
		add_section(out, "Execution Trace", trace);
	add_section(out, "Final Output",
	    *output ? output : "Task completed with no output.");
}
