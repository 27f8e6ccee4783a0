/* The SQL of the index files, all of it. */

#include "services/indexer/statements.h"

#include "libcommon/defs.h"

const char statement_schema[] =
    "CREATE TABLE document ("
    " id INTEGER PRIMARY KEY,"
    " path TEXT NOT NULL UNIQUE,"
    " short_id TEXT NOT NULL UNIQUE,"
    " title TEXT NOT NULL,"
    " skipped TEXT NOT NULL," /* why it has no sections; '': it has */
    " size INTEGER NOT NULL,"
    " mtime_ns INTEGER NOT NULL,"
    " ctime_ns INTEGER NOT NULL,"
    " inode INTEGER NOT NULL,"
    " n_sections INTEGER NOT NULL,"
    " sha256 TEXT NOT NULL," /* of the content; '': too large to be read */
    /* The content that the engine knows of; '': it knows of none. */
    " told TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX document_untold ON document (id) WHERE told <> sha256;"
    /* What the engine may know of and is not there any more. */
    "CREATE TABLE gone (path TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;"
    "CREATE VIRTUAL TABLE section USING fts5("
    " title, heading, path, body, line UNINDEXED,"
    " tokenize = 'words');";

const char *const statements[STMT_COUNT] = {
	[STMT_BEGIN] = "BEGIN IMMEDIATE",
	[STMT_COMMIT] = "COMMIT",
	[STMT_ROLLBACK] = "ROLLBACK",
	[STMT_TOTALS] = "SELECT count(*) FILTER (WHERE skipped = ''),"
			" count(*) FILTER (WHERE skipped = 'large'),"
			" count(*) FILTER (WHERE skipped = 'not-utf8')"
			" FROM document",
	[STMT_DOCUMENT_BY_PATH] =
	    "SELECT id, short_id, size, mtime_ns, ctime_ns,"
	    " inode FROM document WHERE path = ?1",
	[STMT_DOCUMENT_NEXT] =
	    "SELECT id, path FROM document WHERE id > ?1 ORDER BY id LIMIT 1",
	[STMT_DOCUMENT_INSERT] =
	    "INSERT INTO document (path, short_id, title, skipped, size,"
	    " mtime_ns, ctime_ns, inode, n_sections, sha256, told)"
	    " VALUES (?1, ?10, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
	    " coalesce(?11, ''))",
	[STMT_DOCUMENT_UPDATE] =
	    "UPDATE document SET title = ?2, skipped = ?3, size = ?4,"
	    " mtime_ns = ?5, ctime_ns = ?6, inode = ?7, n_sections = ?8,"
	    " sha256 = ?9, told = coalesce(?11, told) WHERE path = ?1",
	[STMT_DOCUMENT_DELETE] = "DELETE FROM document WHERE id = ?1",
	[STMT_SHORT_ID_FIND] = "SELECT path FROM document WHERE short_id = ?1",
	[STMT_UNTOLD] = "SELECT path, sha256, told <> '' FROM document"
			" WHERE told <> sha256 ORDER BY id LIMIT ?1",
	[STMT_UNTOLD_GONE] = "SELECT path FROM gone ORDER BY path LIMIT ?1",
	[STMT_TOLD] = "UPDATE document SET told = ?2 WHERE path = ?1",
	[STMT_GONE_FORGET] = "DELETE FROM gone WHERE path = ?1",
	[STMT_GONE_ADD] =
	    "INSERT OR IGNORE INTO gone (path) SELECT path FROM document"
	    " WHERE id = ?1",
	[STMT_SECTION_INSERT] =
	    "INSERT INTO section (rowid, title, heading, path, body, line)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[STMT_SECTIONS_DELETE] =
	    "DELETE FROM section WHERE rowid BETWEEN ?1 AND ?2",
	[STMT_SCOPE] =
	    "SELECT id, path, n_sections FROM document WHERE n_sections > 0",
	/* The weights are those of title, heading, path and body. */
	[STMT_SEARCH] =
	    "SELECT rowid, scoped_score(section, 3.0, 3.0, 2.0, 1.0)"
	    " FROM section WHERE section MATCH ?1",
	[STMT_SHOW] = "SELECT document.path, document.short_id, document.title,"
		      " section.heading, section.line,"
		      " snippet(section, 3, '', '', '\xe2\x80\xa6', 40)"
		      " FROM section CROSS JOIN document"
		      " ON document.id = section.rowid >> 12"
		      " WHERE section MATCH ?1 AND section.rowid = ?2",
	[STMT_EXCLUDED] =
	    "SELECT DISTINCT rowid >> 12 FROM section WHERE section MATCH ?1",
};
