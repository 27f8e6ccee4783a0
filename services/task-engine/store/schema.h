#ifndef TASK_ENGINE_STORE_SCHEMA_H
#define TASK_ENGINE_STORE_SCHEMA_H

#include <stddef.h>

#include "libcommon/defs.h"

struct err;
struct sqlite3;

/* Bringing a database up to date; the store's own, and its tests'. */
struct migration {
	int version;		/* that the database has afterwards */
	const char *const *sql; /* NULL-terminated, applied as one */
};

extern const struct migration schema_migrations[];
extern const size_t n_schema_migrations;

/* "ARdb" */
enum { SCHEMA_APPLICATION_ID = 0x41526462 };

/*
 * Looks at the file without opening it as a database, so that a foreign one
 * is not altered. Returns 0 when it is ours, 1 when it is absent or empty.
 */
int schema_probe(const char *path, struct err *err) MUST_CHECK;

/*
 * Applies what is missing, each in a transaction of its own, after copying a
 * database that has content to <path>.before-<version>.
 */
int schema_migrate(struct sqlite3 *db, const char *path,
    const struct migration *migrations, size_t n_migrations,
    struct err *err) MUST_CHECK;

#endif
