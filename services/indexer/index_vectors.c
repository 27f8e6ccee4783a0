/* Vectors of sections: which are missing, and putting them in. */

#include "services/indexer/index_vectors.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "libcommon/utf8.h"
#include "proto/bounds.h"
#include "proto/embed.h"
#include "services/indexer/index_file.h"
#include "services/indexer/quantize.h"
#include "services/indexer/rank.h"

enum {
	LOOKS = 256, /* at sections, in one call */
	TEXT_ARENA_BYTES = 64 * 1024,
};

/* Several changes as one, whether a transaction is open or not. */
static int
begin(struct index *index, bool *is_ours_out, struct err *err)
{
	*is_ours_out = index->n_uncommitted == 0;
	return *is_ours_out ? index_run(index, STMT_BEGIN, err) : 0;
}

static int
end(struct index *index, bool is_ours, int rc, struct err *err)
{
	struct err ignored;

	if (!is_ours)
		return rc;
	if (rc >= 0 && index_run(index, STMT_COMMIT, err) == 0)
		return rc;
	if (index_run(index, STMT_ROLLBACK, &ignored) < 0)
		ignored.code = ERR_NONE;
	return -1;
}

int
index_vectors_forget(struct index *index, int64_t id, struct err *err)
{
	int64_t first = id << RANK_SECTION_BITS;
	int64_t last = first + (1 << RANK_SECTION_BITS) - 1;

	return index_run_between(index, STMT_VECTORS_DROP, -last, -first, err);
}

int
index_vectors_clear(struct index *index, struct err *err)
{
	bool is_ours;
	int rc;

	if (begin(index, &is_ours, err) < 0)
		return -1;
	rc = index_run(index, STMT_VECTORS_CLEAR, err) < 0 ||
		     index_run(index, STMT_SPACE_CLEAR, err) < 0 ||
		     index_run(index, STMT_VECTORLESS_ALL, err) < 0
		 ? -1
		 : 0;
	return end(index, is_ours, rc, err);
}

int
index_vectors_are_of(struct index *index, const char *model,
    int64_t *n_dimensions_out, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(index, STMT_SPACE_GET, err);
	int rc;

	*n_dimensions_out = 0;
	if (!stmt)
		return -1;
	rc = index_step(index, stmt, err);
	if (rc != 0)
		return rc;
	*n_dimensions_out = sqlite3_column_int64(stmt, 1);
	return strcmp((const char *)sqlite3_column_text(stmt, 0), model) == 0;
}

/* The texts that a section's columns title, heading and body come to. */
static void
fill(struct index_text *out, sqlite3_stmt *stmt, struct arena *arena)
{
	const char *title = (const char *)sqlite3_column_text(stmt, 1);
	const char *heading = (const char *)sqlite3_column_text(stmt, 2);
	const char *body = (const char *)sqlite3_column_text(stmt, 3);
	char hex[ID_SHA256_HEX_SIZE];
	const char *text;
	size_t size;

	/* Most headings begin with the title. */
	if (strncmp(heading, title, strlen(title)) == 0)
		title = "";
	text = arena_printf(arena, "%s%s%s\n%.*s", title,
	    *title && *heading ? " > " : "", heading, INDEX_EMBED_BYTES + 4,
	    body);
	size = strlen(text);
	if (size > INDEX_EMBED_BYTES)
		size = utf8_cut(text, size, INDEX_EMBED_BYTES);
	/* What follows it must not make it another one. */
	while (size > 0 && strchr(" \t\r\n", text[size - 1]))
		size--;
	out->id = sqlite3_column_int64(stmt, 0);
	out->text = arena_strndup(arena, text, size);
	id_sha256_hex(hex, out->text, size);
	memcpy(out->hash, hex, INDEX_HASH_BYTES);
}

/* Returns 1 when no text like it has one. */
static int
copy(struct index *index, const struct index_text *text, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(index, STMT_VECTOR_COPY, err);

	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, text->id);
	sqlite3_bind_blob(stmt, 2, text->hash, INDEX_HASH_BYTES, SQLITE_STATIC);
	return index_step(index, stmt, err);
}

