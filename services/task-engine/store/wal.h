#ifndef TASK_ENGINE_STORE_WAL_H
#define TASK_ENGINE_STORE_WAL_H

#include <sqlite3.h>

/*
 * The -wal of a database, written once a commit.
 *
 * SQLite writes each page of a commit in two pieces, a frame's head of 24
 * bytes and the page (https://www.sqlite.org/fileformat2.html, 4.1). A message
 * changes some ten pages, and twenty writes take longer than to wait for the
 * disk. A database that is opened with this VFS collects them, and hands them
 * to the system's VFS when the frame comes that commits, before SQLite tells
 * readers of it and before it waits for the disk. What is collected is thus
 * never of a committed transaction, and is lost with it and not otherwise.
 *
 * All other files, and whatever else is done to this one, are the system's.
 */

/* For sqlite3_open_v2; registers it, which wakes SQLite. NULL: out of memory. */
const char *wal_vfs(void);

/* Right after the database was opened by it: a rollback then drops what was
 * collected. Takes the connection's rollback hook. */
void wal_attach(sqlite3 *db);

#endif
