#ifndef TASK_ENGINE_STORE_RECENT_H
#define TASK_ENGINE_STORE_RECENT_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/task-engine/store/statements.h"

struct bind;

/*
 * Rows that were read lately and cannot have changed since: who somebody is,
 * where they speak. Every message asks for the same few, and asking SQLite
 * again costs more than storing the message.
 *
 * A row is forgotten when a statement changes one of the tables that it came
 * from, when something is rolled back, and when another connection has
 * written. The oldest go first when there are too many.
 */
struct recent;

struct recent *recent_new(void);
void recent_free(struct recent **recent);

/* The tables of which rows are kept, by what is changed together. */
enum {
	RECENT_PEOPLE = 1,
	RECENT_PLACES = 2,
	RECENT_ROUTING = 4,
	RECENT_ALL = RECENT_PEOPLE | RECENT_PLACES | RECENT_ROUTING,
};
/* Which of them the statement changes, or reads if its rows are kept. */
extern const unsigned char recent_tables[STMT_COUNT];

void recent_forget(struct recent *recent, unsigned tables);

/* A row as SQLite gave it; a text that is NULL reads as no text and 0. */
struct recent_value {
	const char *text;
	size_t size;
	int64_t number;
};
struct recent_row;
/* NULL when it was a row that does not exist. */
const struct recent_value *recent_values(const struct recent_row *row);

/* What the statement gave with these texts; NULL: it is not known. */
const struct recent_row *recent_find(struct recent *recent, enum stmt_id id,
    const struct bind *binds, size_t n_binds);
/* Keeps what recent_find was asked for last: the row stmt is at, or none. */
void recent_keep(struct recent *recent, sqlite3_stmt *stmt, bool is_row);

#endif
