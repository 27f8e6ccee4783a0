/* Real folders, watched: what people do to files, and what is found then. */

#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/loop.h"
#include "proto/search.h"
#include "services/indexer/document.h"
#include "services/indexer/index.h"
#include "services/indexer/library.h"
#include "services/indexer/workspace.h"

#define WS "11111111-2222-4333-8444-555555555555"

enum { PATIENCE_MS = 20000 };

struct fixture {
	char dir[64];
	char *root, *index_root;
	struct loop *loop;
	struct library *library;
	struct arena *arena;
	struct timer *give_up;

	const char *query;
	struct search_hits hits;
	bool is_running, is_answered, is_stale;
};

static char *
path_in(const char *folder, const char *name)
{
	AUTO(buf_release)
	struct buf path;

	buf_init(&path);
	buf_addf(&path, "%s/%s", folder, name);
	return buf_steal(&path);
}

static void
on_give_up(void *arg)
{
	struct fixture *f = arg;

	loop_stop(f->loop);
}

static void
start(struct fixture *f)
{
	const struct library_options options = {
		.root = f->root,
		.index_root = f->index_root,
		/* Nothing here may depend on waiting for it. */
		.debounce_ms = 3600 * 1000,
	};
	struct err err;

	if (loop_open(&f->loop, &err) < 0 ||
	    library_open(&f->library, f->loop, &options, &err) < 0)
		fail_msg("%s", err.text);
	f->give_up = timer_new(f->loop, on_give_up, f);
}

static void
stop(struct fixture *f)
{
	timer_free(&f->give_up);
	library_close(&f->library);
	loop_close(&f->loop);
}

static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	unit_folder(f->dir, sizeof(f->dir), "library");
	f->root = path_in(f->dir, "workspaces");
	f->index_root = path_in(f->dir, "index");
	assert_int_equal(mkdir(f->root, 0700), 0);
	assert_int_equal(mkdir(f->index_root, 0700), 0);
	f->arena = arena_new(1 << 20);
	start(f);
	*state = f;
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	stop(f);
	remove_tree(f->dir);
	free(f->root);
	free(f->index_root);
	arena_free(&f->arena);
	free(f);
	return 0;
}

static const char *
place(struct fixture *f, const char *path)
{
	return arena_printf(
	    f->arena, "%s/" WS "%s%s", f->root, path[0] ? "/" : "", path);
}

static void
make_folder(struct fixture *f, const char *path)
{
	if (mkdir(place(f, path), 0700) < 0)
		fail_msg("mkdir %s", path);
}

static void
write_bytes(struct fixture *f, const char *path, const void *bytes, size_t size)
{
	int fd = open(place(f, path), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), (ssize_t)size);
	close(fd);
}

static void
write_file(struct fixture *f, const char *path, const char *text)
{
	write_bytes(f, path, text, strlen(text));
}

static void
on_ready(
    void *arg, struct library *library, struct workspace *ws, bool is_stale)
{
	static const char *all[] = { "" };
	struct fixture *f = arg;
	const struct search_query query = {
		.query = f->query,
		.limit = 10,
		.scope = { .allow = all, .n_allow = 1 },
	};
	struct err err;

	f->is_answered = true;
	f->is_stale = is_stale;
	f->hits = (struct search_hits){ 0 };
	if (ws && (library_use(library, ws, &err) < 0 ||
		      index_search(ws->index, &query, NULL, &f->hits, f->arena,
			  &err) < 0))
		fail_msg("%s", err.text);
	if (f->is_running)
		loop_stop(f->loop);
}

/* One search as the handler does it. */
static void
ask(struct fixture *f, const char *query)
{
	struct workspace *ws = library_find(f->library, WS);

	f->query = query;
	f->hits = (struct search_hits){ 0 };
	f->is_answered = false;
	f->is_stale = false;
	if (!ws)
		return;
	library_when_ready(f->library, ws, on_ready, f);
	if (f->is_answered)
		return;
	timer_start(f->give_up, PATIENCE_MS, 0);
	f->is_running = true;
	loop_run(f->loop);
	f->is_running = false;
	timer_stop(f->give_up);
	assert_true(f->is_answered);
}

/* The paths found once everything is indexed. */
static const char *
found(struct fixture *f, const char *query)
{
	int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
	const char *paths = "";

	do {
		ask(f, query);
		assert_true(clock_mono_ms() < until_ms);
	} while (f->is_stale);
	for (size_t i = 0; i < f->hits.n_hits; i++)
		paths = arena_printf(f->arena, "%s%s%s", paths,
		    i > 0 ? " " : "", f->hits.hits[i].path);
	return paths;
}

