/* What the index knows of each document, and how that is changed. */

#include "services/indexer/index.h"

#include <assert.h>
#include <string.h>
#include <sys/stat.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "services/indexer/chunk.h"
#include "services/indexer/index_file.h"
#include "services/indexer/rank.h"

enum { SHORT_ID_DIGITS = 6, CHUNK_ARENA_BYTES = 4 * 1024 * 1024 };

_Static_assert(CHUNK_MAX_SECTIONS <= 1 << RANK_SECTION_BITS,
    "a section's place fits its rowid");

struct index_stamp
index_stamp_of(const struct stat *st)
{
	const int64_t ns = 1000000000;

	return (struct index_stamp){
		.size = st->st_size,
		.mtime_ns = st->st_mtim.tv_sec * ns + st->st_mtim.tv_nsec,
		.ctime_ns = st->st_ctim.tv_sec * ns + st->st_ctim.tv_nsec,
		.inode = (int64_t)st->st_ino,
	};
}

bool
index_stamp_equal(const struct index_stamp *a, const struct index_stamp *b)
{
	return a->size == b->size && a->mtime_ns == b->mtime_ns &&
	       a->ctime_ns == b->ctime_ns && a->inode == b->inode;
}

/* Every change goes through here: opens the transaction if none is. */
static int
change_begins(struct index *index, struct err *err)
{
	if (index->n_uncommitted == 0 && index_run(index, STMT_BEGIN, err) < 0)
		return -1;
	index->n_uncommitted++;
	index->generation++;
	return 0;
}

/* Always -1, for the caller to return. */
static int
change_failed(struct index *index)
{
	struct err ignored;

	/* SQLite may have rolled back already; then this does nothing. */
	if (index_run(index, STMT_ROLLBACK, &ignored) < 0)
		ignored.code = ERR_NONE;
	index->n_uncommitted = 0;
	index->generation++;
	return -1;
}

int
index_commit(struct index *index, struct err *err)
{
	if (index->n_uncommitted == 0)
		return 0;
	if (index_run(index, STMT_COMMIT, err) < 0)
		return change_failed(index);
	index->n_uncommitted = 0;
	return 0;
}

int
index_join_parts(struct index *index, struct err *err)
{
	if (index->n_uncommitted == 0)
		return 0;
	if (index_run(index, STMT_SECTIONS_MERGE, err) < 0)
		return change_failed(index);
	return 0;
}

int64_t
index_uncommitted(const struct index *index)
{
	return index->n_uncommitted;
}

static const char *
column_text(sqlite3_stmt *stmt, int column, struct arena *arena)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	return arena_strdup(arena, text ? text : "");
}

int
index_find(struct index *index, const char *path, struct index_document *out,
    struct arena *arena, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(index, STMT_DOCUMENT_BY_PATH, err);
	int rc;

	if (!stmt)
		return -1;
	index_bind_text(stmt, 1, path);
	rc = index_step(index, stmt, err);
	if (rc != 0)
		return rc;
	*out = (struct index_document){
		.id = sqlite3_column_int64(stmt, 0),
		.path = arena_strdup(arena, path),
		.short_id = column_text(stmt, 1, arena),
		.stamp = {
			.size = sqlite3_column_int64(stmt, 2),
			.mtime_ns = sqlite3_column_int64(stmt, 3),
			.ctime_ns = sqlite3_column_int64(stmt, 4),
			.inode = sqlite3_column_int64(stmt, 5),
		},
	};
	return 0;
}

int
index_next(struct index *index, int64_t after_id, struct index_document *out,
    struct arena *arena, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(index, STMT_DOCUMENT_NEXT, err);
	int rc;

	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, after_id);
	rc = index_step(index, stmt, err);
	if (rc != 0)
		return rc;
	*out = (struct index_document){
		.id = sqlite3_column_int64(stmt, 0),
		.path = column_text(stmt, 1, arena),
	};
	return 0;
}

int
index_find_short_id(struct index *index, const char *short_id,
    const char **path_out, struct arena *arena, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(index, STMT_SHORT_ID_FIND, err);
	int rc;

	if (!stmt)
		return -1;
	index_bind_text(stmt, 1, short_id);
	rc = index_step(index, stmt, err);
	if (rc == 0)
		*path_out = column_text(stmt, 0, arena);
	return rc;
}

