#ifndef INDEXER_FTS5_H
#define INDEXER_FTS5_H

#include <sqlite3.h>

/* What FTS5 lets itself be extended by; NULL when SQLite has none. */
fts5_api *fts5_api_of(sqlite3 *db);

#endif
