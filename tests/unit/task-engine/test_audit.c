/* The audit log cannot be changed unnoticed. */

#include "services/task-engine/audit/audit.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/file.h"
#include "libcommon/log.h"
#include "services/task-engine/audit/chain.h"
#include "services/task-engine/audit/verify.h"
#include "services/task-engine/store/schema.h"
#include "services/task-engine/store/store.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

/* Row 1 says that the key begins; these are 2 to 6. */
enum { N_FILLED = 5, LAST = N_FILLED + 1 };

static const struct audit_entry cancel = {
	.actor = "local",
	.operation = "task.cancel",
	.workspace_id = "w",
	.subject = "t1",
	.detail = "running",
};

static void
add(struct world *w, int n)
{
	DONE(store_begin(w->store, &w->err));
	for (int i = 0; i < n; i++)
		DONE(audit_add(w->store, &cancel, w->now_ms + i, &w->err));
	DONE(store_commit(w->store, &w->err));
}

static void
tamper(struct world *w, const char *sql)
{
	char *text = NULL;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(w->db_path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK)
		fail_msg("%s: %s", sql, text);
	sqlite3_close(db);
}

static void
check_all(struct world *w, struct audit_check *check)
{
	OTHER(audit_verify(w->store, check, 1000, &w->err));
}

static void
must_find(
    struct world *w, const char *what, enum audit_state state, int64_t bad_seq)
{
	struct audit_check check = { 0 };

	check_all(w, &check);
	if (check.state != state || check.bad_seq != bad_seq)
		fail_msg("%s: %s at %d (%s), wanted %s at %d", what,
		    audit_state_name(check.state), (int)check.bad_seq,
		    check.text, audit_state_name(state), (int)bad_seq);
	assert_int_equal(check.text[0] == '\0', state == AUDIT_INTACT);
}

static void
slices_reach_the_end(void **state)
{
	struct audit_check check = { 0 };
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	add(w, N_FILLED);
	DONE(audit_verify(w->store, &check, 2, &w->err));
	DONE(audit_verify(w->store, &check, 2, &w->err));
	DONE(audit_verify(w->store, &check, 2, &w->err));
	OTHER(audit_verify(w->store, &check, 2, &w->err));
	assert_int_equal(check.at.seq, LAST);
	assert_int_equal(check.state, AUDIT_INTACT);
	assert_int_equal(check.begun_seq, 0);
	world_close(w);
}

#define FIELD_CASE(name)                                                       \
	{                                                                      \
		"the field " #name,                                            \
		    "UPDATE audit SET " #name " = " #name " || 'x'"            \
		    " WHERE seq = 4",                                          \
		    AUDIT_EDITED, 4                                            \
	}

