/* What the engine keeps of what happens to documents. */

#include "services/task-engine/store/documents.h"

#include <stdio.h>
#include <stdlib.h>

#include "libcommon/arena.h"
#include "libcommon/id.h"
#include "services/task-engine/store/replies.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/tasks.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

#define SHA_1 "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
#define SHA_2 "d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35"

static int
note(struct world *w, const char *workspace, const char *path,
    const char *change, const char *sha256)
{
	const struct document_row row = { path, change, sha256, w->now_ms };

	return store_document_note(w->store, workspace, &row, &w->err);
}

static void
what_is_known_is_no_news(void **state)
{
	static const struct {
		const char *name, *path, *change, *sha256;
		int rc;
	} cases[] = {
		{ "the first", "a.md", "appeared", SHA_1, 0 },
		{ "said again", "a.md", "appeared", SHA_1, 1 },
		{ "said in other words", "a.md", "changed", SHA_1, 1 },
		{ "another content", "a.md", "changed", SHA_2, 0 },
		{ "the first content again", "a.md", "changed", SHA_1, 0 },
		{ "it is gone", "a.md", "vanished", "", 0 },
		{ "said again", "a.md", "vanished", "", 1 },
		{ "it is back", "a.md", "appeared", SHA_1, 0 },
		{ "too large to be read", "a.md", "changed", "", 0 },
		{ "gone all the same", "a.md", "vanished", "", 0 },
		{ "another file", "b.md", "appeared", SHA_1, 0 },
	};
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	DONE(store_begin(w->store, &w->err));
	for (size_t i = 0; i < N_OF(cases); i++) {
		int rc = note(w, w->context.workspace_id, cases[i].path,
		    cases[i].change, cases[i].sha256);

		if (rc != cases[i].rc)
			fail_msg("%s: %d", cases[i].name, rc);
	}
	OTHER(note(w, "no-such-workspace", "a.md", "appeared", SHA_1));
	DONE(store_commit(w->store, &w->err));
	world_close(w);
}

static int64_t
count(struct world *w, const char *table)
{
	return atoll(world_ask(
	    w, arena_printf(w->arena, "SELECT count(*) FROM %s", table)));
}

static void
only_the_newest_are_kept(void **state)
{
	struct world world, *w = &world;
	char path[32];

	(void)state;
	world_open(w);
	DONE(store_begin(w->store, &w->err));
	for (int i = 0; i < DOCUMENTS_KEPT + 50; i++) {
		snprintf(path, sizeof(path), "%d.md", i);
		DONE(note(w, w->context.workspace_id, path, "appeared", SHA_1));
	}
	/* The oldest of those kept moves to the front. */
	DONE(note(w, w->context.workspace_id, "50.md", "changed", SHA_2));
	DONE(note(w, w->context.workspace_id, "0.md", "appeared", SHA_1));
	DONE(store_commit(w->store, &w->err));
	assert_int_equal(count(w, "document_changes"), DOCUMENTS_KEPT);
	assert_int_equal(
	    count(w, "document_changes WHERE path IN ('50.md', '0.md')"), 2);
	assert_int_equal(
	    count(w, "document_changes WHERE path IN ('51.md', '49.md')"), 0);
	world_close(w);
}

static void
what_we_wrote_is_ours_until_somebody_brings_it_back(void **state)
{
	struct world world, *w = &world;
	const char *ws;

	(void)state;
	world_open(w);
	ws = w->context.workspace_id;
	DONE(store_begin(w->store, &w->err));
	const struct file_row file = {
		.workspace_id = ws, .path = "n.md", .content = "1"
	};

#define SEEN(path, sha, now)                                                   \
	store_own_write_seen(w->store, ws, path, sha, now, &w->err)
	DONE(store_file_add(w->store, &file, w->now_ms, &w->err));
	OTHER(SEEN("n.md", SHA_2, w->now_ms));
	OTHER(SEEN("other.md", SHA_1, w->now_ms));
	DONE(SEEN("n.md", SHA_1, w->now_ms + 1));
	/* Said again, because the answer was lost. */
	DONE(SEEN("n.md", SHA_1, w->now_ms + REPLY_KEPT_MS));
	OTHER(SEEN("n.md", SHA_1, w->now_ms + REPLY_KEPT_MS + 2));
	/* Written once more, it is ours once more. */
	DONE(store_file_add(w->store, &file, w->now_ms, &w->err));
	DONE(SEEN("n.md", SHA_1, w->now_ms + REPLY_KEPT_MS + 2));
#undef SEEN
	DONE(store_commit(w->store, &w->err));
	world_close(w);
}

static void
writes_are_forgotten_after_a_week(void **state)
{
	const int64_t week_ms = INT64_C(7) * 24 * 60 * 60 * 1000;
	struct world world, *w = &world;
	int64_t n;

	(void)state;
	world_open(w);
	DONE(store_begin(w->store, &w->err));
	DONE(store_own_write_add(w->store, w->context.workspace_id, "n.md", "1",
	    w->now_ms, &w->err));
	DONE(store_tidy(w->store, w->now_ms + week_ms, 100, &n, &w->err));
	DONE(store_commit(w->store, &w->err));
	assert_int_equal(count(w, "own_writes"), 1);
	DONE(store_begin(w->store, &w->err));
	DONE(store_tidy(w->store, w->now_ms + week_ms + 1, 100, &n, &w->err));
	DONE(store_commit(w->store, &w->err));
	assert_int_equal(count(w, "own_writes"), 0);
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_known_is_no_news),
		cmocka_unit_test(only_the_newest_are_kept),
		cmocka_unit_test(
		    what_we_wrote_is_ours_until_somebody_brings_it_back),
		cmocka_unit_test(writes_are_forgotten_after_a_week),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
