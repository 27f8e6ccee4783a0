/* Keeps the files of the workspaces behind their rows, but not far. */

#include "services/task-engine/workspace/files.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "services/task-engine/policy/names.h"
#include "services/task-engine/store/log_files.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/tasks.h"
#include "services/task-engine/workspace/chatlog.h"
#include "services/task-engine/workspace/write_job.h"

enum {
	/* Long enough that a busy chat's messages become one append. */
	COALESCE_MS = 100,
	/* A full disk is rarely freed sooner. */
	AGAIN_MS = 2000,
	LINES_MAX = 512,
	READS_A_PASS = 8,
	BEHIND_MAX = 16,
	WHOLE_MAX = 16,
	ARENA_BYTES = 64 * 1024 * 1024,
};

struct files {
	struct files_options options;
	struct timer *soon;
	struct timer *again; /* what failed */
	int64_t
	    done_seq; /* all messages up to it are written or noted behind */
	bool is_working;
	bool is_wanted; /* asked for while working */
	bool is_closed; /* freed when the job in flight comes back */
	bool has_trouble;
	bool has_more;	 /* lines or files, beyond those of this pass */
	size_t n_behind; /* logs that this pass tries to catch up */
	/* Where the next pass goes on among the logs that are behind and the
	 * whole files; those that fail for good starve no other. */
	char *behind_after;
	int64_t whole_after;
};

static void pass(void *arg);

static void
on_change(void *arg, unsigned changes)
{
	struct files *f = arg;

	if (!(changes & (STORE_CHANGED_MESSAGES | STORE_CHANGED_FILES)))
		return;
	if (f->is_working)
		f->is_wanted = true;
	else if (!timer_is_running(f->soon))
		timer_start(f->soon, COALESCE_MS, 0);
}

int
files_open(struct files **files_out, const struct files_options *options,
    struct err *err)
{
	struct files *f = xcalloc(1, sizeof(*f));

	f->options = *options;
	f->soon = timer_new(options->loop, pass, f);
	f->again = timer_new(options->loop, pass, f);
	f->behind_after = xstrdup("");
	if (store_logs_done(options->store, &f->done_seq, err) < 0) {
		files_close(&f);
		return -1;
	}
	store_on_commit(options->store, on_change, f);
	timer_start(f->soon, 0, 0);
	*files_out = f;
	return 0;
}

static void
free_files(struct files *f)
{
	free(f->behind_after);
	free(f);
}

void
files_close(struct files **files)
{
	struct files *f = *files;

	if (!f)
		return;
	*files = NULL;
	timer_free(&f->soon);
	timer_free(&f->again);
	f->is_closed = true;
	if (!f->is_working)
		free_files(f);
}

static struct write_item *
find_item(struct write_job *job, const char *context_id)
{
	/* Neighbours usually belong together. */
	for (size_t i = job->n_items; i > 0; i--)
		if (job->items[i - 1].context_id &&
		    strcmp(job->items[i - 1].context_id, context_id) == 0)
			return &job->items[i - 1];
	return NULL;
}

/* The item of the context's log, which goes on where row says. */
static int
add_log(struct files *f, struct write_job *job, const struct log_file_row *row,
    struct arena *arena, struct write_item **item_out, struct err *err)
{
	struct context_row x;
	struct write_item *item;

	/* A message's context is there: the database sees to it. */
	if (store_context_get(
		f->options.store, row->context_id, arena, &x, err) != 0)
		return -1;
	item = write_job_add(job, x.workspace_id,
	    name_chat_log(arena, x.connector, x.external_id));
	item->is_append = true;
	item->context_id = xstrdup(x.id);
	item->at_bytes = row->size_bytes;
	item->old_seq = row->written_seq;
	item->epoch = row->epoch;
	if (row->size_bytes == 0) {
		char name[NAME_SIZE];

		name_escape(name, x.external_id);
		chatlog_head(&item->content, x.connector, name, x.name);
	}
	*item_out = item;
	return 0;
}

static void
add_line(struct write_item *item, const struct log_line *line)
{
	const struct chatlog_entry entry = {
		.at_ms = line->at_ms,
		.direction = line->direction,
		.actor = line->actor,
		.text = line->text,
	};

	if (line->seq <= item->old_seq)
		return;
	chatlog_add(&item->content, &entry);
	item->last_seq = line->seq;
}

static int
plan_line(struct files *f, struct write_job *job, const struct log_line *line,
    struct arena *arena, struct err *err)
{
	struct write_item *item = find_item(job, line->context_id);
	struct log_file_row row;

