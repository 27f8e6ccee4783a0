/* Recognises our databases, copies them, and brings them up to date. */

#include "services/task-engine/store/schema.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/log.h"
#include "services/task-engine/store/row.h"

enum {
	HEADER_BYTES = 100,
	AT_APPLICATION_ID = 68, /* both from the SQLite file format */
	N_COPIES_KEPT = 3,
};

static const char magic[16] = "SQLite format 3";

static void
db_close(sqlite3 **db)
{
	sqlite3_close_v2(*db);
	*db = NULL;
}

/*
 * By two tables that it had from its first version on.
 * immutable: no lock, no -wal, no -shm: nothing beside the file is touched.
 */
static bool
is_predecessor(const char *path)
{
	AUTO(db_close)
	sqlite3 *db = NULL;
	AUTO(buf_release)
	struct buf uri = { 0 };
	sqlite3_stmt *stmt = NULL;
	bool found = false;

	buf_init(&uri);
	buf_adds(&uri, "file:");
	for (const char *p = path; *p; p++)
		if (strchr("%?#", *p))
			buf_addf(&uri, "%%%02X", (unsigned char)*p);
		else
			buf_addc(&uri, *p);
	buf_adds(&uri, "?immutable=1");
	if (sqlite3_open_v2(uri.data, &db,
		SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) != SQLITE_OK)
		return false;
	if (sqlite3_prepare_v2(db,
		"SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND"
		" name IN ('tasks','pairing_requests')",
		-1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		found = sqlite3_column_int(stmt, 0) == 2;
	sqlite3_finalize(stmt);
	return found;
}

int
schema_probe(const char *path, struct err *err)
{
	unsigned char head[HEADER_BYTES];
	AUTO(fd_close)
	int fd = file_open_named(path, err);
	const unsigned char *id = head + AT_APPLICATION_ID;
	ssize_t n;

	if (fd < 0 && err->code == ERR_NOT_FOUND)
		return 1;
	if (fd < 0)
		return err_prefix(err, "the database");
	n = read(fd, head, sizeof(head));
	if (n == 0)
		return 1;
	if (n < HEADER_BYTES || memcmp(head, magic, sizeof(magic)) != 0)
		return store_damaged(err, path);
	if (((unsigned)id[0] << 24 | (unsigned)id[1] << 16 |
		(unsigned)id[2] << 8 | id[3]) == SCHEMA_APPLICATION_ID)
		return 0;
	if (is_predecessor(path))
		return err_set(err, ERR_CONFLICT,
		    "%s is a database of the Go agent-runtime, which this "
		    "program does not read: move it aside or set "
		    "AGENT_RUNTIME_DATA_DIR to an empty directory; it was not "
		    "changed",
		    path);
	return err_set(err, ERR_CONFLICT,
	    "%s is a database of another program: move it aside or set "
	    "AGENT_RUNTIME_DB_PATH; it was not changed",
	    path);
}

static int
read_version(sqlite3 *db, const char *path, int *version_out, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*version_out = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW ? 0 : store_db_fail(db, path, "open", err);
}

/* The whole database as it is now, -wal included, complete or not there. */
static int
copy_aside(sqlite3 *db, const char *path, int version, struct err *err)
{
	AUTO(db_close)
	sqlite3 *copy = NULL;
	char made[4096], name[4096];
	sqlite3_backup *backup;
	int rc;

	if (snprintf(name, sizeof(name), "%s.before-%d", path, version) >=
		(int)sizeof(name) ||
	    snprintf(made, sizeof(made), "%s.tmp", name) >= (int)sizeof(made))
		return err_set(err, ERR_INVALID, "path too long: %s", path);
	if (unlink(made) < 0 && errno != ENOENT)
		return err_errno(err, "remove %s", made);
	rc = sqlite3_open(made, &copy);
	backup = rc == SQLITE_OK ? sqlite3_backup_init(copy, "main", db, "main")
				 : NULL;
	if (backup) {
		sqlite3_backup_step(backup, -1);
		rc = sqlite3_backup_finish(backup);
	}
	if (!backup || rc != SQLITE_OK)
		return store_db_fail(copy, made, "copy before migration", err);
	db_close(&copy);
	if (rename(made, name) < 0)
		return err_errno(err, "rename %s", made);
	log_info("database-copied", "to=%s", log_quote(name));
	return 0;
}

static int
by_number_down(const void *a, const void *b)
{
	const int x = *(const int *)a, y = *(const int *)b;

	return (y > x) - (y < x);
}

/* ".before-<number>" and nothing behind it */
static bool
copy_number(const char *text, int *number_out)
{
	static const char mark[] = ".before-";
	char *end;
	long number;

	if (strncmp(text, mark, strlen(mark)) != 0)
		return false;
	text += strlen(mark);
	number = strtol(text, &end, 10);
	if (end == text || *end || number < 0 || number > INT_MAX)
		return false;
	*number_out = (int)number;
	return true;
}

static void
drop_old_copies(const char *path)
{
	AUTO(xfree)
	char *copy = xstrdup(path);
	AUTO(xfree)
	char *copy2 = xstrdup(path);
	const char *base = basename(copy), *folder = dirname(copy2);
	size_t base_size = strlen(base);
	int found[64];
	size_t n = 0;
	DIR *dir = opendir(folder);

	for (struct dirent *e; dir && (e = readdir(dir)) && n < N_OF(found);)
		if (strncmp(e->d_name, base, base_size) == 0 &&
		    copy_number(e->d_name + base_size, &found[n]))
			n++;
	if (dir)
		closedir(dir);
	qsort(found, n, sizeof(found[0]), by_number_down);
	for (size_t i = N_COPIES_KEPT; i < n; i++) {
		AUTO(buf_release)
		struct buf old = { 0 };

		buf_init(&old);
		buf_addf(&old, "%s.before-%d", path, found[i]);
		if (unlink(old.data) < 0)
			log_warn(
			    "old-copy-stays", "path=%s", log_quote(old.data));
	}
}

static int
apply(sqlite3 *db, const char *path, const struct migration *migration,
    struct err *err)
{
	AUTO(buf_release)
	struct buf sql = { 0 };

	buf_init(&sql);
	buf_adds(&sql, "BEGIN IMMEDIATE;");
	for (const char *const *part = migration->sql; *part; part++)
		buf_adds(&sql, *part);
	buf_addf(&sql,
	    "PRAGMA application_id = %d;PRAGMA user_version = %d;COMMIT;",
	    SCHEMA_APPLICATION_ID, migration->version);
	if (sqlite3_exec(db, sql.data, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	store_db_fail(db, path, "migrate", err);
	if (!sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return err_prefix(err, "schema %d", migration->version);
}

int
schema_migrate(sqlite3 *db, const char *path,
    const struct migration *migrations, size_t n_migrations, struct err *err)
{
	const int newest = migrations[n_migrations - 1].version;
	int version = 0;

	if (read_version(db, path, &version, err) < 0)
		return -1;
	if (version > newest)
		return err_set(err, ERR_CONFLICT,
		    "the database %s has schema %d and this program knows %d: "
		    "start the newer agent-runtime, or restore a copy "
		    "(%s.before-%d); it was not changed",
		    path, version, newest, path, newest + 1);
	if (version == newest)
		return 0;
	if (version > 0 && copy_aside(db, path, newest, err) < 0)
		return -1;
	for (size_t i = 0; i < n_migrations; i++)
		if (migrations[i].version > version &&
		    apply(db, path, &migrations[i], err) < 0)
			return -1;
	if (version > 0) {
		drop_old_copies(path);
		log_info("database-migrated", "from=%d to=%d", version, newest);
	}
	return 0;
}
