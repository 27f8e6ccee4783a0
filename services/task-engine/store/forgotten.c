/* Takes the words out of rows, and has the chat log written anew. */

#include "services/task-engine/store/forgotten.h"

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/store/row.h"
#include "services/task-engine/store/store.h"

static void
read_path(struct columns *c, void *row_out)
{
	*(const char **)row_out = next_text(c);
}

/* What hangs on messages that have no words any more. */
static int
forget_here(struct store *s, enum stmt_id id, const struct forgetting *what,
    int64_t *n_out, struct err *err)
{
	return stmt_run(s, id, n_out,
	    BINDS(b_text(what->context_id), b_int(what->before_seq)), err);
}

static int
forget_turns(struct store *s, const struct forgetting *what,
    struct forgotten *out, struct err *err)
{
	if (forget_here(s, STMT_FORGET_ANSWERS, what, &out->n_answers, err) <
		0 ||
	    forget_here(s, STMT_FORGET_TOLD, what, NULL, err) < 0 ||
	    forget_here(s, STMT_FORGET_TOOLS, what, NULL, err) < 0)
		return -1;
	if (forget_here(s, STMT_FORGET_TRACES_HEARD, what, NULL, err) < 0 ||
	    forget_here(s, STMT_FORGET_TRACES_TURN, what, NULL, err) < 0)
		return -1;
	return forget_here(s, STMT_FORGET_CALLS, what, NULL, err);
}

/* Those that wait are not sent; those that were lose their words too. */
static int
forget_outbox(struct store *s, const struct forgetting *what, struct err *err)
{
	if (forget_here(s, STMT_FORGET_OUTBOX_QUEUED, what, NULL, err) < 0)
		return -1;
	return forget_here(s, STMT_FORGET_OUTBOX_TEXT, what, NULL, err);
}

static int
forget_tasks(struct store *s, const struct forgetting *what,
    struct arena *arena, struct forgotten *out, struct err *err)
{
	if (stmt_list(s, STMT_FORGET_PATHS, arena, read_path,
		sizeof(*out->paths), &out->paths, &out->n_paths,
		BINDS(b_text(what->context_id), b_int(what->before_seq)),
		err) < 0)
		return -1;
	if (forget_here(s, STMT_FORGET_TASKS, what, &out->n_tasks, err) < 0)
		return -1;
	return forget_here(s, STMT_FORGET_REPLIES, what, NULL, err);
}

int
store_forget(struct store *s, const struct forgetting *what,
    struct arena *arena, struct forgotten *out, struct err *err)
{
	*out = (struct forgotten){ 0 };
	if (stmt_run(s, STMT_FORGET_MESSAGES, &out->n_messages,
		BINDS(b_text(what->context_id), b_int(what->before_seq),
		    b_text(what->said_by)),
		err) < 0 ||
	    forget_turns(s, what, out, err) < 0 ||
	    forget_outbox(s, what, err) < 0 ||
	    forget_tasks(s, what, arena, out, err) < 0 ||
	    stmt_run(s, STMT_FORGET_LOG, NULL, BINDS(b_text(what->context_id)),
		err) < 0)
		return -1;
	store_note_change(s, STORE_CHANGED_MESSAGES | STORE_CHANGED_FILES |
				 STORE_CHANGED_FORGOTTEN);
	return 0;
}