static void
a_change_is_found_by_the_next_search(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(found(f, "zebra"), "");
	make_folder(f, "");
	write_file(f, "a.md", "zebra\n");
	assert_string_equal(found(f, "zebra"), "a.md");
	write_file(f, "a.md", "giraffe\n");
	assert_string_equal(found(f, "zebra"), "");
	assert_string_equal(found(f, "giraffe"), "a.md");
	assert_int_equal(unlink(place(f, "a.md")), 0);
	assert_string_equal(found(f, "giraffe"), "");
}

static void
new_folders_are_found_with_what_is_in_them(void **state)
{
	struct fixture *f = *state;

	make_folder(f, "");
	assert_string_equal(found(f, "zebra"), "");
	make_folder(f, "a");
	make_folder(f, "a/b");
	write_file(f, "a/b/c.md", "zebra\n");
	assert_string_equal(found(f, "zebra"), "a/b/c.md");
	write_file(f, "a/b/d.md", "lion\n");
	assert_string_equal(found(f, "lion"), "a/b/d.md");
}

static void
renamed_folders_take_their_documents_along(void **state)
{
	struct fixture *f = *state;

	make_folder(f, "");
	make_folder(f, "a");
	write_file(f, "a/x.md", "zebra\n");
	assert_string_equal(found(f, "zebra"), "a/x.md");
	assert_int_equal(rename(place(f, "a"), place(f, "b")), 0);
	assert_string_equal(found(f, "zebra"), "b/x.md");
	write_file(f, "b/x.md", "lion\n");
	assert_string_equal(found(f, "lion"), "b/x.md");
	/* Into a hidden one: gone. */
	assert_int_equal(rename(place(f, "b"), place(f, ".b")), 0);
	assert_string_equal(found(f, "lion"), "");
	write_file(f, ".b/x.md", "puma\n");
	assert_string_equal(found(f, "puma"), "");
}

static void
records_hidden_files_and_links_are_kept_out(void **state)
{
	struct fixture *f = *state;

	make_folder(f, "");
	write_file(f, "a.md", "zebra\n");
	make_folder(f, "logs");
	write_file(f, "logs/x.md", "zebra\n");
	make_folder(f, "tasks");
	write_file(f, "tasks/x.md", "zebra\n");
	make_folder(f, ".git");
	write_file(f, ".git/x.md", "zebra\n");
	write_file(f, ".tmp-x.md", "zebra\n");
	write_file(f, "x.txt", "zebra\n");
	assert_int_equal(symlink("a.md", place(f, "link.md")), 0);
	assert_int_equal(symlink("/etc", place(f, "etc")), 0);
	assert_int_equal(mkfifo(place(f, "fifo.md"), 0600), 0);
	make_folder(f, "folder.md");
	assert_string_equal(found(f, "zebra"), "a.md");
}

static void
a_document_that_became_a_link_is_gone(void **state)
{
	struct fixture *f = *state;

	make_folder(f, "");
	write_file(f, "a.md", "zebra\n");
	write_file(f, "b.txt", "zebra\n");
	assert_string_equal(found(f, "zebra"), "a.md");
	assert_int_equal(unlink(place(f, "a.md")), 0);
	assert_int_equal(symlink("b.txt", place(f, "a.md")), 0);
	assert_string_equal(found(f, "zebra"), "");
}

static struct search_state
state_of(struct fixture *f)
{
	struct search_state out;
	struct err err;

	if (library_state(f->library, library_find(f->library, WS), &out,
		f->arena, &err) < 0)
		fail_msg("%s", err.text);
	return out;
}

static void
what_cannot_be_indexed_is_said(void **state)
{
	struct fixture *f = *state;
	char *large = xcalloc(1, INDEX_MAX_FILE_BYTES + 1);

	assert_false(state_of(f).folder_exists);
	make_folder(f, "");
	memset(large, 'z', INDEX_MAX_FILE_BYTES + 1);
	write_bytes(f, "large.md", large, INDEX_MAX_FILE_BYTES + 1);
	write_bytes(f, "binary.md", "zebra \xff\n", 8);
	write_file(f, "a.md", "zebra\n");
	assert_string_equal(found(f, "zebra"), "a.md");
	assert_true(state_of(f).folder_exists);
	assert_true(state_of(f).is_indexed);
	assert_false(state_of(f).is_pending);
	assert_int_equal(state_of(f).n_documents, 1);
	assert_true(state_of(f).last_indexed_unix > 0);
	assert_string_equal(state_of(f).detail,
	    "1 not indexed: larger than 1 MiB; 1 not indexed: not UTF-8");
	write_file(f, "large.md", "zebra\n");
	found(f, "zebra");
	assert_int_equal(state_of(f).n_documents, 2);
	free(large);
}

