/* Opens the audit log: whether key, head and database belong together. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "services/task-engine/audit/audit_impl.h"
#include "services/task-engine/store/store.h"

enum { ARENA_BYTES = 64 * 1024 };

static char *
beneath(const char *folder, const char *name)
{
	struct buf path;

	buf_init(&path);
	buf_addf(&path, "%s/%s", folder, name);
	return buf_steal(&path);
}

/* One that cannot be read is as good as none: a new one says so. */
static int
take_head(struct audit *a, struct err *err)
{
	int got = audit_head_read(&a->head, a->head_path, err);

	if (got < 0 && err->code != ERR_INVALID)
		return -1;
	if (got < 0)
		log_warn("audit-head-unreadable", "path=%s why=%s",
		    log_quote(a->head_path), log_quote(err->text));
	a->has_head = got == 0;
	return 0;
}

/* A row of our own that says where a key or a head begins. */
static int
begin_anew(struct audit *a, const char *operation, const char *subject,
    const char *detail, int64_t now_ms, struct err *err)
{
	const struct audit_entry entry = {
		.actor = "engine",
		.operation = operation,
		.subject = subject,
		.detail = detail,
	};

	if (store_begin(a->store, err) < 0)
		return -1;
	if (audit_add(a->store, &entry, now_ms, err) < 0) {
		store_rollback(a->store);
		return -1;
	}
	return store_commit_quietly(a->store, err);
}

static int
key_is_lost(
    const struct audit *a, bool is_there, const char *mark, struct err *err)
{
	return err_set(err, ERR_CONFLICT,
	    "%s %s, and the audit log needs the key %s: restore it from your "
	    "backup; if it is lost, move audit.key and audit.head aside, and a "
	    "new key is made",
	    a->key_path, is_there ? "is another key" : "is missing", mark);
}

static const char *
what_was_before(bool has_other, int64_t seq, struct arena *arena)
{
	if (seq == 0)
		return "";
	if (has_other)
		return arena_printf(arena,
		    "the key of the rows up to %" PRId64 " is lost", seq);
	return arena_printf(
	    arena, "the rows up to %" PRId64 " are chained without a key", seq);
}

/*
 * Where the head is, the key was: then something took it away, and what it
 * protects must not go on under another one. Without both, it begins anew,
 * and the log, the chain and every check say so. Returns 1 when it began.
 */
static int
take_key(struct audit *a, int64_t now_ms, struct arena *arena, struct err *err)
{
	int there = audit_key_read(&a->key, a->key_path, err), used;
	struct audit_last last;
	const char *mark = "";

	used = store_audit_key(a->store, arena, &mark, err);
	if (there < 0 || used < 0 ||
	    store_audit_last(a->store, arena, &last, err) < 0)
		return -1;
	if (there == 0 && used == 0 && strcmp(mark, a->key.mark) == 0)
		return 0;
	if (used == 0 && a->has_head)
		return key_is_lost(a, there == 0, mark, err);
	if (there == 1 && audit_key_make(&a->key, a->key_path, err) < 0)
		return -1;
	if (used == 0)
		log_error("audit-key-lost", "mark=%s rows=%" PRId64,
		    log_quote(mark), last.seq);
	if (begin_anew(a, AUDIT_KEY_BEGINS, a->key.mark,
		what_was_before(used == 0, last.seq, arena), now_ms, err) < 0)
		return -1;
	return 1;
}

static int
begin_head(
    struct audit *a, int64_t now_ms, struct arena *arena, struct err *err)
{
	struct audit_last last;

	if (store_audit_last(a->store, arena, &last, err) < 0)
		return -1;
	log_warn("audit-head-new", "seq=%" PRId64, last.seq);
	return begin_anew(a, AUDIT_HEAD_BEGINS, "",
	    arena_printf(arena,
		"no head was found; the log ended at row %" PRId64, last.seq),
	    now_ms, err);
}

/* The file keeps what it says until somebody moves it aside. */
static int
compare_head(struct audit *a, struct arena *arena, struct err *err)
{
	const char *hash = "";
	int got = store_audit_hash(a->store, a->head.seq, arena, &hash, err);

	if (got < 0)
		return -1;
	if (got == 0 && strcmp(hash, a->head.hash) == 0)
		return 0;
	a->is_frozen = true;
	snprintf(a->trouble, sizeof(a->trouble),
	    "the audit log does not have the row that audit.head names: see "
	    "agent-runtime audit verify");
	log_error("audit-head-differs", "seq=%" PRId64 " hash=%s", a->head.seq,
	    a->head.hash);
	return 0;
}

static void
on_change(void *arg, unsigned changes)
{
	if (changes & STORE_CHANGED_AUDIT)
		audit_follow(arg);
}

static int
look(struct audit *a, int64_t now_ms, struct err *err)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	int began;

	if (take_head(a, err) < 0)
		return -1;
	began = take_key(a, now_ms, arena, err);
	if (began < 0)
		return -1;
	if (a->has_head)
		return compare_head(a, arena, err);
	return began ? 0 : begin_head(a, now_ms, arena, err);
}

int
audit_open(struct audit **audit_out, struct store *store, const char *folder,
    int64_t now_ms, struct err *err)
{
	struct audit *a = xcalloc(1, sizeof(*a));

	a->store = store;
	a->key_path = beneath(folder, "audit.key");
	a->head_path = beneath(folder, "audit.head");
	store_set_audit(store, a);
	if (look(a, now_ms, err) < 0) {
		audit_drop(&a);
		return -1;
	}
	a->logged_seq = a->head.seq;
	store_on_commit(store, on_change, a);
	store_tell(store);
	audit_follow(a);
	*audit_out = a;
	return 0;
}
