/* Rows that say how far the chat logs were written. */

#include "services/task-engine/store/log_files.h"

#include <inttypes.h>
#include <stdio.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/store/row.h"
#include "services/task-engine/store/store.h"

static void
read_line(struct columns *c, void *row_out)
{
	struct log_line *l = row_out;

	l->seq = next_int(c);
	l->at_ms = next_int(c);
	l->context_id = next_text(c);
	l->direction = next_text(c);
	l->actor = next_text(c);
	l->text = next_text(c);
}

static void
read_log_file(struct columns *c, void *row_out)
{
	struct log_file_row *f = row_out;

	f->written_seq = next_int(c);
	f->size_bytes = next_int(c);
	f->is_behind = next_bool(c);
	f->epoch = next_int(c);
}

static void
read_id(struct columns *c, void *row_out)
{
	*(const char **)row_out = next_text(c);
}

static void
read_seq(struct columns *c, void *row_out)
{
	*(int64_t *)row_out = next_int(c);
}

int
store_logs_done(struct store *s, int64_t *seq_out, struct err *err)
{
	int got = stmt_get(
	    s, STMT_LOGS_DONE_GET, NULL, read_seq, seq_out, NO_BINDS, err);

	if (got == 1)
		*seq_out = 0;
	return got < 0 ? -1 : 0;
}

int
store_logs_done_note(
    struct store *s, int64_t from_seq, int64_t to_seq, struct err *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, to_seq);
	if (stmt_run(s, STMT_LOGS_ORDER, NULL,
		BINDS(b_int(from_seq), b_int(to_seq)), err) < 0)
		return -1;
	return stmt_run(s, STMT_LOGS_DONE_PUT, NULL, BINDS(b_text(text)), err);
}

int
store_log_lines(struct store *s, int64_t after_seq, int64_t limit,
    struct arena *arena, struct log_line **lines_out, size_t *n_out,
    struct err *err)
{
	return stmt_list(s, STMT_LOG_LINES, arena, read_line,
	    sizeof(**lines_out), lines_out, n_out,
	    BINDS(b_int(after_seq), b_int(limit)), err);
}

int
store_log_lines_of(struct store *s, const char *context_id, int64_t after_seq,
    int64_t limit, struct arena *arena, struct log_line **lines_out,
    size_t *n_out, struct err *err)
{
	return stmt_list(s, STMT_LOG_LINES_OF, arena, read_line,
	    sizeof(**lines_out), lines_out, n_out,
	    BINDS(b_text(context_id), b_int(after_seq), b_int(limit)), err);
}

int
store_log_file_get(struct store *s, const char *context_id,
    struct log_file_row *out, struct err *err)
{
	*out = (struct log_file_row){ .context_id = context_id };
	return stmt_get(s, STMT_LOG_FILE_GET, NULL, read_log_file, out,
		   BINDS(b_text(context_id)), err) < 0
		   ? -1
		   : 0;
}

int
store_log_file_put(
    struct store *s, const struct log_file_row *f, struct err *err)
{
	return stmt_run(s, STMT_LOG_FILE_PUT, NULL,
	    BINDS(b_text(f->context_id), b_int(f->written_seq),
		b_int(f->size_bytes), b_int(f->is_behind), b_int(f->epoch)),
	    err);
}

int
store_log_files_behind(struct store *s, const char *after_id, int64_t limit,
    struct arena *arena, const char ***context_ids_out, size_t *n_out,
    struct err *err)
{
	return stmt_list(s, STMT_LOG_FILES_BEHIND, arena, read_id,
	    sizeof(**context_ids_out), context_ids_out, n_out,
	    BINDS(b_text(after_id), b_int(limit)), err);
}