	if (!item) {
		if (store_log_file_get(
			f->options.store, line->context_id, &row, err) < 0 ||
		    add_log(f, job, &row, arena, &item, err) < 0)
			return -1;
		/* Its lines come later, from its own rows. */
		item->is_catching_up = row.is_behind;
	}
	if (item->is_catching_up)
		item->is_partial = true;
	else
		add_line(item, line);
	return 0;
}

/* Each pass opens the files of all chats that spoke: it takes what there is,
 * as long as that is not too much at once. */
static int
plan_new_lines(struct files *f, struct write_job *job, struct arena *arena,
    struct err *err)
{
	size_t n = LINES_MAX;

	for (int i = 0; i < READS_A_PASS && n == LINES_MAX; i++) {
		struct log_line *lines;

		if (arena_is_over(arena))
			break;
		if (store_log_lines(f->options.store, job->done_seq, LINES_MAX,
			arena, &lines, &n, err) < 0)
			return -1;
		for (size_t j = 0; j < n; j++)
			if (plan_line(f, job, &lines[j], arena, err) < 0)
				return -1;
		if (n > 0)
			job->done_seq = lines[n - 1].seq;
	}
	f->has_more = n == LINES_MAX;
	return 0;
}

static int
plan_one_behind(struct files *f, struct write_job *job, const char *id,
    struct arena *arena, struct err *err)
{
	struct write_item *item;
	struct log_file_row row;
	struct log_line *lines;
	size_t n;

	if (store_log_file_get(f->options.store, id, &row, err) < 0 ||
	    store_log_lines_of(f->options.store, id, row.written_seq, LINES_MAX,
		arena, &lines, &n, err) < 0)
		return -1;
	if (n == 0) {
		row.is_behind = false;
		return store_log_file_put(f->options.store, &row, err);
	}
	if (add_log(f, job, &row, arena, &item, err) < 0)
		return -1;
	item->is_catching_up = true;
	item->is_partial = n == LINES_MAX;
	for (size_t i = 0; i < n; i++)
		add_line(item, &lines[i]);
	return 0;
}

static bool
is_waiting(const struct files *f)
{
	return timer_is_running(f->again);
}

/* From the beginning again, once behind the last. */
static int
list_behind(struct files *f, struct arena *arena, const char ***ids_out,
    size_t *n_out, struct err *err)
{
	if (store_log_files_behind(f->options.store, f->behind_after,
		BEHIND_MAX, arena, ids_out, n_out, err) < 0)
		return -1;
	if (*n_out || !*f->behind_after)
		return 0;
	*f->behind_after = '\0';
	return store_log_files_behind(
	    f->options.store, "", BEHIND_MAX, arena, ids_out, n_out, err);
}

static int
plan_behind(struct files *f, struct write_job *job, struct arena *arena,
    struct err *err)
{
	const char **ids;
	size_t n;

	if (list_behind(f, arena, &ids, &n, err) < 0)
		return -1;
	/* Long texts of many chats at once would be half a gigabyte. */
	for (size_t i = 0; i < n && !arena_is_over(arena); i++) {
		if (plan_one_behind(f, job, ids[i], arena, err) < 0)
			return -1;
		free(f->behind_after);
		f->behind_after = xstrdup(ids[i]);
	}
	f->n_behind = n;
	return 0;
}

static int
plan_whole(struct files *f, struct write_job *job, struct arena *arena,
    struct err *err)
{
	struct file_row *rows;
	size_t n;

	if (store_files_pending(f->options.store, f->whole_after, WHOLE_MAX,
		arena, &rows, &n, err) < 0)
		return -1;
	/* Behind the last, or not from the beginning: look again. */
	if (n == WHOLE_MAX || f->whole_after != 0)
		f->has_more = true;
	f->whole_after = n == WHOLE_MAX ? rows[n - 1].file_id : 0;
	for (size_t i = 0; i < n; i++) {
		struct write_item *item =
		    write_job_add(job, rows[i].workspace_id, rows[i].path);

		item->last_seq = rows[i].file_id;
		buf_adds(&item->content, rows[i].content);
	}
	return 0;
}

/* How the file stands now; the row says it after the commit. */
static int
note_log(struct files *f, const struct write_item *item, struct err *err)
{
	struct log_file_row row = {
		.context_id = item->context_id,
		.written_seq = item->old_seq,
		.size_bytes = item->at_bytes,
		.epoch = item->epoch,
		.is_behind = true,
	};

	switch (item->outcome) {
	case WRITE_DONE:
		row.written_seq = item->last_seq;
		row.size_bytes += (int64_t)item->content.size;
		row.is_behind = item->is_partial;
		break;
	case WRITE_SHORT:
		log_warn("chat-log-rewritten", "path=%s why=shorter",
		    log_quote(item->path));
		row.written_seq = 0;
		row.size_bytes = 0;
		f->has_more = true;
		break;
	case WRITE_FAILED:
		break;
	}
	return store_log_file_put(f->options.store, &row, err);
}

