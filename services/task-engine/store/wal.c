/* Gathers the frames of a commit, and writes them at once. */

#include "services/task-engine/store/wal.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	FRAME_HEAD_BYTES = 24,
	/* In it, big-endian: the size of the database behind this frame, which
	 * is 0 in all but the one that commits. */
	DB_SIZE_AT = 4,
	DB_SIZE_BYTES = 4,
	/* SQLite's own writes are of a page at most, and its VFS takes less than
	 * 128 KiB at once. Larger commits go in several writes. */
	ROOM_BYTES = 31 * (FRAME_HEAD_BYTES + 4096),
};

/* What SQLite takes for its file; the system's lies behind it. */
struct wal_file {
	sqlite3_file base;
	char *room;	  /* made with the first frame */
	sqlite3_int64 at; /* in the file, of what is gathered */
	int n_bytes;
	sqlite3_int64 end; /* of what was appended since the file's own head */
	bool is_commit;	   /* of the frame that is being appended */
	sqlite3_int64 system[]; /* aligned as SQLite aligns: to 8 */
};

static sqlite3_file *
system_file(struct wal_file *wal)
{
	return (sqlite3_file *)wal->system;
}

static int
write_out(struct wal_file *wal)
{
	sqlite3_file *file = system_file(wal);
	int rc;

	if (wal->n_bytes == 0)
		return SQLITE_OK;
	rc = file->pMethods->xWrite(file, wal->room, wal->n_bytes, wal->at);
	/* What failed stays until SQLite has rolled back. */
	if (rc == SQLITE_OK)
		wal->n_bytes = 0;
	return rc;
}

static void
drop(struct wal_file *wal)
{
	if (wal->n_bytes > 0)
		wal->end = wal->at;
	wal->n_bytes = 0;
}

/* Anything but one more piece of a frame behind the last. */
static int
write_through(
    struct wal_file *wal, const void *data, int size, sqlite3_int64 at)
{
	sqlite3_file *file = system_file(wal);
	int rc = write_out(wal);

	return rc == SQLITE_OK ? file->pMethods->xWrite(file, data, size, at)
			       : rc;
}

static bool
says_commit(const char *frame_head)
{
	static const char none[DB_SIZE_BYTES];

	return memcmp(frame_head + DB_SIZE_AT, none, sizeof(none)) != 0;
}

static int
make_room(struct wal_file *wal, int size, sqlite3_int64 at)
{
	int rc = SQLITE_OK;

	if (wal->room == NULL)
		wal->room = malloc(ROOM_BYTES);
	if (wal->room == NULL)
		return SQLITE_NOMEM;
	if (wal->at + wal->n_bytes != at || size > ROOM_BYTES - wal->n_bytes)
		rc = write_out(wal);
	if (rc == SQLITE_OK && wal->n_bytes == 0)
		wal->at = at;
	return rc;
}

static int
append(struct wal_file *wal, const void *data, int size, sqlite3_int64 at)
{
	int rc = make_room(wal, size, at);

	if (rc != SQLITE_OK)
		return rc;
	memcpy(wal->room + wal->n_bytes, data, (size_t)size);
	wal->n_bytes += size;
	wal->end = at + size;
	if (size == FRAME_HEAD_BYTES) {
		wal->is_commit = says_commit(data);
		return SQLITE_OK;
	}
	if (!wal->is_commit)
		return SQLITE_OK;
	rc = write_out(wal);
	/* SQLite rolls back, and reads: that must not write what failed. */
	if (rc != SQLITE_OK)
		drop(wal);
	return rc;
}

static int
on_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
	struct wal_file *wal = (struct wal_file *)file;

	/* The head of the file: it begins anew. */
	if (at == 0)
		wal->end = size;
	else if (at >= wal->end && size <= ROOM_BYTES)
		return append(wal, data, size, at);
	return write_through(wal, data, size, at);
}

static int
on_read(sqlite3_file *file, void *data, int size, sqlite3_int64 at)
{
	struct wal_file *wal = (struct wal_file *)file;
	int rc = write_out(wal);

	file = system_file(wal);
	return rc == SQLITE_OK ? file->pMethods->xRead(file, data, size, at)
			       : rc;
}

