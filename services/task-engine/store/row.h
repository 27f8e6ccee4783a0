#ifndef TASK_ENGINE_STORE_ROW_H
#define TASK_ENGINE_STORE_ROW_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "services/task-engine/store/statements.h"

struct arena;
struct err;
struct store;

/* The store's own: running statements and reading rows. */

struct bind {
	enum { BIND_NULL, BIND_TEXT, BIND_INT, BIND_BLOB } type;
	const char *text;
	int64_t number; /* or the blob's size */
};

static inline struct bind
b_text(const char *text)
{
	return (struct bind){ BIND_TEXT, text ? text : "", 0 };
}

/* NULL in the database when it is "". */
static inline struct bind
b_opt(const char *text)
{
	return (struct bind){ text && *text ? BIND_TEXT : BIND_NULL, text, 0 };
}

static inline struct bind
b_int(int64_t number)
{
	return (struct bind){ BIND_INT, NULL, number };
}

/* NULL in the database when it is 0. */
static inline struct bind
b_opt_int(int64_t number)
{
	return (struct bind){ number ? BIND_INT : BIND_NULL, NULL, number };
}

static inline struct bind
b_blob(const void *data, size_t size)
{
	return (struct bind){ BIND_BLOB, data, (int64_t)size };
}

#define BINDS(...)                                                             \
	(const struct bind[]){ __VA_ARGS__ },                                  \
	    N_OF(((const struct bind[]){ __VA_ARGS__ }))
#define NO_BINDS NULL, 0

/* The statement, bound; NULL with *err filled. Ends with stmt_end. */
sqlite3_stmt *stmt_open(struct store *store, enum stmt_id id,
    const struct bind *binds, size_t n_binds, struct err *err);
/* 0: a row; 1: no more; -1. */
int
stmt_step(struct store *store, sqlite3_stmt *stmt, struct err *err) MUST_CHECK;
void stmt_end(sqlite3_stmt **stmt);

/* Runs it to its end; *n_changed_out (or NULL): rows that it touched. */
int stmt_run(struct store *store, enum stmt_id id, int64_t *n_changed_out,
    const struct bind *binds, size_t n_binds, struct err *err) MUST_CHECK;

/* Runs a guarded change: 1 when it touched no row. */
int stmt_run_one(struct store *store, enum stmt_id id, const struct bind *binds,
    size_t n_binds, struct err *err) MUST_CHECK;

/* Reads columns from left to right. */
struct recent_value;
struct columns {
	sqlite3_stmt *stmt;
	const struct recent_value *values; /* or NULL: those of stmt */
	struct arena *arena;
	int at;
};
const char *next_text(struct columns *columns); /* NULL reads as "" */
int64_t next_int(struct columns *columns);	/* NULL reads as 0 */
bool next_bool(struct columns *columns);

/*
 * Runs it and reads every row into an array in the arena, by read, whose
 * struct is row_size bytes.
 */
typedef void (*read_fn)(struct columns *columns, void *row_out);
int stmt_list(struct store *store, enum stmt_id id, struct arena *arena,
    read_fn read, size_t row_size, void *rows_out, size_t *n_out,
    const struct bind *binds, size_t n_binds, struct err *err) MUST_CHECK;
/* The first row; 1 when there is none. */
int stmt_get(struct store *store, enum stmt_id id, struct arena *arena,
    read_fn read, void *row_out, const struct bind *binds, size_t n_binds,
    struct err *err) MUST_CHECK;

/*
 * The same of what recent.h keeps; the binds are texts. Outside of a
 * transaction, where nobody knows who else writes, it asks.
 */
int stmt_get_recent(struct store *store, enum stmt_id id, struct arena *arena,
    read_fn read, void *row_out, const struct bind *binds, size_t n_binds,
    struct err *err) MUST_CHECK;

/* TASK_COLUMNS into a struct task_row; in tasks.c. */
void read_task_row(struct columns *columns, void *row_out);

sqlite3 *store_db(struct store *store);
struct recent *store_recent(struct store *store);

/* All return -1. */
int stmt_fail(struct store *store, sqlite3_stmt *stmt, struct err *err);
int
store_db_fail(sqlite3 *db, const char *path, const char *what, struct err *err);
int store_damaged(struct err *err, const char *path);

#endif
