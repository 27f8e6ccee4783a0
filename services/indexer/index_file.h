#ifndef INDEXER_INDEX_FILE_H
#define INDEXER_INDEX_FILE_H

#include <sqlite3.h>
#include <stdbool.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "services/indexer/rank.h"
#include "services/indexer/scope.h"
#include "services/indexer/statements.h"

struct err;

/* Private to index*.c: the open file and what is shared between its users. */

/* The documents of a scope that was searched lately. */
struct known_scope {
	struct buf key;
	struct scope_set set;
	int64_t generation; /* of the index that it was counted for; 0: none */
	int64_t used;
};

enum { N_KNOWN_SCOPES = 4 };

struct index {
	char *dir;
	sqlite3 *db;
	sqlite3_stmt *prepared[STMT_COUNT];
	bool is_broken;
	int64_t n_uncommitted; /* 0: no transaction is open */
	int64_t generation;    /* rises with every change; from 1 */

	struct known_scope scopes[N_KNOWN_SCOPES];
	int64_t n_searches;
	struct rank_search ranked; /* read by the SQL function */
};

/* The statement, ready to bind, or NULL with *err filled. */
sqlite3_stmt *
index_statement(struct index *index, enum statement which, struct err *err);
/* Destructor for AUTO. */
void index_statement_done(sqlite3_stmt **stmt);
/* Steps: 0 a row, 1 the end, -1 failed. */
int
index_step(struct index *index, sqlite3_stmt *stmt, struct err *err) MUST_CHECK;
/* Steps to the end of a statement without rows. */
int index_run(
    struct index *index, enum statement which, struct err *err) MUST_CHECK;

/* One step of a statement about the row of that id. */
int index_step_on(struct index *index, enum statement which, int64_t id,
    struct err *err) MUST_CHECK;
/* A statement about what lies from ?1 to ?2. */
int index_run_between(struct index *index, enum statement which, int64_t first,
    int64_t last, struct err *err) MUST_CHECK;

/* The vectors of sections that the document had. */
int index_vectors_forget(
    struct index *index, int64_t document_id, struct err *err) MUST_CHECK;

/* Returns 1 when there are vectors of that model, or none at all. */
int index_vectors_are_of(struct index *index, const char *model,
    int64_t *n_dimensions_out, struct err *err) MUST_CHECK;

void index_bind_text(sqlite3_stmt *stmt, int at, const char *text);

#endif