static int
on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct wal_file *wal = (struct wal_file *)file;
	int rc = write_out(wal);

	file = system_file(wal);
	return rc == SQLITE_OK ? file->pMethods->xTruncate(file, size) : rc;
}

static int
on_sync(sqlite3_file *file, int flags)
{
	struct wal_file *wal = (struct wal_file *)file;
	int rc = write_out(wal);

	file = system_file(wal);
	return rc == SQLITE_OK ? file->pMethods->xSync(file, flags) : rc;
}

static int
on_file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	struct wal_file *wal = (struct wal_file *)file;
	int rc = write_out(wal);

	file = system_file(wal);
	return rc == SQLITE_OK ? file->pMethods->xFileSize(file, size) : rc;
}

static int
on_close(sqlite3_file *file)
{
	struct wal_file *wal = (struct wal_file *)file;

	free(wal->room);
	file = system_file(wal);
	return file->pMethods->xClose(file);
}

static int
on_lock(sqlite3_file *file, int lock)
{
	file = system_file((struct wal_file *)file);
	return file->pMethods->xLock(file, lock);
}

static int
on_unlock(sqlite3_file *file, int lock)
{
	file = system_file((struct wal_file *)file);
	return file->pMethods->xUnlock(file, lock);
}

static int
on_check_lock(sqlite3_file *file, int *is_locked)
{
	file = system_file((struct wal_file *)file);
	return file->pMethods->xCheckReservedLock(file, is_locked);
}

static int
on_control(sqlite3_file *file, int op, void *arg)
{
	file = system_file((struct wal_file *)file);
	return file->pMethods->xFileControl(file, op, arg);
}

static int
on_sector_size(sqlite3_file *file)
{
	file = system_file((struct wal_file *)file);
	return file->pMethods->xSectorSize(file);
}

static int
on_characteristics(sqlite3_file *file)
{
	file = system_file((struct wal_file *)file);
	return file->pMethods->xDeviceCharacteristics(file);
}

/* Version 1: shared memory and mapping are the database file's, not ours. */
static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = on_close,
	.xRead = on_read,
	.xWrite = on_write,
	.xTruncate = on_truncate,
	.xSync = on_sync,
	.xFileSize = on_file_size,
	.xLock = on_lock,
	.xUnlock = on_unlock,
	.xCheckReservedLock = on_check_lock,
	.xFileControl = on_control,
	.xSectorSize = on_sector_size,
	.xDeviceCharacteristics = on_characteristics,
};

static int
on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
    int *flags_out)
{
	sqlite3_vfs *system = vfs->pAppData;
	struct wal_file *wal = (struct wal_file *)file;
	int rc;

	if (!(flags & SQLITE_OPEN_WAL))
		return system->xOpen(system, name, file, flags, flags_out);
	*wal = (struct wal_file){ 0 };
	rc = system->xOpen(system, name, system_file(wal), flags, flags_out);
	/* SQLite closes what has methods. */
	if (system_file(wal)->pMethods != NULL)
		wal->base.pMethods = &methods;
	return rc;
}

const char *
wal_vfs(void)
{
	static sqlite3_vfs vfs;
	sqlite3_vfs *system = sqlite3_vfs_find(NULL);

	if (vfs.pAppData != NULL)
		return vfs.zName;
	if (system == NULL)
		return NULL;
	vfs = *system;
	vfs.zName = "gather-wal";
	vfs.pAppData = system;
	vfs.pNext = NULL;
	vfs.szOsFile += (int)sizeof(struct wal_file);
	vfs.xOpen = on_open;
	if (sqlite3_vfs_register(&vfs, 0) == SQLITE_OK)
		return vfs.zName;
	vfs.pAppData = NULL;
	return NULL;
}

static void
on_rollback(void *arg)
{
	sqlite3_file *file = NULL;

	(void)sqlite3_file_control(
	    arg, "main", SQLITE_FCNTL_JOURNAL_POINTER, (void *)&file);
	if (file != NULL && file->pMethods == &methods)
		drop((struct wal_file *)file);
}

void
wal_attach(sqlite3 *db)
{
	(void)sqlite3_rollback_hook(db, on_rollback, db);
}