struct look {
	struct index *index;
	struct index_text *out;
	size_t max, n, n_looked;
	struct arena *arena;
};

/* Returns 1 when the section has, or now got, its vector. */
static int
look_at(
    struct look *look, sqlite3_stmt *section, const char *path, struct err *err)
{
	struct index_text *text = &look->out[look->n];
	int rc = index_step_on(look->index, STMT_VECTOR_HAS,
	    sqlite3_column_int64(section, 0), err);

	look->n_looked++;
	if (rc != 1)
		return rc < 0 ? -1 : 1;
	fill(text, section, look->arena);
	rc = copy(look->index, text, err);
	if (rc != 1)
		return rc < 0 ? -1 : 1;
	text->path = path;
	look->n++;
	return 0;
}

/* Returns 1 when all of its sections were looked at and have vectors. */
static int
look_through(struct look *look, int64_t id, const char *path, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt =
	    index_statement(look->index, STMT_SECTIONS_OF, err);
	int64_t first = id << RANK_SECTION_BITS;
	size_t n_before = look->n;
	int rc;

	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, first);
	sqlite3_bind_int64(stmt, 2, first + (1 << RANK_SECTION_BITS) - 1);
	while ((rc = index_step(look->index, stmt, err)) == 0) {
		if (look->n == look->max)
			return 0;
		if (look_at(look, stmt, path, err) < 0)
			return -1;
	}
	return rc < 0 ? -1 : look->n == n_before;
}

/* Returns 1 when there is no further document. */
static int
next_document(struct index *index, int64_t *id, const char **path_out,
    struct arena *arena, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(index, STMT_VECTORLESS_NEXT, err);
	int rc;

	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, *id);
	rc = index_step(index, stmt, err);
	if (rc != 0)
		return rc;
	*id = sqlite3_column_int64(stmt, 0);
	*path_out =
	    arena_strdup(arena, (const char *)sqlite3_column_text(stmt, 1));
	return 0;
}

static int
finish_document(struct index *index, int64_t id, struct err *err)
{
	if (index_step_on(index, STMT_VECTORS_DONE, id, err) < 0)
		return -1;
	return index_vectors_forget(index, id, err);
}

static int
look_on(struct look *look, const char *globs, struct err *err)
{
	int64_t id = 0;

	while (look->n < look->max && look->n_looked < LOOKS) {
		const char *path;
		int rc =
		    next_document(look->index, &id, &path, look->arena, err);

		if (rc != 0)
			return rc;
		rc = embed_excludes(globs, path)
			 ? 1
			 : look_through(look, id, path, err);
		if (rc < 0)
			return -1;
		look->n_looked++;
		if (rc == 1 && finish_document(look->index, id, err) < 0)
			return -1;
	}
	return 0;
}

static int
has_room(struct index *index, struct err *err)
{
	struct index_vector_totals totals;

	if (index_vector_totals(index, &totals, err) < 0)
		return -1;
	return totals.n_vectors < INDEX_MAX_VECTORS;
}

int
index_vectors_wanted(struct index *index, const char *model, const char *globs,
    struct index_text *out, size_t max, size_t *n_out, struct arena *arena,
    struct err *err)
{
	struct look look = {
		.index = index, .out = out, .max = max, .arena = arena
	};
	int64_t n_dimensions;
	bool is_ours;
	int rc = index_vectors_are_of(index, model, &n_dimensions, err);

	*n_out = 0;
	if (rc < 0 || (rc == 0 && index_vectors_clear(index, err) < 0))
		return -1;
	rc = has_room(index, err);
	if (rc <= 0)
		return rc < 0 ? -1 : 1;
	if (begin(index, &is_ours, err) < 0)
		return -1;
	rc = end(index, is_ours, look_on(&look, globs, err), err);
	if (rc < 0)
		return -1;
	*n_out = look.n;
	return look.n > 0 ? 0 : rc;
}

/* Whether it still is what the vector was made of. */
static int
is_unchanged(
    struct index *index, const struct index_text *text, struct err *err)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(TEXT_ARENA_BYTES);
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(index, STMT_SECTIONS_OF, err);
	struct index_text now;
	int rc;

	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, text->id);
	sqlite3_bind_int64(stmt, 2, text->id);
	rc = index_step(index, stmt, err);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	fill(&now, stmt, arena);
	return memcmp(now.hash, text->hash, INDEX_HASH_BYTES) == 0;
}

