/* Files follow their rows: after edits, cuts, failures and restarts. */

#include "services/task-engine/workspace/files.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/file.h"
#include "libcommon/loop.h"
#include "services/task-engine/policy/names.h"
#include "services/task-engine/store/forgotten.h"
#include "services/task-engine/store/log_files.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/tasks.h"
#include "services/task-engine/workspace/chatlog.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

enum { LOOK_MS = 5, PATIENCE_MS = 20000 };

struct bench {
	struct world world;
	struct loop *loop;
	struct files *files;
	struct timer *look, *late;
	const char *root;
	const char *log_path;
	char trouble[256];
	size_t wanted;
	const char *context_id;
};

static void
on_trouble(void *arg, const char *text)
{
	struct bench *b = arg;

	snprintf(b->trouble, sizeof(b->trouble), "%s", text);
}

static void
open_files(struct bench *b)
{
	struct world *w = &b->world;
	const struct files_options options = { b->world.store, b->loop, b->root,
		on_trouble, b };

	DONE(files_open(&b->files, &options, &w->err));
}

static size_t
count_entries(struct bench *b)
{
	struct world *w = &b->world;
	AUTO(arena_free)
	struct arena *arena = arena_new(1 << 24);
	AUTO(buf_release)
	struct buf text = { 0 };
	struct chatlog log;

	buf_init(&text);
	if (file_read(&text, AT_FDCWD, b->log_path, 1 << 26, &w->err) < 0 ||
	    chatlog_read(text.data, text.size, arena, &log, &w->err) < 0)
		return 0;
	return log.n_entries;
}

/* The thread that writes is ahead of the row that says so. */
static bool
is_noted(struct bench *b)
{
	struct world *w = &b->world;
	struct log_file_row row;
	struct stat st;

	DONE(store_log_file_get(w->store, b->context_id, &row, &w->err));
	return !row.is_behind && stat(b->log_path, &st) == 0 &&
	       st.st_size == row.size_bytes;
}

static void
look(void *arg)
{
	struct bench *b = arg;

	if (count_entries(b) == b->wanted && is_noted(b))
		loop_stop(b->loop);
}

static void
too_late(void *arg)
{
	struct bench *b = arg;

	fprintf(stderr, "%zu entries of %zu, trouble: %s\n", count_entries(b),
	    b->wanted, b->trouble);
	abort();
}

static void
run_until(struct bench *b, size_t wanted)
{
	b->wanted = wanted;
	timer_start(b->look, 0, LOOK_MS);
	timer_start(b->late, PATIENCE_MS, 0);
	loop_run(b->loop);
	timer_stop(b->look);
	timer_stop(b->late);
	assert_int_equal(count_entries(b), wanted);
}

static void
bench_open(struct bench *b)
{
	struct world *w = &b->world;

	memset(b, 0, sizeof(*b));
	world_open(w);
	DONE(loop_open(&b->loop, &w->err));
	b->root = world_path(w, "workspaces");
	assert_int_equal(mkdir(b->root, 0700), 0);
	b->log_path = arena_printf(w->arena, "%s/%s/%s", b->root,
	    w->context.workspace_id, name_chat_log(w->arena, "codex", "s1"));
	b->context_id = w->context.id;
	b->look = timer_new(b->loop, look, b);
	b->late = timer_new(b->loop, too_late, b);
	open_files(b);
}

static void
do_nothing(void *arg)
{
	(void)arg;
}

static void
on_idle(void *arg)
{
	struct bench *b = arg;

	loop_stop(b->loop);
}

/* A job that is still under way would come back to nobody, and be a leak. The
 * one thread takes them in their order. */
static void
bench_close(struct bench *b)
{
	files_close(&b->files);
	loop_work(b->loop, do_nothing, on_idle, b);
	loop_run(b->loop);
	timer_free(&b->look);
	timer_free(&b->late);
	loop_close(&b->loop);
	world_close(&b->world);
}

/* A new start: the database and the files as a kill left them. */
static void
restart(struct bench *b)
{
	files_close(&b->files);
	world_reopen(&b->world);
	open_files(b);
}

static void
say(struct bench *b, int from, int to)
{
	struct world *w = &b->world;

	for (int i = from; i < to; i++)
		world_say(w, &w->context, arena_printf(w->arena, "m:%d", i),
		    arena_printf(w->arena, "line %d", i));
}

static void
the_log_is_the_rows_line_for_line(void **state)
{
	struct bench bench, *b = &bench;
	struct world *w = &b->world;
	struct chatlog log;
	struct buf text;

	(void)state;
	bench_open(b);
	say(b, 0, 700); /* more than one pass takes */
	run_until(b, 700);
	buf_init(&text);
	DONE(file_read(&text, AT_FDCWD, b->log_path, 1 << 26, &w->err));
	DONE(chatlog_read(text.data, text.size, w->arena, &log, &w->err));
	for (int i = 0; i < 700; i++)
		assert_string_equal(
		    log.entries[i].text, arena_printf(w->arena, "line %d", i));
	buf_release(&text);
	bench_close(b);
}