static const struct {
	const char *what, *sql;
	enum audit_state state;
	int64_t bad_seq;
} tampers[] = {
	FIELD_CASE(id),
	FIELD_CASE(actor),
	FIELD_CASE(speaks_as),
	FIELD_CASE(operation),
	FIELD_CASE(door),
	FIELD_CASE(workspace_id),
	FIELD_CASE(context_id),
	FIELD_CASE(subject),
	FIELD_CASE(detail),
	FIELD_CASE(reason),
	FIELD_CASE(cause),
	FIELD_CASE(hash),
	{ "the time", "UPDATE audit SET at_ms = at_ms + 1 WHERE seq = 6",
	    AUDIT_EDITED, 6 },
	{ "the outcome", "UPDATE audit SET outcome = 'refused' WHERE seq = 2",
	    AUDIT_EDITED, 2 },
	{ "the key's own row", "UPDATE audit SET detail = 'x' WHERE seq = 1",
	    AUDIT_EDITED, 1 },
	{ "a border between fields is moved",
	    "UPDATE audit SET workspace_id = 'wt', subject = '1'"
	    " WHERE seq = 4",
	    AUDIT_EDITED, 4 },
	{ "a row is called unkeyed",
	    "UPDATE audit SET is_keyed = 0 WHERE seq = 4", AUDIT_EDITED, 4 },
	{ "all rows are called unkeyed", "UPDATE audit SET is_keyed = 0",
	    AUDIT_EDITED, 1 },
	{ "the key's mark is another's",
	    "UPDATE audit SET subject = '0123456789abcdef' WHERE seq = 1",
	    AUDIT_OTHER_KEY, 1 },
	{ "two rows change places",
	    "UPDATE audit SET seq = 99 WHERE seq = 3;"
	    "UPDATE audit SET seq = 3 WHERE seq = 4;"
	    "UPDATE audit SET seq = 4 WHERE seq = 99",
	    AUDIT_EDITED, 3 },
	{ "a row is added",
	    "INSERT INTO audit (id, at_ms, actor, operation, workspace_id,"
	    " subject, detail, is_keyed, hash) VALUES ('x', 0, 'local',"
	    " 'token.add', '', '', '', 1, hex(zeroblob(32)))",
	    AUDIT_EDITED, 7 },
	{ "an unkeyed row is added",
	    "INSERT INTO audit (id, at_ms, actor, operation, workspace_id,"
	    " subject, detail, hash) VALUES ('x', 0, 'local', 'token.add', '',"
	    " '', '', hex(zeroblob(32)))",
	    AUDIT_EDITED, 7 },
	{ "the first row is taken out", "DELETE FROM audit WHERE seq = 1",
	    AUDIT_MISSING, 1 },
	{ "a row is taken out", "DELETE FROM audit WHERE seq = 3",
	    AUDIT_MISSING, 3 },
	{ "rows are taken out", "DELETE FROM audit WHERE seq IN (3, 4)",
	    AUDIT_MISSING, 3 },
	{ "a row is taken out and the gap closed",
	    "DELETE FROM audit WHERE seq = 3;"
	    "UPDATE audit SET seq = -seq + 1 WHERE seq > 3;"
	    "UPDATE audit SET seq = -seq WHERE seq < 0",
	    AUDIT_EDITED, 3 },
	{ "the last row is cut off", "DELETE FROM audit WHERE seq = 6",
	    AUDIT_CUT, 5 },
	{ "the end is cut off", "DELETE FROM audit WHERE seq > 2", AUDIT_CUT,
	    2 },
	{ "everything is cut off", "DELETE FROM audit", AUDIT_CUT, 0 },
	{ "the end is cut off by one who knows how",
	    "DELETE FROM audit WHERE seq > 2;"
	    "UPDATE sqlite_sequence SET seq = 2 WHERE name = 'audit'",
	    AUDIT_RESTORED, 6 },
	{ "nothing", "UPDATE audit SET actor = actor", AUDIT_INTACT, 0 },
};

static void
every_change_is_noticed(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(tampers); i++) {
		struct world world, *w = &world;

		world_open(w);
		add(w, N_FILLED);
		tamper(w, tampers[i].sql);
		must_find(
		    w, tampers[i].what, tampers[i].state, tampers[i].bad_seq);
		world_close(w);
	}
}

/* What was cut off is not forgotten over what is added after it. */
static void
changes_while_it_is_stopped_stay_noticed(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(tampers); i++) {
		bool is_behind = tampers[i].state == AUDIT_CUT ||
				 tampers[i].state == AUDIT_RESTORED;
		struct world world, *w = &world;

		/* The key is then not the one that the rows name. */
		if (tampers[i].state == AUDIT_OTHER_KEY)
			continue;
		world_open(w);
		add(w, N_FILLED);
		world_stop(w);
		tamper(w, tampers[i].sql);
		world_start(w);
		must_find(
		    w, tampers[i].what, tampers[i].state, tampers[i].bad_seq);
		if (is_behind)
			assert_string_not_equal(audit_trouble(w->audit), "");
		add(w, 1);
		must_find(
		    w, tampers[i].what, tampers[i].state, tampers[i].bad_seq);
		world_close(w);
	}
}

