#ifndef TASK_ENGINE_STORE_LOG_FILES_H
#define TASK_ENGINE_STORE_LOG_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct store;

/* Chat logs as projections of the messages. */

/* One message as its chat log needs it. */
struct log_line {
	int64_t seq;
	int64_t at_ms;
	const char *context_id;
	const char *direction;
	const char *actor;
	const char *text;
};

/*
 * How far the logs are: all messages up to that one are written, or their log
 * is known to be behind. Noting it also puts them into the order in which the
 * messages of one context are found.
 */
int store_logs_done(
    struct store *store, int64_t *seq_out, struct err *err) MUST_CHECK;
int store_logs_done_note(struct store *store, int64_t from_seq, int64_t to_seq,
    struct err *err) MUST_CHECK;

/*
 * The next messages after that one: of all contexts, or of one context those
 * up to where the logs are.
 */
int store_log_lines(struct store *store, int64_t after_seq, int64_t limit,
    struct arena *arena, struct log_line **lines_out, size_t *n_out,
    struct err *err) MUST_CHECK;
int store_log_lines_of(struct store *store, const char *context_id,
    int64_t after_seq, int64_t limit, struct arena *arena,
    struct log_line **lines_out, size_t *n_out, struct err *err) MUST_CHECK;

/* How far the file of a context was written; (0, 0) when never. */
struct log_file_row {
	const char *context_id;
	int64_t written_seq;
	int64_t size_bytes;
	int64_t epoch;	/* how often it was begun anew */
	bool is_behind; /* could not be written: its own turn comes later */
};
int store_log_file_get(struct store *store, const char *context_id,
    struct log_file_row *out, struct err *err) MUST_CHECK;
/* Changes nothing when the file was begun anew since the row was read. */
int store_log_file_put(struct store *store, const struct log_file_row *row,
    struct err *err) MUST_CHECK;
/* The next ones behind that context, in the order of their ids. */
int store_log_files_behind(struct store *store, const char *after_id,
    int64_t limit, struct arena *arena, const char ***context_ids_out,
    size_t *n_out, struct err *err) MUST_CHECK;

#endif