/* As of a disk that goes bad. */
static bool is_bad;

ssize_t __real_pread64(int fd, void *bytes, size_t size, off_t at);
ssize_t __wrap_pread64(int fd, void *bytes, size_t size, off_t at);

ssize_t
__wrap_pread64(int fd, void *bytes, size_t size, off_t at)
{
	ssize_t got = __real_pread64(fd, bytes, size, at);

	if (!is_bad || got < 3 || memcmp(bytes, "bad", 3) != 0)
		return got;
	errno = EIO;
	return -1;
}

static void
what_cannot_be_read_keeps_nothing_else_back(void **state)
{
	struct fixture *f = *state;

	make_folder(f, "");
	write_file(f, "a.md", "zebra\n");
	write_file(f, "b.md", "bad zebra\n");
	write_file(f, "c.md", "zebra\n");
	is_bad = true;
	found(f, "zebra");
	assert_int_equal(f->hits.n_hits, 2);
	assert_true(state_of(f).is_indexed);
	assert_false(state_of(f).is_pending);
	is_bad = false;
	assert_int_equal(library_rescan(f->library), 0);
	found(f, "zebra");
	assert_int_equal(f->hits.n_hits, 3);
}

static void
changes_while_it_was_away_are_found(void **state)
{
	struct fixture *f = *state;

	make_folder(f, "");
	write_file(f, "a.md", "zebra\n");
	write_file(f, "b.md", "zebra\n");
	write_file(f, "c.md", "zebra\n");
	assert_int_equal(strlen(found(f, "zebra")), 14);
	stop(f);
	assert_int_equal(unlink(place(f, "a.md")), 0);
	write_file(f, "b.md", "a longer text about lions\n");
	write_file(f, "d.md", "lions\n");
	start(f);
	assert_string_equal(found(f, "zebra"), "c.md");
	assert_string_equal(found(f, "lions"), "d.md b.md");
}

static void
a_deleted_index_is_made_again(void **state)
{
	struct fixture *f = *state;
	char *dir = path_in(f->index_root, WS);

	make_folder(f, "");
	write_file(f, "a.md", "zebra\n");
	assert_string_equal(found(f, "zebra"), "a.md");
	remove_tree(dir);
	assert_string_equal(found(f, "zebra"), "a.md");
	assert_int_equal(access(dir, F_OK), 0);
	free(dir);
}

static void
an_index_goes_with_its_workspace(void **state)
{
	struct fixture *f = *state;
	char *dir = path_in(f->index_root, WS);

	make_folder(f, "");
	write_file(f, "a.md", "zebra\n");
	assert_string_equal(found(f, "zebra"), "a.md");
	assert_int_equal(access(dir, F_OK), 0);
	remove_tree(place(f, ""));
	assert_string_equal(found(f, "zebra"), "");
	assert_int_equal(access(dir, F_OK), -1);
	make_folder(f, "");
	write_file(f, "b.md", "zebra\n");
	assert_string_equal(found(f, "zebra"), "b.md");
	/* And while nobody looks. */
	stop(f);
	remove_tree(place(f, ""));
	start(f);
	assert_int_equal(access(dir, F_OK), -1);
	free(dir);
}

/* More events than the kernel keeps: nothing is missed for long. */
static void
an_overflow_loses_nothing(void **state)
{
	enum { N_ROUNDS = 9000 };
	struct fixture *f = *state;

	make_folder(f, "");
	assert_string_equal(found(f, "zebra"), "");
	for (int i = 0; i < N_ROUNDS; i++) {
		write_file(f, "busy.md", "x");
		assert_int_equal(unlink(place(f, "busy.md")), 0);
	}
	write_file(f, "a.md", "zebra\n");
	assert_string_equal(found(f, "zebra"), "a.md");
}

/* A search does not wait for thousands of documents. */
static void
a_search_does_not_wait_for_all(void **state)
{
	enum { N_DOCUMENTS = 5000 };
	struct fixture *f = *state;

	make_folder(f, "");
	for (int i = 0; i < N_DOCUMENTS; i++)
		write_file(f, arena_printf(f->arena, "%d.md", i),
		    "# zebra\nsome words to be indexed, more of them than "
		    "usual in such a short document\n");
	ask(f, "zebra");
	assert_true(f->is_stale);
	assert_true(state_of(f).n_documents < N_DOCUMENTS);
	found(f, "zebra");
	assert_int_equal(f->hits.n_hits, 10);
	assert_int_equal(state_of(f).n_documents, N_DOCUMENTS);
}