/* "#" and the first digits of the path's hash that no other document has. */
static int
make_short_id(struct index *index, const char *path,
    char out[INDEX_SHORT_ID_SIZE], struct arena *arena, struct err *err)
{
	char hex[ID_SHA256_HEX_SIZE];
	const char *other;
	size_t n = SHORT_ID_DIGITS;
	int rc;

	id_sha256_hex(hex, path, strlen(path));
	out[0] = '#';
	do {
		assert(n < ID_SHA256_HEX_SIZE);
		memcpy(out + 1, hex, n);
		out[1 + n++] = '\0';
		rc = index_find_short_id(index, out, &other, arena, err);
	} while (rc == 0);
	return rc < 0 ? -1 : 0;
}

/* Their vectors wait: most of the sections that come have the same text. */
static int
drop_sections(struct index *index, int64_t id, struct err *err)
{
	int64_t first = id << RANK_SECTION_BITS;
	int64_t last = first + (1 << RANK_SECTION_BITS) - 1;

	if (index_run_between(index, STMT_SECTIONS_DELETE, first, last, err) <
	    0)
		return -1;
	return index_run_between(index, STMT_VECTORS_RETIRE, first, last, err);
}

/* short_id NULL: the document is known and its row is changed. */
static int
write_document(struct index *index, const struct index_file *file,
    const struct chunks *chunks, const char *short_id, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(
	    index, short_id ? STMT_DOCUMENT_INSERT : STMT_DOCUMENT_UPDATE, err);
	char sha256[ID_SHA256_HEX_SIZE] = "";

	if (!stmt)
		return -1;
	if (file->text)
		id_sha256_hex(sha256, file->text, file->text_size);
	index_bind_text(stmt, 1, file->path);
	index_bind_text(stmt, 2, chunks->title);
	index_bind_text(stmt, 3, file->skipped);
	sqlite3_bind_int64(stmt, 4, file->stamp.size);
	sqlite3_bind_int64(stmt, 5, file->stamp.mtime_ns);
	sqlite3_bind_int64(stmt, 6, file->stamp.ctime_ns);
	sqlite3_bind_int64(stmt, 7, file->stamp.inode);
	sqlite3_bind_int64(stmt, 8, (int64_t)chunks->n_sections);
	index_bind_text(stmt, 9, sha256);
	if (short_id)
		index_bind_text(stmt, 10, short_id);
	if (file->is_told)
		index_bind_text(stmt, 11, sha256);
	return index_step(index, stmt, err) < 0 ? -1 : 0;
}

static int
write_section(struct index *index, int64_t rowid, const struct index_file *file,
    const struct chunks *chunks, const struct section *section, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(index, STMT_SECTION_INSERT, err);

	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, rowid);
	index_bind_text(stmt, 2, chunks->title);
	index_bind_text(stmt, 3, section->heading);
	index_bind_text(stmt, 4, file->path);
	sqlite3_bind_text(
	    stmt, 5, section->body, (int)section->body_size, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 6, section->line);
	return index_step(index, stmt, err) < 0 ? -1 : 0;
}

/* A document without any heading is called by its file's name. */
static const char *
name_of(const char *path, struct arena *arena)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');
	size_t size = dot ? (size_t)(dot - base) : strlen(base);

	return arena_strndup(
	    arena, base, size < CHUNK_TITLE_BYTES ? size : CHUNK_TITLE_BYTES);
}

/* Of the document of that path. */
static int
change_one(struct index *index, enum statement which, const char *path,
    const char *value, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(index, which, err);

	if (!stmt)
		return -1;
	index_bind_text(stmt, 1, path);
	if (value)
		index_bind_text(stmt, 2, value);
	return index_step(index, stmt, err) < 0 ? -1 : 0;
}

static int
put(struct index *index, const struct index_file *file, struct arena *arena,
    struct err *err)
{
	char short_id[INDEX_SHORT_ID_SIZE];
	struct chunks chunks = { .title = "" };
	struct index_document known = { 0 };
	int rc = index_find(index, file->path, &known, arena, err);

