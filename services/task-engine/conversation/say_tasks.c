/* What is said of tasks. Pure. */

#include "services/task-engine/conversation/say.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "proto/task.h"
#include "services/task-engine/conversation/arguments.h"
#include "services/task-engine/conversation/quote.h"

enum {
	TITLE_MAX = 80,
	NOTE_MAX = 220,
	ID_MAX = 64,
};

static void
add_due(struct buf *out, const char *before, int64_t due_at_unix)
{
	char due[CLOCK_RFC3339_SIZE] = "(none)";

	if (due_at_unix)
		clock_rfc3339(due, due_at_unix * 1000);
	buf_addf(out, "%s%s", before, due);
}

static void
add_task(struct buf *out, const struct task *task)
{
	buf_addf(out, "- `%s` %s", task->id, task->status);
	if (*task->route_class)
		buf_addf(out, ", %s", task->route_class);
	if (*task->priority)
		buf_addf(out, " %s", task->priority);
	if (task->due_at_unix)
		add_due(out, ", due ", task->due_at_unix);
	buf_adds(out, ": ");
	quote_line(out, task->title, TITLE_MAX);
	buf_addc(out, '\n');
}

static void
say_no_tasks(struct buf *out, const char *state)
{
	if (!*state)
		buf_adds(out, "No unfinished tasks. `/tasks all` lists those "
			      "that ended.");
	else if (strcmp(state, "all") == 0)
		buf_adds(out, "No tasks yet. `/task <prompt>` makes one.");
	else
		buf_addf(out, "No %s tasks.", state);
}

void
say_tasks(struct buf *out, const struct task *rows, size_t n_rows,
    const char *state, bool has_more)
{
	if (n_rows == 0) {
		say_no_tasks(out, state);
		return;
	}
	buf_adds(out, "Tasks, newest first:\n");
	for (size_t i = 0; i < n_rows; i++)
		add_task(out, &rows[i]);
	if (has_more)
		buf_adds(out,
		    "There are more. `/tasks` with a state lists fewer kinds.");
	else
		buf_truncate(out, out->size - 1);
}

void
say_no_such(struct buf *out, const char *what, const char *id)
{
	buf_addf(out, "There is no %s ", what);
	quote_line(out, id, ID_MAX);
	buf_adds(out, " that you may see.");
}

void
say_several(struct buf *out, const char *what, const char *id,
    const char *const *ids, size_t n_ids)
{
	quote_line(out, id, ID_MAX);
	buf_addf(out, " is the beginning of more than one %s:", what);
	for (size_t i = 0; i < n_ids; i++)
		buf_addf(out, "\n- `%s`", ids[i]);
}

void
say_task_ended(
    struct buf *out, const char *task_id, const char *did, const char *note)
{
	buf_addf(out, "Task `%s` is %s", task_id, did);
	if (*note) {
		buf_adds(out, ": ");
		quote_line(out, note, NOTE_MAX);
	} else {
		buf_addc(out, '.');
	}
}

void
say_routed(struct buf *out, const char *task_id,
    const struct route_choice *choice, int64_t due_at_unix)
{
	buf_addf(out,
	    "Routing updated for `%s`:\n- class: %s\n- priority: %s\n- lane: "
	    "%s\n",
	    task_id, triage_defaults[choice->class].name, choice->priority,
	    choice->lane);
	add_due(out, "- due: ", due_at_unix);
	if (choice->is_run)
		buf_adds(out, "\nIt is queued to run now.");
}