static int
put_one(struct index *index, const struct index_text *text, const float *values,
    size_t n_dimensions, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(index, STMT_VECTOR_PUT, err);
	unsigned char kept[sizeof(float) + BOUND_DIMENSIONS];
	int rc = stmt ? is_unchanged(index, text, err) : -1;

	if (rc <= 0)
		return rc;
	if (n_dimensions > 0)
		quantize(kept, values, n_dimensions);
	sqlite3_bind_int64(stmt, 1, text->id);
	sqlite3_bind_blob(stmt, 2, text->hash, INDEX_HASH_BYTES, SQLITE_STATIC);
	sqlite3_bind_blob(
	    stmt, 3, kept, (int)quantize_size(n_dimensions), SQLITE_STATIC);
	return index_step(index, stmt, err) < 0 ? -1 : 0;
}

static int
put_space(struct index *index, const char *model, size_t n_dimensions,
    struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(index, STMT_SPACE_PUT, err);

	if (!stmt)
		return -1;
	index_bind_text(stmt, 1, model);
	sqlite3_bind_int64(stmt, 2, (int64_t)n_dimensions);
	return index_step(index, stmt, err) < 0 ? -1 : 0;
}

static int
put_all(struct index *index, const struct index_text *texts, size_t n_texts,
    const float *values, size_t n_dimensions, struct err *err)
{
	for (size_t i = 0; i < n_texts; i++)
		if (put_one(index, &texts[i], values + i * n_dimensions,
			n_dimensions, err) < 0)
			return -1;
	return 0;
}

int
index_vectors_put(struct index *index, const char *model,
    const struct index_text *texts, size_t n_texts, const float *values,
    size_t n_dimensions, struct err *err)
{
	int64_t n_known;
	bool is_ours;
	int rc = index_vectors_are_of(index, model, &n_known, err);

	if (rc <= 0)
		return rc;
	if (n_known > 0 && n_known != (int64_t)n_dimensions)
		return err_set(err, ERR_CONFLICT,
		    "the model %s makes vectors of %d dimensions, and made "
		    "some of %d before: name it anew, or delete the index",
		    model, (int)n_dimensions, (int)n_known);
	if (begin(index, &is_ours, err) < 0)
		return -1;
	rc = n_known == 0 ? put_space(index, model, n_dimensions, err) : 0;
	if (rc == 0)
		rc = put_all(index, texts, n_texts, values, n_dimensions, err);
	return end(index, is_ours, rc, err);
}

int
index_vectors_pass(struct index *index, const char *model,
    const struct index_text *text, struct err *err)
{
	static const float none;
	int64_t n_known;
	bool is_ours;
	int rc = index_vectors_are_of(index, model, &n_known, err);

	if (rc <= 0)
		return rc;
	if (begin(index, &is_ours, err) < 0)
		return -1;
	rc = put_one(index, text, &none, 0, err);
	return end(index, is_ours, rc, err);
}

int
index_vectors_retry(struct index *index, struct err *err)
{
	bool is_ours;
	int rc;

	if (begin(index, &is_ours, err) < 0)
		return -1;
	rc = index_run(index, STMT_VECTORS_NONE_DROP, err) < 0 ||
		     index_run(index, STMT_VECTORS_OLD_DROP, err) < 0 ||
		     index_run(index, STMT_VECTORLESS_AGAIN, err) < 0
		 ? -1
		 : 0;
	return end(index, is_ours, rc, err);
}

int
index_vector_totals(
    struct index *index, struct index_vector_totals *out, struct err *err)
{
	AUTO(index_statement_done)
	sqlite3_stmt *stmt = index_statement(index, STMT_VECTOR_TOTALS, err);

	if (!stmt || index_step(index, stmt, err) < 0)
		return -1;
	out->n_vectors = sqlite3_column_int64(stmt, 0);
	out->n_sections = sqlite3_column_int64(stmt, 1);
	return 0;
}