	if (rc < 0)
		return -1;
	if (rc == 1 &&
	    make_short_id(index, file->path, short_id, arena, err) < 0)
		return -1;
	if (rc == 0 && drop_sections(index, known.id, err) < 0)
		return -1;
	if (file->skipped[0] == '\0')
		chunk_split(&chunks, file->text, file->text_size, arena);
	if (chunks.title[0] == '\0')
		chunks.title = name_of(file->path, arena);
	if (write_document(
		index, file, &chunks, rc == 1 ? short_id : NULL, err) < 0)
		return -1;
	if (rc == 1)
		known.id = sqlite3_last_insert_rowid(index->db);
	if (rc == 1 &&
	    change_one(index, STMT_GONE_FORGET, file->path, NULL, err) < 0)
		return -1;
	for (size_t i = 0; i < chunks.n_sections; i++)
		if (write_section(index,
			known.id << RANK_SECTION_BITS | (int64_t)i, file,
			&chunks, &chunks.sections[i], err) < 0)
			return -1;
	return 0;
}

int
index_put(struct index *index, const struct index_file *file, struct err *err)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(CHUNK_ARENA_BYTES);

	assert(strlen(file->path) <= INDEX_MAX_PATH_BYTES);
	if (change_begins(index, err) < 0)
		return change_failed(index);
	if (put(index, file, arena, err) < 0)
		return change_failed(index);
	return 0;
}

int
index_remove(struct index *index, int64_t id, struct err *err)
{
	if (change_begins(index, err) < 0 ||
	    drop_sections(index, id, err) < 0 ||
	    index_vectors_forget(index, id, err) < 0 ||
	    index_step_on(index, STMT_GONE_ADD, id, err) < 0 ||
	    index_step_on(index, STMT_DOCUMENT_DELETE, id, err) < 0)
		return change_failed(index);
	return 0;
}

static int
list_gone(struct index *index, struct index_change *out, size_t max,
    size_t *n_out, struct arena *arena, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(index, STMT_UNTOLD_GONE, err);
	int rc;

	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, (int64_t)max);
	for (*n_out = 0; (rc = index_step(index, stmt, err)) == 0;)
		out[(*n_out)++] = (struct index_change){
			.kind = INDEX_VANISHED,
			.path = column_text(stmt, 0, arena),
			.sha256 = "",
		};
	return rc < 0 ? -1 : 0;
}

int
index_changes(struct index *index, struct index_change *out, size_t max,
    size_t *n_out, struct arena *arena, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(index, STMT_UNTOLD, err);
	int rc;

	if (!stmt || list_gone(index, out, max, n_out, arena, err) < 0)
		return -1;
	sqlite3_bind_int64(stmt, 1, (int64_t)(max - *n_out));
	while ((rc = index_step(index, stmt, err)) == 0)
		out[(*n_out)++] = (struct index_change){
			.kind = sqlite3_column_int(stmt, 2) ? INDEX_CHANGED
							    : INDEX_APPEARED,
			.path = column_text(stmt, 0, arena),
			.sha256 = column_text(stmt, 1, arena),
		};
	return rc < 0 ? -1 : 0;
}

int
index_changes_told(struct index *index, const struct index_change *changes,
    size_t n_changes, struct err *err)
{
	for (size_t i = 0; i < n_changes; i++) {
		const struct index_change *c = &changes[i];
		int rc =
		    c->kind == INDEX_VANISHED
			? change_one(
			      index, STMT_GONE_FORGET, c->path, NULL, err)
			: change_one(index, STMT_TOLD, c->path, c->sha256, err);

		if (rc < 0)
			return -1;
	}
	return 0;
}

int
index_totals(struct index *index, struct index_totals *out, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(index, STMT_TOTALS, err);

	if (!stmt || index_step(index, stmt, err) < 0)
		return -1;
	*out = (struct index_totals){
		.n_documents = sqlite3_column_int64(stmt, 0),
		.n_large = sqlite3_column_int64(stmt, 1),
		.n_not_utf8 = sqlite3_column_int64(stmt, 2),
	};
	return 0;
}