static void
a_head_that_was_kept_elsewhere_is_compared(void **state)
{
	struct audit_check check = { 0 };
	struct audit_head head;
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	add(w, 2);
	DONE(audit_head_read(&head, world_path(w, "audit.head"), &w->err));
	add(w, 2);
	check.given = head;
	check_all(w, &check);
	assert_int_equal(check.state, AUDIT_INTACT);
	check = (struct audit_check){ .given = head };
	check.given.hash[0] ^= 1;
	check_all(w, &check);
	assert_int_equal(check.state, AUDIT_RESTORED);
	assert_int_equal(check.bad_seq, head.seq);
	check = (struct audit_check){ .given = head };
	check.given.seq = 100;
	check_all(w, &check);
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
	add(w, 1);
	DONE(audit_head_read(&head, path, &w->err));
	assert_int_equal(head.seq, 2);
	DONE(store_begin(w->store, &w->err));
	DONE(audit_add(w->store, &cancel, w->now_ms, &w->err));
	store_rollback(w->store);
	DONE(audit_head_read(&head, path, &w->err));
	assert_int_equal(head.seq, 2);
	add(w, 1);
	must_find(w, "after a rollback", AUDIT_INTACT, 0);
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
	add(w, 1);
	DONE(file_read(&old, AT_FDCWD, path, 1000, &w->err));
	add(w, 2);
	world_stop(w);
	DONE(file_replace(AT_FDCWD, path, old.data, old.size, 0600, &w->err));
	world_start(w);
	assert_string_equal(audit_trouble(w->audit), "");
	must_find(w, "behind", AUDIT_INTACT, 0);
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
		add(w, 1);
		world_stop(w);
		assert_int_equal(unlink(path), 0);
		if (contents[i])
			DONE(file_replace(AT_FDCWD, path, contents[i],
			    strlen(contents[i]), 0600, &w->err));
		world_start(w);
		check_all(w, &check);
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
	add(w, 1);
	world_stop(w);
	copy_file(w, w->db_path, copy);
	world_start(w);
	add(w, 2);
	world_stop(w);
	copy_file(w, copy, w->db_path);
	world_start(w);
	assert_string_not_equal(audit_trouble(w->audit), "");
	must_find(w, "restored", AUDIT_RESTORED, 4);
	add(w, 5);
	must_find(w, "restored, and went on", AUDIT_RESTORED, 4);
	/* Whoever restored it says so by moving the head aside. */
	world_stop(w);
	assert_int_equal(unlink(world_path(w, "audit.head")), 0);
	world_start(w);
	assert_string_equal(audit_trouble(w->audit), "");
	check_all(w, &check);
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
		add(w, 1);
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
	add(w, 2);
	world_stop(w);
	assert_int_equal(unlink(world_path(w, "audit.key")), 0);
	assert_int_equal(unlink(world_path(w, "audit.head")), 0);
	world_start(w);
	add(w, 1);
	check_all(w, &check);
	assert_int_equal(check.state, AUDIT_OTHER_KEY);
	assert_int_equal(check.bad_seq, 1);
	assert_int_equal(check.begun_seq, 4);
	assert_int_equal(check.at.seq, 5);
	/* What came after it is checked all the same. */
	tamper(w, "UPDATE audit SET actor = 'x' WHERE seq = 5");
	must_find(w, "after the new key", AUDIT_EDITED, 5);
	world_close(w);
}

enum { N_OLD = 3 };

/* Rows as schema 1 wrote them. */
static void
make_old(struct world *w)
{
	char hashes[N_OLD + 1][ID_SHA256_HEX_SIZE] = { "" };
	sqlite3 *db;

	*w = (struct world){ .now_ms = INT64_C(1700000000000) };
	unit_folder(w->folder, sizeof(w->folder), "engine-unit");
	w->arena = arena_new(1 << 24);
	w->db_path = world_path(w, "meta.sqlite");
	assert_int_equal(sqlite3_open(w->db_path, &db), SQLITE_OK);
	DONE(schema_migrate(db, w->db_path, schema_migrations, 1, &w->err));
	sqlite3_close(db);
	for (int i = 0; i < N_OLD; i++) {
		const struct audit_row row = {
			.seq = i + 1,
			.id = arena_printf(w->arena, "audit_%d", i),
			.at_ms = 5,
			.entry = cancel,
		};

		chain_hash(hashes[i + 1], NULL, hashes[i], &row);
		tamper(w,
		    arena_printf(w->arena,
			"INSERT INTO audit (id, at_ms, actor, operation,"
			" workspace_id, subject, detail, sha256) VALUES ('%s',"
			" 5, 'local', 'task.cancel', 'w', 't1', 'running',"
			" '%s')",
			row.id, hashes[i + 1]));
	}
}

