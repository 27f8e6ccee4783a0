/* Runs the prepared statements and reads rows out of them. */

#include "services/task-engine/store/row.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/store/recent.h"
#include "services/task-engine/store/store.h"

int
stmt_step(struct store *s, sqlite3_stmt *stmt, struct err *err)
{
	int rc = sqlite3_step(stmt);

	if (rc == SQLITE_ROW)
		return 0;
	if (rc == SQLITE_DONE)
		return 1;
	return stmt_fail(s, stmt, err);
}

void
stmt_end(sqlite3_stmt **stmt)
{
	if (!*stmt)
		return;
	sqlite3_reset(*stmt);
	sqlite3_clear_bindings(*stmt);
	*stmt = NULL;
}

int
stmt_run(struct store *s, enum stmt_id id, int64_t *n_changed_out,
    const struct bind *binds, size_t n_binds, struct err *err)
{
	AUTO(stmt_end)
	sqlite3_stmt *stmt = stmt_open(s, id, binds, n_binds, err);
	int got;

	if (!stmt)
		return -1;
	do
		got = stmt_step(s, stmt, err);
	while (got == 0);
	if (got < 0)
		return -1;
	if (n_changed_out)
		*n_changed_out = sqlite3_changes64(store_db(s));
	return 0;
}

int
stmt_run_one(struct store *s, enum stmt_id id, const struct bind *binds,
    size_t n_binds, struct err *err)
{
	int64_t n_changed;

	if (stmt_run(s, id, &n_changed, binds, n_binds, err) < 0)
		return -1;
	return n_changed ? 0 : 1;
}

const char *
next_text(struct columns *c)
{
	const unsigned char *text;
	int size;

	if (c->values) {
		const struct recent_value *value = &c->values[c->at++];

		return value->text
			   ? arena_strndup(c->arena, value->text, value->size)
			   : "";
	}
	text = sqlite3_column_text(c->stmt, c->at);
	size = sqlite3_column_bytes(c->stmt, c->at++);

	if (!text)
		return "";
	return arena_strndup(c->arena, (const char *)text, (size_t)size);
}

int64_t
next_int(struct columns *c)
{
	if (c->values)
		return c->values[c->at++].number;
	return sqlite3_column_int64(c->stmt, c->at++);
}

bool
next_bool(struct columns *c)
{
	return next_int(c) != 0;
}

int
stmt_get(struct store *s, enum stmt_id id, struct arena *arena, read_fn read,
    void *row_out, const struct bind *binds, size_t n_binds, struct err *err)
{
	AUTO(stmt_end)
	sqlite3_stmt *stmt = stmt_open(s, id, binds, n_binds, err);
	struct columns c = { .stmt = stmt, .arena = arena };
	int got = stmt ? stmt_step(s, stmt, err) : -1;

	if (got == 0)
		read(&c, row_out);
	return got;
}

static int
ask_and_keep(struct store *s, enum stmt_id id, struct arena *arena,
    read_fn read, void *row_out, const struct bind *binds, size_t n_binds,
    struct err *err)
{
	AUTO(stmt_end)
	sqlite3_stmt *stmt = stmt_open(s, id, binds, n_binds, err);
	struct columns c = { .stmt = stmt, .arena = arena };
	int got = stmt ? stmt_step(s, stmt, err) : -1;

	if (got >= 0)
		recent_keep(store_recent(s), stmt, got == 0);
	if (got == 0)
		read(&c, row_out);
	return got;
}

int
stmt_get_recent(struct store *s, enum stmt_id id, struct arena *arena,
    read_fn read, void *row_out, const struct bind *binds, size_t n_binds,
    struct err *err)
{
	const struct recent_row *row;
	struct columns c = { .arena = arena };

	if (!store_is_in_transaction(s))
		return stmt_get(
		    s, id, arena, read, row_out, binds, n_binds, err);
	row = recent_find(store_recent(s), id, binds, n_binds);
	if (!row)
		return ask_and_keep(
		    s, id, arena, read, row_out, binds, n_binds, err);
	c.values = recent_values(row);
	if (!c.values)
		return 1;
	read(&c, row_out);
	return 0;
}

int
stmt_list(struct store *s, enum stmt_id id, struct arena *arena, read_fn read,
    size_t row_size, void *rows_out, size_t *n_out, const struct bind *binds,
    size_t n_binds, struct err *err)
{
	AUTO(stmt_end)
	sqlite3_stmt *stmt = stmt_open(s, id, binds, n_binds, err);
	AUTO(xfree)
	char *rows = NULL;
	size_t n = 0, room = 0;
	int got = stmt ? 0 : -1;

	while (got == 0 && (got = stmt_step(s, stmt, err)) == 0) {
		struct columns c = { .stmt = stmt, .arena = arena };

		if (n == room) {
			room = room ? 2 * room : 16;
			rows = xrealloc(rows, room * row_size);
		}
		memset(rows + n * row_size, 0, row_size);
		read(&c, rows + n++ * row_size);
	}
	if (got < 0)
		return -1;
	void *kept = arena_alloc(arena, n ? n * row_size : 1);

	if (n)
		memcpy(kept, rows, n * row_size);
	*(void **)rows_out = kept;
	*n_out = n;
	return 0;
}