static void
reindexing_reads_everything_again(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	int fd;

	make_folder(f, "");
	write_file(f, "a.md", "zebra\n");
	assert_string_equal(found(f, "zebra"), "a.md");
	/* Not closed, so nothing is told: only looking again finds it. */
	fd = open(place(f, "a.md"), O_WRONLY);
	assert_int_equal(pwrite(fd, "lions", 5, 0), 5);
	assert_int_equal(fstat(fd, &st), 0);
	assert_string_equal(found(f, "lions"), "");
	library_reindex(f->library, library_find(f->library, WS));
	assert_true(state_of(f).is_pending);
	assert_string_equal(found(f, "lions"), "a.md");
	close(fd);
}

/* -1 with the code, or 0. */
static int
read_one(struct fixture *f, const char *path, int64_t line, int64_t max_bytes,
    struct search_document *out, struct err *err)
{
	*out = (struct search_document){ .path = path };
	return document_read(out, library_root_fd(f->library), WS, path, line,
	    max_bytes, f->arena, err);
}

static void
documents_are_read_safely(void **state)
{
	struct fixture *f = *state;
	struct search_document out;
	struct err err;

	make_folder(f, "");
	write_file(f, "a.md", "one\ntwo\nthr\xc3\xa9\xc3\xa9\n");
	assert_int_equal(read_one(f, "a.md", 1, 1000, &out, &err), 0);
	assert_string_equal(out.text, "one\ntwo\nthr\xc3\xa9\xc3\xa9\n");
	assert_false(out.is_truncated);
	assert_int_equal(out.size_bytes, 16);
	assert_int_equal(read_one(f, "a.md", 1, 16, &out, &err), 0);
	assert_false(out.is_truncated);
	/* In the middle of a character. */
	assert_int_equal(read_one(f, "a.md", 1, 12, &out, &err), 0);
	assert_string_equal(out.text, "one\ntwo\nthr");
	assert_true(out.is_truncated);
	assert_int_equal(read_one(f, "a.md", 2, 4, &out, &err), 0);
	assert_string_equal(out.text, "two\n");
	/* What stands before that line was not asked for. */
	assert_int_equal(read_one(f, "a.md", 2, 1000, &out, &err), 0);
	assert_false(out.is_truncated);
	assert_int_equal(read_one(f, "a.md", 9, 4, &out, &err), -1);
	assert_int_equal(err.code, ERR_CONFLICT);
}

static void
nothing_else_is_read(void **state)
{
	struct fixture *f = *state;
	struct search_document out;
	struct err err;
	static const struct {
		const char *path;
		enum err_code code;
	} rows[] = {
		{ "missing.md", ERR_NOT_FOUND },
		{ "../secret.md", ERR_NOT_FOUND },
		{ "link.md", ERR_NOT_FOUND },
		{ "dir/secret.md", ERR_NOT_FOUND },
		{ "fifo.md", ERR_NOT_FOUND },
		{ "folder.md", ERR_NOT_FOUND },
		{ "binary.md", ERR_CONFLICT },
		{ "nul.md", ERR_CONFLICT },
	};

	make_folder(f, "");
	write_file(f, "../secret.md", "secret\n");
	assert_int_equal(symlink("../secret.md", place(f, "link.md")), 0);
	assert_int_equal(symlink("..", place(f, "dir")), 0);
	assert_int_equal(mkfifo(place(f, "fifo.md"), 0600), 0);
	make_folder(f, "folder.md");
	write_bytes(f, "binary.md", "a\xff\n", 3);
	write_bytes(f, "nul.md", "a\0b\n", 4);
	for (size_t i = 0; i < N_OF(rows); i++)
		if (read_one(f, rows[i].path, 1, 100, &out, &err) != -1 ||
		    err.code != rows[i].code)
			fail_msg("%s: %s", rows[i].path, err.text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_change_is_found_by_the_next_search),
		TEST(new_folders_are_found_with_what_is_in_them),
		TEST(renamed_folders_take_their_documents_along),
		TEST(records_hidden_files_and_links_are_kept_out),
		TEST(a_document_that_became_a_link_is_gone),
		TEST(what_cannot_be_indexed_is_said),
		TEST(what_cannot_be_read_keeps_nothing_else_back),
		TEST(changes_while_it_was_away_are_found),
		TEST(a_deleted_index_is_made_again),
		TEST(an_index_goes_with_its_workspace),
		TEST(an_overflow_loses_nothing),
		TEST(a_search_does_not_wait_for_all),
		TEST(reindexing_reads_everything_again),
		TEST(documents_are_read_safely),
		TEST(nothing_else_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
