#ifndef INDEXER_STATEMENTS_H
#define INDEXER_STATEMENTS_H

/* Every SQL text of the indexer; index.c prepares each when first used. */
enum statement {
	STMT_BEGIN,
	STMT_COMMIT,
	STMT_ROLLBACK,
	STMT_TOTALS,
	STMT_DOCUMENT_BY_PATH,
	STMT_DOCUMENT_NEXT,
	STMT_DOCUMENT_INSERT,
	STMT_DOCUMENT_UPDATE,
	STMT_DOCUMENT_DELETE,
	STMT_SHORT_ID_FIND,
	STMT_UNTOLD,
	STMT_UNTOLD_GONE,
	STMT_TOLD,
	STMT_GONE_FORGET,
	STMT_GONE_ADD,
	STMT_SECTION_INSERT,
	STMT_SECTIONS_DELETE,
	STMT_SCOPE,
	STMT_SEARCH,
	STMT_SHOW,
	STMT_EXCLUDED,
	STMT_COUNT
};

extern const char *const statements[STMT_COUNT];

/* What a new index file begins with. */
extern const char statement_schema[];

enum {
	INDEX_APPLICATION_ID = 0x61724958, /* "arIX" */
	INDEX_FORMAT = 4,		   /* another one: made anew */
};

#endif
