#ifndef TASK_ENGINE_STORE_STORE_H
#define TASK_ENGINE_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct err;

/*
 * The database, and the only code in the suite that opens it. One connection,
 * one thread. SQLite in WAL mode with synchronous=FULL: when store_commit has
 * returned 0, what was written survives a loss of power.
 *
 * All store_* calls return 0 or -1 with *err filled, unless their header says
 * what 1 means. Rows that are returned live in the arena that was passed in.
 * Times are unix milliseconds (_ms) or seconds (_unix) and are passed in.
 *
 * Everything that writes runs between store_begin and store_commit (or
 * store_rollback); reads may run outside. A full disk, a database that became
 * read-only and a disk error are ERR_UNAVAILABLE with what to do.
 */
struct store;

enum { STORE_SCHEMA_VERSION = 4 };

/*
 * Opens or creates the database at path and brings its schema up to date,
 * after copying it to <path>.before-<version> (the last three are kept).
 * ERR_CONFLICT: it belongs to the Go predecessor or to a newer version of us,
 * and was not touched. ERR_UNAVAILABLE: it is damaged; the text names the
 * file and how to restore it.
 */
int store_open(
    struct store **store_out, const char *path, struct err *err) MUST_CHECK;
void store_close(struct store **store);

/* What a committed transaction changed; see store_on_commit. */
enum store_change {
	STORE_CHANGED_MESSAGES = 1,   /* chat logs are behind */
	STORE_CHANGED_TURNS = 2,      /* model work or a command was queued */
	STORE_CHANGED_OUTBOX = 4,     /* something was answered */
	STORE_CHANGED_FILES = 8,      /* whole files are to be written */
	STORE_CHANGED_AUDIT = 16,     /* its head outside is behind */
	STORE_CHANGED_DUE = 32,	      /* a connector has something to fetch */
	STORE_CHANGED_FORGOTTEN = 64, /* words are to leave the files, too */
};
/* Within a transaction, by who made the change. */
void store_note_change(struct store *store, unsigned changes);

/*
 * fn is called by store_commit (and store_tell) with the changes of the
 * transactions that were committed since. At most 8 listeners, called in the
 * order of registration, never within a transaction.
 */
typedef void (*store_changed_fn)(void *arg, unsigned changes);
void store_on_commit(struct store *store, store_changed_fn fn, void *arg);

int store_begin(struct store *store, struct err *err) MUST_CHECK;
/*
 * For what may be lost with the power, though never with the process, because
 * it can be derived again (a claim, a file's recorded length): commits
 * without waiting for the disk.
 */
int store_begin_relaxed(struct store *store, struct err *err) MUST_CHECK;
/* For reads that belong together; a write inside it is committed as usual. */
int store_begin_read(struct store *store, struct err *err) MUST_CHECK;

/* On failure everything since the begin is undone and nobody is told. */
int store_commit(struct store *store, struct err *err) MUST_CHECK;
/* The same without telling listeners: store_tell must follow. */
int store_commit_quietly(struct store *store, struct err *err) MUST_CHECK;
void store_tell(struct store *store);
void store_rollback(struct store *store);
bool store_is_in_transaction(const struct store *store);
/* Whether the open transaction was begun by store_begin_relaxed. */
bool store_is_relaxed(const struct store *store);

/* Grows with every row that is inserted, changed or removed. */
int64_t store_count_changes(const struct store *store);

/* One request of a batch inside its transaction; not nested. */
int store_savepoint(struct store *store, struct err *err) MUST_CHECK;
int store_release(struct store *store, struct err *err) MUST_CHECK;
void store_rollback_to(struct store *store);

/* What audit/ chains the rows of this database with; NULL until it is open. */
struct audit;
void store_set_audit(struct store *store, struct audit *audit);
struct audit *store_audit(const struct store *store);

/* Small values of the engine's own: cursors of upkeep, marks. */
struct arena;
/* Returns 1 when there is none. */
int store_kv_get(struct store *store, const char *key, struct arena *arena,
    const char **value_out, struct err *err) MUST_CHECK;
int store_kv_put(struct store *store, const char *key, const char *value,
    struct err *err) MUST_CHECK;

#endif
