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
    " told TEXT NOT NULL,"
    /* The content whose sections all have vectors, or may have none. */
    " vectors TEXT NOT NULL DEFAULT ''"
    ") STRICT;"
    "CREATE INDEX document_vectorless ON document (id)"
    " WHERE n_sections > 0 AND vectors <> sha256;"
    "CREATE INDEX document_untold ON document (id) WHERE told <> sha256;"
    /* What the engine may know of and is not there any more. */
    "CREATE TABLE gone (path TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;"
    /* Which model the vectors are of; at most one row. */
    "CREATE TABLE space (model TEXT NOT NULL, n_dimensions INTEGER NOT NULL)"
    " STRICT;"
    /* A section's rowid; below 0, it was that of one that is no more, and the
     * vector waits to be found by the hash of its text. Without data: none
     * can be had of that text. */
    "CREATE TABLE vector (id INTEGER PRIMARY KEY, hash BLOB NOT NULL,"
    " data BLOB NOT NULL) STRICT;"
    "CREATE INDEX vector_hash ON vector (hash);"
    "CREATE VIRTUAL TABLE section USING fts5("
    " title, heading, path, body, line UNINDEXED,"
    " tokenize = 'words');"
    /* Two parts of like size may be merged (see STMT_SECTIONS_MERGE). */
    "INSERT INTO section (section, rank) VALUES ('usermerge', 2);";

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
	/* About so many pages are written at most. */
	[STMT_SECTIONS_MERGE] =
	    "INSERT INTO section (section, rank) VALUES ('merge', 64)",
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
	[STMT_SHOW_PLAIN] =
	    "SELECT document.path, document.short_id, document.title,"
	    " section.heading, section.line, section.body"
	    " FROM section CROSS JOIN document"
	    " ON document.id = section.rowid >> 12 WHERE section.rowid = ?1",

	[STMT_SPACE_GET] = "SELECT model, n_dimensions FROM space",
	[STMT_SPACE_PUT] = "INSERT INTO space VALUES (?1, ?2)",
	[STMT_SPACE_CLEAR] = "DELETE FROM space",
	[STMT_VECTORS_CLEAR] = "DELETE FROM vector",
	[STMT_VECTORLESS_ALL] = "UPDATE document SET vectors = ''",
	[STMT_VECTORLESS_NEXT] =
	    "SELECT id, path FROM document WHERE n_sections > 0"
	    " AND vectors <> sha256 AND id > ?1 ORDER BY id LIMIT 1",
	/* Not each of their sections has one: they may be excluded no more. */
	[STMT_VECTORLESS_AGAIN] =
	    "UPDATE document SET vectors = '' WHERE vectors <> ''"
	    " AND n_sections > (SELECT count(*) FROM vector WHERE vector.id"
	    " BETWEEN document.id << 12 AND (document.id << 12) + 4095)",
	[STMT_VECTORS_DONE] =
	    "UPDATE document SET vectors = sha256 WHERE id = ?1",
	[STMT_SECTIONS_OF] = "SELECT rowid, title, heading, body FROM section"
			     " WHERE rowid BETWEEN ?1 AND ?2 ORDER BY rowid",
	[STMT_VECTOR_HAS] = "SELECT 1 FROM vector WHERE id = ?1",
	[STMT_VECTOR_COPY] =
	    "INSERT INTO vector (id, hash, data) SELECT ?1, hash, data"
	    " FROM vector WHERE hash = ?2 LIMIT 1 RETURNING 1",
	[STMT_VECTOR_PUT] = "INSERT OR REPLACE INTO vector (id, hash, data)"
			    " VALUES (?1, ?2, ?3)",
	[STMT_VECTORS_NONE_DROP] = "DELETE FROM vector WHERE length(data) = 0",
	[STMT_VECTORS_OLD_DROP] =
	    "DELETE FROM vector WHERE id < 0 AND (-id >> 12) NOT IN"
	    " (SELECT document.id FROM document)",
	[STMT_VECTORS_RETIRE] = "UPDATE OR REPLACE vector SET id = -id"
				" WHERE id BETWEEN ?1 AND ?2",
	[STMT_VECTORS_DROP] = "DELETE FROM vector WHERE id BETWEEN ?1 AND ?2",
	[STMT_VECTORS_ALL] = "SELECT id, data FROM vector WHERE id > 0"
			     " ORDER BY id",
	[STMT_VECTOR_TOTALS] =
	    "SELECT (SELECT count(*) FROM vector WHERE id > 0"
	    " AND length(data) > 0),"
	    " (SELECT coalesce(sum(n_sections), 0) FROM document)",
};
