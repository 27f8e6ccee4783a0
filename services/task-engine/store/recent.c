/* Keeps rows that every message asks for, until something changes them. */

#include "services/task-engine/store/recent.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "services/task-engine/store/row.h"

/* Some hundred bytes each: the chats and people of a busy hour. */
enum { ROWS_MAX = 512 };

struct recent_row {
	UT_hash_handle hh;
	unsigned tables;
	struct recent_value *values;
	char *bytes; /* the key, and the texts behind it */
};

struct recent {
	struct recent_row *rows; /* the oldest first */
	struct buf key;		 /* of what was asked for last */
	enum stmt_id asked;
};

const unsigned char recent_tables[STMT_COUNT] = {
	[STMT_IDENTITY_FIND] = RECENT_PEOPLE,
	[STMT_ROLE_IN] = RECENT_PEOPLE,
	[STMT_ROLE_ANYWHERE] = RECENT_PEOPLE,
	[STMT_IDENTITY_ADD] = RECENT_PEOPLE,
	[STMT_IDENTITY_REMOVE] = RECENT_PEOPLE,
	[STMT_USER_ADD] = RECENT_PEOPLE,
	[STMT_ROLE_PUT] = RECENT_PEOPLE,
	[STMT_ROLE_REMOVE] = RECENT_PEOPLE,

	[STMT_WORKSPACE_BY_SLUG] = RECENT_PLACES,
	[STMT_CONTEXT_GET] = RECENT_PLACES,
	[STMT_CONTEXT_FIND] = RECENT_PLACES,
	[STMT_WORKSPACE_ADD] = RECENT_PLACES,
	[STMT_CONTEXT_ADD] = RECENT_PLACES,
	[STMT_CONTEXT_HEARD] = RECENT_PLACES,
	[STMT_CONTEXT_SET_ADMIN] = RECENT_PLACES,
	[STMT_CONTEXT_SET_PROMPT] = RECENT_PLACES,
	[STMT_ALIAS_FIND] = RECENT_PLACES,
	[STMT_ALIAS_ADD] = RECENT_PLACES,

	[STMT_ROUTING_SPAN] = RECENT_ROUTING,
	[STMT_ROUTING_ADD] = RECENT_ROUTING,
	[STMT_ROUTING_CLOSE] = RECENT_ROUTING,
};

struct recent *
recent_new(void)
{
	struct recent *r = xcalloc(1, sizeof(*r));

	buf_init(&r->key);
	return r;
}

void
recent_free(struct recent **recent)
{
	if (!*recent)
		return;
	recent_forget(*recent, RECENT_ALL);
	buf_release(&(*recent)->key);
	xfree(recent);
}

static void
row_free(struct recent *r, struct recent_row *row)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): uthash's own memory */
	HASH_DEL(r->rows, row);
	free(row->values);
	free(row->bytes);
	free(row);
}

void
recent_forget(struct recent *r, unsigned tables)
{
	struct recent_row *row, *next;

	HASH_ITER (hh, r->rows, row, next)
		if (row->tables & tables)
			row_free(r, row);
}

const struct recent_value *
recent_values(const struct recent_row *row)
{
	return row->values;
}

static void
make_key(
    struct recent *r, enum stmt_id id, const struct bind *binds, size_t n_binds)
{
	buf_reset(&r->key);
	buf_add(&r->key, &id, sizeof(id));
	for (size_t i = 0; i < n_binds; i++) {
		assert(binds[i].type == BIND_TEXT);
		buf_add(&r->key, binds[i].text, strlen(binds[i].text) + 1);
	}
	r->asked = id;
}

const struct recent_row *
recent_find(
    struct recent *r, enum stmt_id id, const struct bind *binds, size_t n_binds)
{
	struct recent_row *row;

	assert(recent_tables[id]);
	make_key(r, id, binds, n_binds);
	HASH_FIND(hh, r->rows, r->key.data, r->key.size, row);
	return row;
}

static size_t
size_of_texts(sqlite3_stmt *stmt, int n)
{
	size_t size = 0;

	for (int i = 0; i < n; i++)
		if (sqlite3_column_type(stmt, i) == SQLITE_TEXT)
			size += (size_t)sqlite3_column_bytes(stmt, i) + 1;
	return size;
}

static void
copy_value(struct recent_value *value, sqlite3_stmt *stmt, int i, char **to)
{
	if (sqlite3_column_type(stmt, i) != SQLITE_TEXT) {
		value->number = sqlite3_column_int64(stmt, i);
		return;
	}
	value->size = (size_t)sqlite3_column_bytes(stmt, i);
	value->text = memcpy(*to, sqlite3_column_text(stmt, i), value->size);
	*to += value->size;
	*(*to)++ = '\0';
}

void
recent_keep(struct recent *r, sqlite3_stmt *stmt, bool is_row)
{
	struct recent_row *row = xcalloc(1, sizeof(*row));
	int n = is_row ? sqlite3_column_count(stmt) : 0;
	char *to;

	if (HASH_COUNT(r->rows) == ROWS_MAX)
		row_free(r, r->rows);
	row->tables = recent_tables[r->asked];
	row->bytes = xrealloc(NULL, r->key.size + size_of_texts(stmt, n));
	to = row->bytes;
	memcpy(to, r->key.data, r->key.size);
	to += r->key.size;
	if (is_row)
		row->values = xcalloc((size_t)n, sizeof(*row->values));
	for (int i = 0; i < n; i++)
		copy_value(&row->values[i], stmt, i, &to);
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): as above */
	HASH_ADD_KEYPTR(hh, r->rows, row->bytes, r->key.size, row);
}
