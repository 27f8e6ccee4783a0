/* An index file: opening it, making it anew, and its statements. */

#include "services/indexer/index_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/log.h"
#include "services/indexer/index.h"
#include "services/indexer/tokens.h"

static const char file_name[] = "index.sqlite";

static char *
path_of(const char *dir, const char *suffix)
{
	AUTO(buf_release)
	struct buf path;

	buf_init(&path);
	buf_addf(&path, "%s/%s%s", dir, file_name, suffix);
	return buf_steal(&path);
}

static void
remove_files(const char *dir)
{
	static const char *const suffixes[] = { "", "-wal", "-shm",
		"-journal" };

	for (size_t i = 0; i < N_OF(suffixes); i++) {
		AUTO(xfree)
		char *path = path_of(dir, suffixes[i]);

		if (unlink(path) < 0 && errno != ENOENT)
			log_warn("index-remove-failed", "path=%s errno=%s",
			    log_quote(path), log_quote(strerror(errno)));
	}
}

void
index_delete(const char *dir)
{
	struct err err;

	if (file_remove_tree(dir, &err) < 0)
		log_warn("index-remove-failed", "path=%s why=%s",
		    log_quote(dir), log_quote(err.text));
}

static int
fail(struct index *index, int rc, struct err *err)
{
	int primary = rc & 0xff;

	if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB)
		index->is_broken = true;
	return err_set(err,
	    primary == SQLITE_FULL || primary == SQLITE_IOERR ? ERR_UNAVAILABLE
							      : ERR_INTERNAL,
	    "index %s: %s", index->dir, sqlite3_errmsg(index->db));
}

sqlite3_stmt *
index_statement(struct index *index, enum statement which, struct err *err)
{
	sqlite3_stmt **stmt = &index->prepared[which];
	int rc;

	if (*stmt)
		return *stmt;
	rc = sqlite3_prepare_v3(index->db, statements[which], -1,
	    SQLITE_PREPARE_PERSISTENT, stmt, NULL);
	if (rc == SQLITE_OK)
		return *stmt;
	/* The texts are right, so it is the tables that are not ours. */
	if ((rc & 0xff) == SQLITE_ERROR)
		index->is_broken = true;
	(void)fail(index, rc, err);
	return NULL;
}

void
index_statement_done(sqlite3_stmt **stmt)
{
	if (!*stmt)
		return;
	sqlite3_reset(*stmt);
	sqlite3_clear_bindings(*stmt);
}

int
index_step(struct index *index, sqlite3_stmt *stmt, struct err *err)
{
	int rc = sqlite3_step(stmt);

	if (rc == SQLITE_ROW)
		return 0;
	if (rc == SQLITE_DONE)
		return 1;
	return fail(index, rc, err);
}

int
index_run(struct index *index, enum statement which, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(index, which, err);

	if (!stmt || index_step(index, stmt, err) < 0)
		return -1;
	return 0;
}

int
index_run_between(struct index *index, enum statement which, int64_t first,
    int64_t last, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(index, which, err);

	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, first);
	sqlite3_bind_int64(stmt, 2, last);
	return index_step(index, stmt, err) < 0 ? -1 : 0;
}

int
index_step_on(
    struct index *index, enum statement which, int64_t id, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(index, which, err);

	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, id);
	return index_step(index, stmt, err);
}

void
index_bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
	sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
}

static int
execute(struct index *index, const char *sql, struct err *err)
{
	int rc = sqlite3_exec(index->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : fail(index, rc, err);
}

static int
read_number(struct index *index, const char *sql, int64_t *out, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(index->db, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW ? 0 : fail(index, rc, err);
}

/* Returns 1 for a file that has nothing in it yet, -1 for one not ours. */
static int
check_format(struct index *index, struct err *err)
{
	int64_t id = 0, format = 0, n_tables = 0;

	if (read_number(index, "PRAGMA application_id", &id, err) < 0 ||
	    read_number(index, "PRAGMA user_version", &format, err) < 0 ||
	    read_number(index, "SELECT count(*) FROM sqlite_schema", &n_tables,
		err) < 0)
		return -1;
	if (n_tables == 0)
		return 1;
	if (id != INDEX_APPLICATION_ID || format != INDEX_FORMAT)
		return err_set(err, ERR_CONFLICT, "index %s: format %d",
		    index->dir, (int)format);
	return 0;
}

static int
make_schema(struct index *index, struct err *err)
{
	AUTO(buf_release)
	struct buf sql;

	buf_init(&sql);
	buf_addf(&sql,
	    "BEGIN; %s PRAGMA application_id = %d; PRAGMA user_version = %d;"
	    " COMMIT;",
	    statement_schema, INDEX_APPLICATION_ID, INDEX_FORMAT);
	return execute(index, sql.data, err);
}

/* A cache: it must survive a killed process, not a lost disk. */
static const char settings[] = "PRAGMA journal_mode = WAL;"
			       "PRAGMA synchronous = NORMAL;"
			       "PRAGMA journal_size_limit = 1048576;"
			       "PRAGMA temp_store = MEMORY;"
			       "PRAGMA cache_size = -2048;"
			       "PRAGMA busy_timeout = 100;";

static int
open_file(struct index **index_out, const char *dir, struct err *err)
{
	AUTO(index_close)
	struct index *index = xcalloc(1, sizeof(*index));
	AUTO(xfree)
	char *path = path_of(dir, "");
	int rc, is_new;

	index->dir = xstrdup(dir);
	index->generation = 1;
	for (size_t i = 0; i < N_KNOWN_SCOPES; i++)
		buf_init(&index->scopes[i].key);
	/* One thread uses SQLite: no locks, nor counters that need them. */
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	rc = sqlite3_open_v2(path, &index->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
		SQLITE_OPEN_EXRESCODE,
	    NULL);
	if (rc != SQLITE_OK)
		return fail(index, rc, err);
	if (execute(index, settings, err) < 0 ||
	    tokens_register(index->db, err) < 0 ||
	    rank_register(index->db, &index->ranked, err) < 0)
		return -1;
	is_new = check_format(index, err);
	if (is_new < 0 || (is_new == 1 && make_schema(index, err) < 0))
		return -1;
	*index_out = STEAL(index);
	return is_new;
}

int
index_open(struct index **index_out, const char *dir, struct err *err)
{
	struct err why;
	int rc;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_errno(err, "cannot make the folder %s", dir);
	rc = open_file(index_out, dir, &why);
	if (rc >= 0)
		return rc;
	log_warn("index-made-anew", "text=%s", log_quote(why.text));
	remove_files(dir);
	return open_file(index_out, dir, err) < 0 ? -1 : 1;
}

void
index_close(struct index **index)
{
	struct index *ix = *index;

	if (!ix)
		return;
	for (size_t i = 0; i < STMT_COUNT; i++)
		sqlite3_finalize(ix->prepared[i]);
	for (size_t i = 0; i < N_KNOWN_SCOPES; i++) {
		buf_release(&ix->scopes[i].key);
		scope_set_release(&ix->scopes[i].set);
	}
	sqlite3_close(ix->db);
	xfree(&ix->dir);
	xfree(index);
}

bool
index_is_usable(struct index *index)
{
	int has_moved = 0;

	if (index->is_broken)
		return false;
	sqlite3_file_control(
	    index->db, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
	return !has_moved;
}
