/* What of the audit log is kept beside the database: its head and its key. */

#include "services/task-engine/audit/audit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/file.h"
#include "services/task-engine/audit/verify.h"
#include "services/task-engine/store/store.h"
#include "tests/unit/task-engine/trail.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

static void
a_head_that_was_kept_elsewhere_is_compared(void **state)
{
	struct audit_check check = { 0 };
	struct audit_head head;
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	trail_add(w, 2);
	DONE(audit_head_read(&head, world_path(w, "audit.head"), &w->err));
	trail_add(w, 2);
	check.given = head;
	trail_check(w, &check);
	assert_int_equal(check.state, AUDIT_INTACT);
	check = (struct audit_check){ .given = head };
	check.given.hash[0] ^= 1;
	trail_check(w, &check);
	assert_int_equal(check.state, AUDIT_RESTORED);
	assert_int_equal(check.bad_seq, head.seq);
	check = (struct audit_check){ .given = head };
	check.given.seq = 100;
	trail_check(w, &check);
	assert_int_equal(check.state, AUDIT_RESTORED);
	world_close(w);
}

static const struct {
	const char *text;
	int64_t seq; /* 0: refused */
} heads[] = {
	{ "17:0123456789abcdef0123456789abcdef"
	  "0123456789abcdef0123456789abcdef",
	    17 },
	{ "", 0 },
	{ ":", 0 },
	{ "17", 0 },
	{ "17:", 0 },
	{ "17:0123", 0 },
	{ ":0123456789abcdef0123456789abcdef"
	  "0123456789abcdef0123456789abcdef",
	    0 },
	{ "17:0123456789ABCDEF0123456789abcdef"
	  "0123456789abcdef0123456789abcdef",
	    0 },
	{ "17:0123456789abcdef0123456789abcdef"
	  "0123456789abcdef0123456789abcdef0",
	    0 },
	{ "-1:0123456789abcdef0123456789abcdef"
	  "0123456789abcdef0123456789abcdef",
	    0 },
	{ "9999999999999999999:0123456789abcdef0123456789abcdef"
	  "0123456789abcdef0123456789abcdef",
	    0 },
};

static void
heads_are_read_strictly(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(heads); i++) {
		struct audit_head head = { 0 };
		struct err err;
		int rc = audit_head_parse(&head, heads[i].text, &err);

		if ((rc == 0) != (heads[i].seq > 0) || head.seq != heads[i].seq)
			fail_msg("%s: %d %d", heads[i].text, rc, (int)head.seq);
	}
}

static void
the_head_follows_each_commit(void **state)
{
	struct audit_head head;
	struct world world, *w = &world;
	const char *path;

	(void)state;
	world_open(w);
	path = world_path(w, "audit.head");
	DONE(audit_head_read(&head, path, &w->err));
	assert_int_equal(head.seq, 1);
	trail_add(w, 1);
	DONE(audit_head_read(&head, path, &w->err));
	assert_int_equal(head.seq, 2);
	DONE(store_begin(w->store, &w->err));
	DONE(audit_add(w->store, &trail_entry, w->now_ms, &w->err));
	store_rollback(w->store);
	DONE(audit_head_read(&head, path, &w->err));
	assert_int_equal(head.seq, 2);
	trail_add(w, 1);
	trail_must_find(w, "after a rollback", AUDIT_INTACT, 0);
	world_close(w);
}

/* Killed between the commit and the rename: the head is one commit behind. */
static void
a_head_that_is_behind_catches_up(void **state)
{
	struct audit_head head;
	struct world world, *w = &world;
	AUTO(buf_release)
	struct buf old = { 0 };
	const char *path;

	(void)state;
	buf_init(&old);
	world_open(w);
	path = world_path(w, "audit.head");
	trail_add(w, 1);
	DONE(file_read(&old, AT_FDCWD, path, 1000, &w->err));
	trail_add(w, 2);
	world_stop(w);
	DONE(file_replace(AT_FDCWD, path, old.data, old.size, 0600, &w->err));
	world_start(w);
	assert_string_equal(audit_trouble(w->audit), "");
	trail_must_find(w, "behind", AUDIT_INTACT, 0);
	DONE(audit_head_read(&head, path, &w->err));
	assert_int_equal(head.seq, 4);
	world_close(w);
}

static void
a_lost_head_is_said_in_a_row(void **state)
{
	static const char *const contents[] = { NULL, "", "nonsense" };

	(void)state;
	for (size_t i = 0; i < N_OF(contents); i++) {
		struct audit_check check = { 0 };
		struct world world, *w = &world;
		const char *path;

		world_open(w);
		path = world_path(w, "audit.head");
		trail_add(w, 1);
		world_stop(w);
		assert_int_equal(unlink(path), 0);
		if (contents[i])
			DONE(file_replace(AT_FDCWD, path, contents[i],
			    strlen(contents[i]), 0600, &w->err));
		world_start(w);
		trail_check(w, &check);
		assert_int_equal(check.state, AUDIT_INTACT);
		assert_int_equal(check.begun_seq, 3);
		world_close(w);
	}
}