static const struct {
	const char *what, *sql;
	enum audit_state state;
	int64_t bad_seq;
} old_tampers[] = {
	{ "nothing", "SELECT 1", AUDIT_INTACT, 0 },
	{ "an old row", "UPDATE audit SET actor = 'x' WHERE seq = 2",
	    AUDIT_EDITED, 2 },
	{ "a new field of an old row",
	    "UPDATE audit SET reason = 'x' WHERE seq = 2", AUDIT_EDITED, 2 },
	{ "the outcome of an old row",
	    "UPDATE audit SET outcome = 'refused' WHERE seq = 1", AUDIT_EDITED,
	    1 },
	{ "an old row is taken out", "DELETE FROM audit WHERE seq = 2",
	    AUDIT_MISSING, 2 },
	{ "an old row is called keyed",
	    "UPDATE audit SET is_keyed = 1 WHERE seq = 3", AUDIT_EDITED, 3 },
	{ "the old row before the first keyed one",
	    "UPDATE audit SET hash = hex(zeroblob(32)) WHERE seq = 3",
	    AUDIT_EDITED, 3 },
	{ "only old rows are left", "DELETE FROM audit WHERE seq > 3",
	    AUDIT_CUT, 3 },
};

static void
rows_of_schema_1_can_still_be_checked(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(old_tampers); i++) {
		struct world world, *w = &world;

		make_old(w);
		world_start(w);
		add(w, 2);
		tamper(w, old_tampers[i].sql);
		must_find(w, old_tampers[i].what, old_tampers[i].state,
		    old_tampers[i].bad_seq);
		world_close(w);
	}
}

