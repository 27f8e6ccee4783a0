/* What single changes leave behind in an index is joined again. */

#include "tests/unit/unit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "proto/search.h"
#include "services/indexer/index.h"
#include "tests/unit/indexer/shelf.h"

enum { N_CHANGES = 60, MAX_PARTS = 4 };

static size_t
count_hits(struct shelf *f, const char *text)
{
	static const char *everything[] = { "" };
	const struct search_query query = {
		.query = text,
		.limit = 10,
		.scope = { .allow = everything, .n_allow = 1 },
	};
	struct search_hits hits;
	struct err err;

	if (index_search(f->index, &query, NULL, &hits, f->arena, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return hits.n_hits;
}

/* As SQLite's FTS5 calls them: what each word is looked up in. */
static int
count_parts(const struct shelf *f)
{
	AUTO(buf_release)
	struct buf path;
	sqlite3 *db;
	sqlite3_stmt *stmt;
	int n;

	buf_init(&path);
	buf_addf(&path, "%s/index.sqlite", f->dir);
	assert_int_equal(sqlite3_open(path.data, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db,
			     "SELECT count(DISTINCT segid) FROM section_idx",
			     -1, &stmt, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return n;
}

static void
many_changes_leave_few_parts(void **state)
{
	struct shelf *f = *state;
	struct err err;
	int most = 0;

	shelf_put(f->index, "mail.md", "# Mail\nThe mailbox is read.\n");
	for (int i = 0; i < N_CHANGES; i++) {
		char text[32];
		int n;

		snprintf(text, sizeof(text), "zebra%d\n", i);
		shelf_put(f->index, "setup.md", text);
		assert_int_equal(index_join_parts(f->index, &err), 0);
		assert_int_equal(index_commit(f->index, &err), 0);
		n = count_parts(f);
		most = n > most ? n : most;
	}
	assert_in_range(most, 1, MAX_PARTS);
	assert_int_equal(count_hits(f, "zebra59"), 1);
	assert_int_equal(count_hits(f, "zebra58"), 0);
	assert_int_equal(count_hits(f, "mailbox"), 1);
	/* Where nothing changed there is nothing to write. */
	assert_int_equal(index_join_parts(f->index, &err), 0);
	assert_int_equal(index_uncommitted(f->index), 0);
}

static int
setup(void **state)
{
	static struct shelf shelf;

	shelf_open(&shelf, "parts");
	*state = &shelf;
	return 0;
}

static int
teardown(void **state)
{
	shelf_close(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    many_changes_leave_few_parts, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