static void
copy_file(struct world *w, const char *from, const char *to)
{
	AUTO(buf_release)
	struct buf bytes = { 0 };

	buf_init(&bytes);
	DONE(file_read(&bytes, AT_FDCWD, from, 1 << 24, &w->err));
	DONE(file_replace(AT_FDCWD, to, bytes.data, bytes.size, 0600, &w->err));
}

static void
a_restored_copy_stays_noticed(void **state)
{
	struct audit_check check = { 0 };
	struct world world, *w = &world;
	const char *copy;

	(void)state;
	world_open(w);
	copy = world_path(w, "copy");
	trail_add(w, 1);
	world_stop(w);
	copy_file(w, w->db_path, copy);
	world_start(w);
	trail_add(w, 2);
	world_stop(w);
	copy_file(w, copy, w->db_path);
	world_start(w);
	assert_string_not_equal(audit_trouble(w->audit), "");
	trail_must_find(w, "restored", AUDIT_RESTORED, 4);
	trail_add(w, 5);
	trail_must_find(w, "restored, and went on", AUDIT_RESTORED, 4);
	/* Whoever restored it says so by moving the head aside. */
	world_stop(w);
	assert_int_equal(unlink(world_path(w, "audit.head")), 0);
	world_start(w);
	assert_string_equal(audit_trouble(w->audit), "");
	trail_check(w, &check);
	assert_int_equal(check.state, AUDIT_INTACT);
	assert_int_equal(check.begun_seq, 8);
	world_close(w);
}

static void
the_key_is_made_and_private(void **state)
{
	struct world world, *w = &world;
	struct stat st;

	(void)state;
	world_open(w);
	assert_int_equal(stat(world_path(w, "audit.key"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 32);
	assert_int_equal(stat(world_path(w, "audit.head"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	world_close(w);
}

static const struct {
	const char *what, *content, *want;
	enum err_code code;
} lost_keys[] = {
	{ "no key", NULL, "is missing", ERR_CONFLICT },
	{ "another key", "0123456789abcdef0123456789abcdef", "is another key",
	    ERR_CONFLICT },
	{ "a short key", "0123456789abcdef", "holds 16 bytes", ERR_INVALID },
	{ "an empty key", "", "holds 0 bytes", ERR_INVALID },
};

static void
put_key(struct world *w, const char *content)
{
	const char *path = world_path(w, "audit.key");

	unlink(path);
	if (content)
		DONE(file_replace(
		    AT_FDCWD, path, content, strlen(content), 0600, &w->err));
}

static void
without_its_key_it_does_not_go_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(lost_keys); i++) {
		struct world world, *w = &world;
		struct stat before, after;
		const char *head;

		world_open(w);
		head = world_path(w, "audit.head");
		trail_add(w, 1);
		world_stop(w);
		put_key(w, lost_keys[i].content);
		assert_int_equal(stat(head, &before), 0);
		DONE(store_open(&w->store, w->db_path, &w->err));
		FAILS(audit_open(
			  &w->audit, w->store, w->folder, w->now_ms, &w->err),
		    lost_keys[i].code);
		if (!strstr(w->err.text, lost_keys[i].want))
			fail_msg("%s: %s", lost_keys[i].what, w->err.text);
		store_close(&w->store);
		assert_int_equal(stat(head, &after), 0);
		assert_int_equal(before.st_ino, after.st_ino);
		put_key(w, NULL);
		assert_int_equal(unlink(head), 0);
		world_start(w);
		world_close(w);
	}
}

static void
a_key_that_is_given_up_stays_noticed(void **state)
{
	struct audit_check check = { 0 };
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	trail_add(w, 2);
	world_stop(w);
	assert_int_equal(unlink(world_path(w, "audit.key")), 0);
	assert_int_equal(unlink(world_path(w, "audit.head")), 0);
	world_start(w);
	trail_add(w, 1);
	trail_check(w, &check);
	assert_int_equal(check.state, AUDIT_OTHER_KEY);
	assert_int_equal(check.bad_seq, 1);
	assert_int_equal(check.begun_seq, 4);
	assert_int_equal(check.at.seq, 5);
	/* What came after it is checked all the same. */
	world_run(w, "UPDATE audit SET actor = 'x' WHERE seq = 5");
	trail_must_find(w, "after the new key", AUDIT_EDITED, 5);
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_that_was_kept_elsewhere_is_compared),
		cmocka_unit_test(heads_are_read_strictly),
		cmocka_unit_test(the_head_follows_each_commit),
		cmocka_unit_test(a_head_that_is_behind_catches_up),
		cmocka_unit_test(a_lost_head_is_said_in_a_row),
		cmocka_unit_test(a_restored_copy_stays_noticed),
		cmocka_unit_test(the_key_is_made_and_private),
		cmocka_unit_test(without_its_key_it_does_not_go_on),
		cmocka_unit_test(a_key_that_is_given_up_stays_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