static const char *
text_of(struct world *w, const char *sql)
{
	const char *text = NULL;
	sqlite3_stmt *stmt;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(w->db_path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		text = arena_strdup(
		    w->arena, (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return text ? text : "no row";
}

#define ALL_FIELDS                                                             \
	"SELECT actor || '|' || speaks_as || '|' || operation || '|' ||"       \
	" door || '|' || workspace_id || '|' || context_id || '|' ||"          \
	" subject || '|' || detail || '|' || reason || '|' || cause || '|' ||" \
	" outcome FROM audit ORDER BY seq DESC LIMIT 1"

static void
an_entry_takes_what_the_request_is_known_to_be(void **state)
{
	const struct audit_entry door = { .door = "api.main",
		.operation = "chat.turn" };
	const struct audit_entry actor = { .actor = "local",
		.speaks_as = "codex:s1" };
	const struct audit_entry brief = { .subject = "s",
		.reason = "because" };
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	assert_false(audit_has_actor(w->store));
	log_context("M", "C");
	audit_request(w->store, &door);
	audit_request(w->store, &actor);
	assert_true(audit_has_actor(w->store));
	DONE(store_begin(w->store, &w->err));
	DONE(audit_add(w->store, &brief, w->now_ms, &w->err));
	DONE(store_commit(w->store, &w->err));
	assert_string_equal(text_of(w, ALL_FIELDS),
	    "local|codex:s1|chat.turn|api.main|||s||because|C|done");
	audit_request_end(w->store);
	log_context("M", "");
	add(w, 1);
	assert_string_equal(text_of(w, ALL_FIELDS),
	    "local||task.cancel||w||t1|running||M|done");
	log_context_clear();
	world_close(w);
}

static void
what_is_too_long_is_cut(void **state)
{
	struct world world, *w = &world;
	struct audit_entry entry = cancel;
	char *text;

	(void)state;
	world_open(w);
	text = arena_alloc(w->arena, 100001);
	memset(text, 'x', 100000);
	entry.detail = entry.subject = entry.reason = text;
	DONE(store_begin(w->store, &w->err));
	DONE(audit_add(w->store, &entry, w->now_ms, &w->err));
	DONE(store_commit(w->store, &w->err));
	assert_string_equal(
	    text_of(w, "SELECT length(detail) || ' ' || length(subject)"
		       " FROM audit ORDER BY seq DESC LIMIT 1"),
	    "1024 256");
	must_find(w, "long", AUDIT_INTACT, 0);
	world_close(w);
}

static void
refuse(struct world *w, const char *actor, const char *operation, int64_t at_ms)
{
	const struct audit_entry entry = {
		.actor = actor, .operation = operation, .reason = "no"
	};

	audit_refused(w->store, &entry, at_ms);
}

static void
write_refused(struct world *w)
{
	DONE(audit_write_refused(w->store, &w->err));
	store_tell(w->store);
}

static void
a_refusal_outlives_what_it_undoes(void **state)
{
	struct audit_head head;
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	DONE(store_begin(w->store, &w->err));
	refuse(w, "tool:ci", "token.add", w->now_ms);
	store_rollback(w->store);
	write_refused(w);
	assert_string_equal(
	    text_of(w, ALL_FIELDS), "tool:ci||token.add||||||no||refused");
	DONE(audit_head_read(&head, world_path(w, "audit.head"), &w->err));
	assert_int_equal(head.seq, 2);
	/* And is written once. */
	write_refused(w);
	assert_string_equal(text_of(w, "SELECT count(*) FROM audit"), "2");
	must_find(w, "refused", AUDIT_INTACT, 0);
	world_close(w);
}

#define COUNT_REFUSED "SELECT count(*) FROM audit WHERE outcome = 'refused'"

static void
many_refusals_are_ten_and_one(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	for (int i = 0; i < 500; i++)
		refuse(w, "tool:ci", "token.add", w->now_ms + i);
	refuse(w, "tool:ci", "token.list", w->now_ms);
	refuse(w, "tool:x", "token.add", w->now_ms);
	write_refused(w);
	assert_string_equal(text_of(w, COUNT_REFUSED), "13");
	assert_string_equal(
	    text_of(w, COUNT_REFUSED " AND reason LIKE 'and more%'"), "1");
	/* The next hour begins to count again. */
	refuse(w, "tool:ci", "token.add", w->now_ms + 3599999);
	write_refused(w);
	assert_string_equal(text_of(w, COUNT_REFUSED), "13");
	refuse(w, "tool:ci", "token.add", w->now_ms + 3600000);
	write_refused(w);
	assert_string_equal(text_of(w, COUNT_REFUSED), "14");
	world_close(w);
}

static void
refusals_of_many_are_bounded_too(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	for (int i = 0; i < 3000; i++)
		refuse(w, arena_printf(w->arena, "telegram:%d", i), "token.add",
		    w->now_ms);
	write_refused(w);
	assert_string_equal(text_of(w, COUNT_REFUSED), "1001");
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slices_reach_the_end),
		cmocka_unit_test(every_change_is_noticed),
		cmocka_unit_test(changes_while_it_is_stopped_stay_noticed),
		cmocka_unit_test(a_head_that_was_kept_elsewhere_is_compared),
		cmocka_unit_test(heads_are_read_strictly),
		cmocka_unit_test(the_head_follows_each_commit),
		cmocka_unit_test(a_head_that_is_behind_catches_up),
		cmocka_unit_test(a_lost_head_is_said_in_a_row),
		cmocka_unit_test(a_restored_copy_stays_noticed),
		cmocka_unit_test(the_key_is_made_and_private),
		cmocka_unit_test(without_its_key_it_does_not_go_on),
		cmocka_unit_test(a_key_that_is_given_up_stays_noticed),
		cmocka_unit_test(rows_of_schema_1_can_still_be_checked),
		cmocka_unit_test(
		    an_entry_takes_what_the_request_is_known_to_be),
		cmocka_unit_test(what_is_too_long_is_cut),
		cmocka_unit_test(a_refusal_outlives_what_it_undoes),
		cmocka_unit_test(many_refusals_are_ten_and_one),
		cmocka_unit_test(refusals_of_many_are_bounded_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
