/* Opens the database, runs transactions, and tells what they changed. */

#include "services/task-engine/store/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "services/task-engine/store/recent.h"
#include "services/task-engine/store/row.h"
#include "services/task-engine/store/schema.h"
#include "services/task-engine/store/wal.h"

enum {
	N_LISTENERS_MAX = 8,
	/* Only an operator's shell can hold the database: wait for it. */
	BUSY_WAIT_MS = 5000,
	/* Read whole at start only while that costs a few milliseconds. */
	QUICK_CHECK_MAX_BYTES = 8 * 1024 * 1024,
};

struct store {
	sqlite3 *db;
	char *path;
	sqlite3_stmt *stmts[STMT_COUNT];
	struct audit *audit;
	struct recent *recent;
	int64_t data_version; /* what recent is of */
	bool is_relaxed;
	unsigned changes;   /* of the transaction that is open */
	unsigned committed; /* not told yet */
	bool has_old_words; /* the -wal, of what is forgotten */
	struct {
		store_changed_fn fn;
		void *arg;
	} listeners[N_LISTENERS_MAX];
	size_t n_listeners;
};

sqlite3 *
store_db(struct store *store)
{
	return store->db;
}

struct recent *
store_recent(struct store *store)
{
	return store->recent;
}

static int
pragmas(struct store *s, struct err *err)
{
	static const char sql[] =
	    "PRAGMA journal_mode = WAL;"
	    "PRAGMA synchronous = FULL;"
	    "PRAGMA foreign_keys = ON;"
	    "PRAGMA trusted_schema = OFF;"
	    /* What is forgotten leaves no free page behind either; FAST would
	     * leave those of long texts. */
	    "PRAGMA secure_delete = ON;"
	    /* No file outside of our own folder. */
	    "PRAGMA temp_store = MEMORY;"
	    /* The indexes' last pages of some hundred busy chats. */
	    "PRAGMA cache_size = -4096;"
	    /* 8 MiB: the same pages are then copied back less often. */
	    "PRAGMA wal_autocheckpoint = 2000;";

	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return store_db_fail(s->db, s->path, "open", err);
	return 0;
}

/* A damaged page found now is better than one found with a message in hand. */
static int
quick_check(struct store *s, struct err *err)
{
	sqlite3_stmt *once = NULL;
	struct stat st;
	const unsigned char *text;
	bool is_ok = false, failed = false;

	if (stat(s->path, &st) == 0 && st.st_size > QUICK_CHECK_MAX_BYTES)
		return 0;
	if (sqlite3_prepare_v2(
		s->db, "PRAGMA quick_check(1)", -1, &once, NULL) == SQLITE_OK &&
	    sqlite3_step(once) == SQLITE_ROW) {
		text = sqlite3_column_text(once, 0);
		is_ok = text && strcmp((const char *)text, "ok") == 0;
	} else {
		store_db_fail(s->db, s->path, "check", err);
		failed = true;
	}
	sqlite3_finalize(once);
	if (failed)
		return -1;
	return is_ok ? 0 : store_damaged(err, s->path);
}

static int
open_at(struct store *s, struct err *err)
{
	if (schema_probe(s->path, err) < 0)
		return -1;
	if (sqlite3_open_v2(s->path, &s->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
		    SQLITE_OPEN_NOMUTEX,
		wal_vfs()) != SQLITE_OK)
		return store_db_fail(s->db, s->path, "open", err);
	wal_attach(s->db);
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_busy_timeout(s->db, BUSY_WAIT_MS);
	/* Before WAL: a new file's first page then says whose it is, even if
	 * the power goes before the first checkpoint. */
	if (schema_migrate(s->db, s->path, schema_migrations,
		n_schema_migrations, err) < 0 ||
	    quick_check(s, err) < 0)
		return -1;
	return pragmas(s, err);
}

/*
 * One thread uses SQLite: its locks, and the counters of its allocator, which
 * have locks too, cost a tenth of each message. Once SQLite is awake it takes
 * no more advice, and says so, which is no fault.
 */