static int
note_all(struct files *f, const struct write_job *job, struct err *err)
{
	for (size_t i = 0; i < job->n_items; i++) {
		const struct write_item *item = &job->items[i];
		int rc = 0;

		if (item->is_append)
			rc = item->last_seq ? note_log(f, item, err) : 0;
		else if (item->outcome == WRITE_DONE)
			rc = store_file_written(f->options.store,
			    item->last_seq, clock_unix_ms(), err);
		if (rc < 0)
			return -1;
	}
	return store_logs_done_note(
	    f->options.store, f->done_seq, job->done_seq, err);
}

/* Nothing of this needs the disk's word: without it the files are cut back
 * to what the rows say, and written again. */
static int
note(struct files *f, const struct write_job *job, struct err *err)
{
	if (store_begin_relaxed(f->options.store, err) < 0)
		return -1;
	if (note_all(f, job, err) < 0) {
		store_rollback(f->options.store);
		return -1;
	}
	if (store_commit(f->options.store, err) < 0)
		return -1;
	f->done_seq = job->done_seq;
	return 0;
}

/* New messages need not wait for it, and do not put it off. */
static void
try_again_later(struct files *f)
{
	if (!timer_is_running(f->again))
		timer_start(f->again, AGAIN_MS, 0);
}

static void
trouble(struct files *f, const struct err *err)
{
	if (!f->has_trouble)
		log_error("files-delayed", "why=%s", log_quote(err->text));
	f->has_trouble = true;
	f->options.on_trouble(f->options.arg, err->text);
	try_again_later(f);
}

static void
go_on(struct files *f, bool is_wanted)
{
	bool has_more = f->has_more || f->n_behind;

	if (f->has_trouble && !is_waiting(f) && !has_more) {
		log_info("files-caught-up", "seq=%" PRId64, f->done_seq);
		f->has_trouble = false;
		f->options.on_trouble(f->options.arg, "");
	}
	if (has_more)
		timer_start(f->soon, 0, 0);
	else if (is_wanted)
		timer_start(f->soon, COALESCE_MS, 0);
	if (f->has_trouble)
		try_again_later(f);
}

static const struct err *
first_failure(const struct write_job *job)
{
	for (size_t i = 0; i < job->n_items; i++)
		if (job->items[i].outcome == WRITE_FAILED)
			return &job->items[i].err;
	return NULL;
}

static void
written(void *arg)
{
	AUTO(write_job_free)
	struct write_job *job = arg;
	struct files *f = job->owner;
	const struct err *failure = first_failure(job);
	bool is_wanted = STEAL(f->is_wanted);
	struct err err;

	f->is_working = false;
	if (f->is_closed) {
		free_files(f);
		return;
	}
	if (note(f, job, &err) < 0) {
		trouble(f, &err);
		return;
	}
	if (failure)
		trouble(f, failure);
	go_on(f, is_wanted);
}

/* A log that only waits for its own pass is not to be touched in this one. */
static void
drop_idle(struct write_job *job)
{
	size_t n = 0;

	for (size_t i = 0; i < job->n_items; i++)
		if (job->items[i].last_seq)
			job->items[n++] = job->items[i];
		else
			write_item_release(&job->items[i]);
	job->n_items = n;
}

/* Catches up first, since what failed needs its lines in their order. */
static int
plan(struct files *f, struct write_job *job, struct arena *arena,
    struct err *err)
{
	bool may_catch_up = !is_waiting(f);

	f->n_behind = 0;
	if (may_catch_up && plan_behind(f, job, arena, err) < 0)
		return -1;
	if (plan_new_lines(f, job, arena, err) < 0)
		return -1;
	return may_catch_up ? plan_whole(f, job, arena, err) : 0;
}

static void
pass(void *arg)
{
	struct files *f = arg;
	AUTO(arena_free)
	struct arena *arena = NULL;
	AUTO(write_job_free)
	struct write_job *job = NULL;
	struct err err;

	if (f->is_working)
		return;
	arena = arena_new(ARENA_BYTES);
	job = write_job_new(f->options.workspace_root, f);
	job->done_seq = f->done_seq;
	if (plan(f, job, arena, &err) < 0) {
		trouble(f, &err);
		return;
	}
	drop_idle(job);
	if (job->n_items == 0 && job->done_seq == f->done_seq) {
		go_on(f, false);
		return;
	}
	f->is_working = true;
	loop_work(f->options.loop, write_job_run, written, STEAL(job));
}