static void
append_raw(const char *path, const char *text)
{
	FILE *f = fopen(path, "a");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
what_was_written_and_not_recorded_is_cut(void **state)
{
	struct bench bench, *b = &bench;

	(void)state;
	bench_open(b);
	say(b, 0, 3);
	run_until(b, 3);
	append_raw(b->log_path, "## 2023-11-14T22:13:20Z `INBOUND`\nhalf an");
	restart(b);
	say(b, 3, 4);
	run_until(b, 4);
	bench_close(b);
}

static void
a_shorter_or_missing_file_is_written_anew(void **state)
{
	struct bench bench, *b = &bench;

	(void)state;
	bench_open(b);
	say(b, 0, 600);
	run_until(b, 600);
	assert_int_equal(truncate(b->log_path, 100), 0);
	say(b, 600, 601);
	run_until(b, 601);
	assert_int_equal(unlink(b->log_path), 0);
	say(b, 601, 602);
	run_until(b, 602);
	bench_close(b);
}

/* Runs until look stops the loop. */
static void
run_with(struct bench *b, loop_fn look_fn)
{
	struct timer *timer = timer_new(b->loop, look_fn, b);

	timer_start(timer, LOOK_MS, LOOK_MS);
	timer_start(b->late, PATIENCE_MS, 0);
	loop_run(b->loop);
	timer_stop(b->late);
	timer_free(&timer);
}

static void
stop_when_troubled(void *arg)
{
	struct bench *b = arg;

	if (*b->trouble)
		loop_stop(b->loop);
}

static void
run_until_trouble(struct bench *b)
{
	run_with(b, stop_when_troubled);
}

static void
one_bad_file_delays_no_other_and_is_caught_up(void **state)
{
	struct bench bench, *b = &bench;
	struct world *w = &b->world;
	struct context_row other;
	const char *other_path;

	(void)state;
	bench_open(b);
	other = world_context(w, "codex", "s2", "session", "s2");
	other_path = arena_printf(w->arena, "%s/%s/%s", b->root,
	    other.workspace_id, name_chat_log(w->arena, "codex", "s2"));
	say(b, 0, 2);
	run_until(b, 2);
	/* A folder in the place of the file. */
	assert_int_equal(unlink(b->log_path), 0);
	assert_int_equal(mkdir(b->log_path, 0700), 0);
	say(b, 2, 5);
	world_say(w, &other, "m:1", "elsewhere");
	run_until_trouble(b);
	assert_non_null(strstr(b->trouble, "s1.md"));
	assert_int_equal(access(other_path, F_OK), 0);
	assert_int_equal(rmdir(b->log_path), 0);
	run_until(b, 5);
	bench_close(b);
}

static const char *
log_path_of(struct bench *b, const struct context_row *context)
{
	struct world *w = &b->world;

	return arena_printf(w->arena, "%s/%s/%s", b->root,
	    context->workspace_id,
	    name_chat_log(w->arena, "codex", context->external_id));
}

/* A folder in the place of the file. */
static void
break_file(struct bench *b, const char *path)
{
	const char *command =
	    arena_printf(b->world.arena, "mkdir -p '%s'", path);

	assert_int_equal(system(command), 0);
}

static void
look_at_row(void *arg)
{
	struct bench *b = arg;
	struct world *w = &b->world;
	struct log_file_row row;

	DONE(store_log_file_get(w->store, b->context_id, &row, &w->err));
	if (row.written_seq > 0 && !row.is_behind)
		loop_stop(b->loop);
}

static void
bad_files_starve_no_other(void **state)
{
	struct bench bench, *b = &bench;
	struct world *w = &b->world;
	struct context_row last = { .id = "" };

	(void)state;
	bench_open(b);
	for (int i = 0; i < 20; i++) { /* more than one pass takes */
		const char *name = arena_printf(w->arena, "bad%d", i);
		struct context_row bad =
		    world_context(w, "codex", name, "session", name);

		break_file(b, log_path_of(b, &bad));
		world_say(w, &bad, "m:1", "nowhere");
		if (strcmp(bad.id, last.id) > 0)
			last = bad;
	}
	run_until_trouble(b);
	b->log_path = log_path_of(b, &last);
	assert_int_equal(rmdir(b->log_path), 0);
	b->context_id = last.id;
	run_with(b, look_at_row);
	assert_int_equal(count_entries(b), 1);
	bench_close(b);
}

static void
look_at_whole(void *arg)
{
	struct bench *b = arg;
	struct world *w = &b->world;
	struct file_row *left;
	size_t n;

	DONE(
	    store_files_pending(w->store, 0, 50, w->arena, &left, &n, &w->err));
	if (n == b->wanted)
		loop_stop(b->loop);
}

static void
bad_whole_files_starve_no_other(void **state)
{
	struct bench bench, *b = &bench;
	struct world *w = &b->world;
	struct file_row file = { .content = "# Task Result\n" };

	(void)state;
	bench_open(b);
	file.workspace_id = w->context.workspace_id;
	DONE(store_begin(w->store, &w->err));
	for (int i = 0; i <= 20; i++) { /* more than one pass takes */
		file.path = arena_printf(w->arena, "tasks/%d.md", i);
		b->log_path = arena_printf(w->arena, "%s/%s/%s", b->root,
		    file.workspace_id, file.path);
		if (i < 20)
			break_file(b, b->log_path);
		DONE(store_file_add(w->store, &file, w->now_ms, &w->err));
	}
	DONE(store_commit(w->store, &w->err));
	b->wanted = 20;
	run_with(b, look_at_whole);
	assert_int_equal(access(b->log_path, F_OK), 0);
	bench_close(b);
}

static void
whole_files_are_written_once(void **state)
{
	struct bench bench, *b = &bench;
	struct world *w = &b->world;
	struct file_row file = { 0 };
	struct file_row *left;
	const char *path;
	struct buf text;
	size_t n;

	(void)state;
	bench_open(b);
	file.workspace_id = w->context.workspace_id;
	file.path = "tasks/2026/11/22/t.md";
	file.content = "# Task Result\n";
	DONE(store_begin(w->store, &w->err));
	DONE(store_file_add(w->store, &file, w->now_ms, &w->err));
	DONE(store_commit(w->store, &w->err));
	/* One job writes both, and both are noted together. */
	say(b, 0, 1);
	run_until(b, 1);
	path = arena_printf(
	    w->arena, "%s/%s/%s", b->root, file.workspace_id, file.path);
	buf_init(&text);
	DONE(file_read(&text, AT_FDCWD, path, 1000, &w->err));
	assert_string_equal(text.data, file.content);
	buf_release(&text);
	DONE(
	    store_files_pending(w->store, 0, 10, w->arena, &left, &n, &w->err));
	assert_int_equal(n, 0);
	bench_close(b);
}

static void
many_whole_files_need_nothing_else_to_happen(void **state)
{
	struct bench bench, *b = &bench;
	struct world *w = &b->world;
	struct file_row file = { .content = "# Task Result\n" };

	(void)state;
	bench_open(b);
	file.workspace_id = w->context.workspace_id;
	DONE(store_begin(w->store, &w->err));
	for (int i = 0; i < 50; i++) { /* more than one pass takes */
		file.path = arena_printf(w->arena, "tasks/%d.md", i);
		DONE(store_file_add(w->store, &file, w->now_ms, &w->err));
	}
	DONE(store_commit(w->store, &w->err));
	b->wanted = 0;
	run_with(b, look_at_whole);
	bench_close(b);
}

static void
nothing_is_written_through_a_link(void **state)
{
	struct bench bench, *b = &bench;
	struct world *w = &b->world;
	const char *folder, *outside;

	(void)state;
	bench_open(b);
	folder =
	    arena_printf(w->arena, "%s/%s", b->root, w->context.workspace_id);
	outside = world_path(w, "outside");
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(mkdir(outside, 0700), 0);
	assert_int_equal(
	    symlink(outside, arena_printf(w->arena, "%s/logs", folder)), 0);
	say(b, 0, 1);
	run_until_trouble(b);
	assert_int_equal(access(world_path(w, "outside/chats"), F_OK), -1);
	bench_close(b);
}

static void
what_is_forgotten_is_out_of_the_log(void **state)
{
	struct bench bench, *b = &bench;
	struct world *w = &b->world;
	struct forgetting what;
	struct forgotten gone;
	struct log_file_row old;

	(void)state;
	bench_open(b);
	say(b, 0, 600);
	run_until(b, 600);
	DONE(store_log_file_get(w->store, w->context.id, &old, &w->err));
	what = (struct forgetting){
		.context_id = w->context.id,
		.before_seq = old.written_seq,
		.said_by = "",
	};
	DONE(store_begin(w->store, &w->err));
	OTHER(store_forget_slice(
	    w->store, &what, 1000, w->arena, &gone, &w->err));
	DONE(store_forget_log(w->store, w->context.id, &w->err));
	/* What was being written meanwhile counts for nothing. */
	DONE(store_log_file_put(w->store, &old, &w->err));
	DONE(store_commit(w->store, &w->err));
	assert_int_equal(what.n_messages, 599);
	run_until(b, 1);
	say(b, 600, 602);
	run_until(b, 3);
	restart(b);
	say(b, 602, 603);
	run_until(b, 4);
	bench_close(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_log_is_the_rows_line_for_line),
		cmocka_unit_test(what_was_written_and_not_recorded_is_cut),
		cmocka_unit_test(a_shorter_or_missing_file_is_written_anew),
		cmocka_unit_test(what_is_forgotten_is_out_of_the_log),
		cmocka_unit_test(one_bad_file_delays_no_other_and_is_caught_up),
		cmocka_unit_test(bad_files_starve_no_other),
		cmocka_unit_test(bad_whole_files_starve_no_other),
		cmocka_unit_test(whole_files_are_written_once),
		cmocka_unit_test(many_whole_files_need_nothing_else_to_happen),
		cmocka_unit_test(nothing_is_written_through_a_link),
	};

	assert(setenv("UV_THREADPOOL_SIZE", "1", 1) == 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
