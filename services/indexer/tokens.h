#ifndef INDEXER_TOKENS_H
#define INDEXER_TOKENS_H

#include "libcommon/defs.h"

struct err;
struct sqlite3;

/*
 * Makes the tokenizer "words" known to a database: FTS5's own "porter
 * unicode61" for words with spaces between them, without accents and endings;
 * pairs of characters for scripts without spaces.
 */
int tokens_register(struct sqlite3 *db, struct err *err) MUST_CHECK;

#endif