static void
drop_locks(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int
store_open(struct store **store_out, const char *path, struct err *err)
{
	AUTO(store_close)
	struct store *s = xcalloc(1, sizeof(*s));

	s->path = xstrdup(path);
	s->recent = recent_new();
	/* A kill may have come before the -wal was cleared. */
	s->has_old_words = true;
	drop_locks();
	if (open_at(s, err) < 0)
		return -1;
	*store_out = STEAL(s);
	return 0;
}

void
store_close(struct store **store)
{
	struct store *s = *store;

	if (!s)
		return;
	for (size_t i = 0; i < STMT_COUNT; i++)
		sqlite3_finalize(s->stmts[i]);
	sqlite3_close_v2(s->db);
	recent_free(&s->recent);
	free(s->path);
	free(s);
	*store = NULL;
}

int
store_damaged(struct err *err, const char *path)
{
	return err_set(err, ERR_UNAVAILABLE,
	    "the database %s is damaged: stop agent-runtime, move it and its "
	    "-wal and -shm files aside, copy your last backup to that name, "
	    "and start again; nothing was changed",
	    path);
}

int
store_db_fail(sqlite3 *db, const char *path, const char *what, struct err *err)
{
	const char *text = db ? sqlite3_errmsg(db) : "out of memory";

	switch ((db ? sqlite3_errcode(db) : SQLITE_NOMEM) & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return store_damaged(err, path);
	case SQLITE_FULL:
		return err_set(err, ERR_UNAVAILABLE,
		    "the disk is full: free space where %s lies and try "
		    "again; nothing was changed",
		    path);
	case SQLITE_IOERR:
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return err_set(err, ERR_UNAVAILABLE,
		    "cannot write the database %s (%s): check that the disk "
		    "has space and that the directory is writable; nothing "
		    "was changed",
		    path, text);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(err, ERR_UNAVAILABLE,
		    "another program holds the database %s: close it and try "
		    "again; nothing was changed",
		    path);
	default:
		return err_set(
		    err, ERR_INTERNAL, "database %s, %s: %s", path, what, text);
	}
}

int
stmt_fail(struct store *s, sqlite3_stmt *stmt, struct err *err)
{
	return store_db_fail(s->db, s->path, sqlite3_sql(stmt), err);
}

sqlite3_stmt *
stmt_open(struct store *s, enum stmt_id id, const struct bind *binds,
    size_t n_binds, struct err *err)
{
	sqlite3_stmt *stmt = s->stmts[id];

	/* Prepared when first used: half of them would only delay the start. */
	if (!stmt &&
	    sqlite3_prepare_v3(s->db, stmt_text(id), -1,
		SQLITE_PREPARE_PERSISTENT, &s->stmts[id], NULL) != SQLITE_OK) {
		store_db_fail(s->db, s->path, stmt_text(id), err);
		return NULL;
	}
	stmt = s->stmts[id];
	assert(!sqlite3_stmt_busy(stmt));
	assert(n_binds == (size_t)sqlite3_bind_parameter_count(stmt));
	if (recent_tables[id] && !sqlite3_stmt_readonly(stmt))
		recent_forget(s->recent, recent_tables[id]);
	for (size_t i = 0; i < n_binds; i++) {
		const struct bind *b = &binds[i];
		int at = (int)i + 1, rc = SQLITE_OK;

		switch (b->type) {
		case BIND_NULL:
			rc = sqlite3_bind_null(stmt, at);
			break;
		case BIND_TEXT:
			rc = sqlite3_bind_text(
			    stmt, at, b->text, -1, SQLITE_STATIC);
			break;
		case BIND_INT:
			rc = sqlite3_bind_int64(stmt, at, b->number);
			break;
		case BIND_BLOB:
			rc = sqlite3_bind_blob64(stmt, at, b->text,
			    (sqlite3_uint64)b->number, SQLITE_STATIC);
			break;
		}
		assert(rc == SQLITE_OK);
	}
	return stmt;
}

void
store_note_change(struct store *s, unsigned changes)
{
	s->changes |= changes;
}

void
store_on_commit(struct store *s, store_changed_fn fn, void *arg)
{
	assert(s->n_listeners < N_LISTENERS_MAX);
	s->listeners[s->n_listeners].fn = fn;
	s->listeners[s->n_listeners++].arg = arg;
}

static void
read_number(struct columns *c, void *row_out)
{
	*(int64_t *)row_out = next_int(c);
}

/* An operator's shell may have written since the last transaction. */
static int
notice_others(struct store *s, struct err *err)
{
	int64_t version;

	if (stmt_get(s, STMT_DATA_VERSION, NULL, read_number, &version,
		NO_BINDS, err) < 0)
		return -1;
	if (version != s->data_version)
		recent_forget(s->recent, RECENT_ALL);
	s->data_version = version;
	return 0;
}

static int
begin(struct store *s, enum stmt_id id, struct err *err)
{
	assert(!store_is_in_transaction(s));
	s->changes = 0;
	if (stmt_run(s, id, NULL, NO_BINDS, err) < 0)
		return -1;
	if (notice_others(s, err) == 0)
		return 0;
	store_rollback(s);
	return -1;
}

int
store_begin(struct store *s, struct err *err)
{
	return begin(s, STMT_BEGIN_WRITE, err);
}

int
store_begin_read(struct store *s, struct err *err)
{
	return begin(s, STMT_BEGIN_READ, err);
}

static void
wait_for_disk(struct store *s, bool yes)
{
	/* Fails only inside a transaction, which would be a bug. */
	int rc = sqlite3_exec(s->db,
	    yes ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL",
	    NULL, NULL, NULL);

	assert(rc == SQLITE_OK);
	s->is_relaxed = !yes;
}

int
store_begin_relaxed(struct store *s, struct err *err)
{
	assert(!store_is_in_transaction(s));
	wait_for_disk(s, false);
	if (store_begin(s, err) == 0)
		return 0;
	wait_for_disk(s, true);
	return -1;
}

static void
end(struct store *s)
{
	s->changes = 0;
	if (s->is_relaxed)
		wait_for_disk(s, true);
}

void
store_rollback(struct store *s)
{
	struct err ignored;

	/* After some errors SQLite has rolled back already. */
	if (store_is_in_transaction(s) &&
	    stmt_run(s, STMT_ROLLBACK, NULL, NO_BINDS, &ignored) < 0)
		log_error(
		    "rollback-failed", "text=%s", log_quote(ignored.text));
	recent_forget(s->recent, RECENT_ALL);
	end(s);
}

/*
 * The -wal keeps what its frames held until others take their place. Who reads
 * just now holds it: nobody waits for that, the next commit tries again.
 */
static void
scrub(struct store *s)
{
	int rc;

	sqlite3_busy_timeout(s->db, 0);
	rc = sqlite3_wal_checkpoint_v2(
	    s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_busy_timeout(s->db, BUSY_WAIT_MS);
	s->has_old_words = rc != SQLITE_OK;
}

int
store_commit_quietly(struct store *s, struct err *err)
{
	if (!store_is_in_transaction(s)) {
		end(s);
		return err_set(err, ERR_UNAVAILABLE,
		    "the database %s could not be written; nothing was changed",
		    s->path);
	}
	if (stmt_run(s, STMT_COMMIT, NULL, NO_BINDS, err) < 0) {
		store_rollback(s);
		return -1;
	}
	s->committed |= s->changes;
	s->has_old_words |= (s->changes & STORE_CHANGED_FORGOTTEN) != 0;
	end(s);
	if (s->has_old_words)
		scrub(s);
	return 0;
}

void
store_tell(struct store *s)
{
	unsigned changes = STEAL(s->committed);

	for (size_t i = 0; changes && i < s->n_listeners; i++)
		s->listeners[i].fn(s->listeners[i].arg, changes);
}

int
store_commit(struct store *s, struct err *err)
{
	if (store_commit_quietly(s, err) < 0)
		return -1;
	store_tell(s);
	return 0;
}

bool
store_is_in_transaction(const struct store *s)
{
	return !sqlite3_get_autocommit(s->db);
}

bool
store_is_relaxed(const struct store *s)
{
	return s->is_relaxed;
}

void
store_set_audit(struct store *s, struct audit *audit)
{
	s->audit = audit;
}

struct audit *
store_audit(const struct store *s)
{
	return s->audit;
}

int64_t
store_count_changes(const struct store *s)
{
	return sqlite3_total_changes64(s->db);
}

int
store_savepoint(struct store *s, struct err *err)
{
	return stmt_run(s, STMT_SAVEPOINT, NULL, NO_BINDS, err);
}

int
store_release(struct store *s, struct err *err)
{
	return stmt_run(s, STMT_RELEASE, NULL, NO_BINDS, err);
}

void
store_rollback_to(struct store *s)
{
	struct err err;

	if (!store_is_in_transaction(s))
		return;
	recent_forget(s->recent, RECENT_ALL);
	if (stmt_run(s, STMT_ROLLBACK_TO, NULL, NO_BINDS, &err) < 0 ||
	    stmt_run(s, STMT_RELEASE, NULL, NO_BINDS, &err) < 0)
		store_rollback(s);
}

static void
read_text(struct columns *c, void *row_out)
{
	*(const char **)row_out = next_text(c);
}

int
store_kv_get(struct store *s, const char *key, struct arena *arena,
    const char **value_out, struct err *err)
{
	return stmt_get(s, STMT_KV_GET, arena, read_text, value_out,
	    BINDS(b_text(key)), err);
}

int
store_kv_put(
    struct store *s, const char *key, const char *value, struct err *err)
{
	return stmt_run(
	    s, STMT_KV_PUT, NULL, BINDS(b_text(key), b_text(value)), err);
}
