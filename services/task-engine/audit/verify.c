/* Checks the chain of the audit log and the heads that were kept of it. */

#include "services/task-engine/audit/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/audit/audit_impl.h"
#include "services/task-engine/audit/chain.h"
#include "services/task-engine/store/audit_rows.h"
#include "services/task-engine/store/store.h"

enum { ARENA_BYTES = 16 * 1024 * 1024 };

static const char *const state_names[AUDIT_STATE_COUNT] = {
	[AUDIT_INTACT] = "intact",
	[AUDIT_EDITED] = "edited",
	[AUDIT_MISSING] = "missing",
	[AUDIT_CUT] = "cut",
	[AUDIT_RESTORED] = "restored",
	[AUDIT_OTHER_KEY] = "other-key",
};

const char *
audit_state_name(enum audit_state state)
{
	return state_names[state];
}

/* Returns 1: there is no more to do. */
static int PRINTF(4, 5) found(struct audit_check *check, enum audit_state state,
    int64_t bad_seq, const char *fmt, ...)
{
	va_list args;

	check->state = state;
	check->bad_seq = bad_seq;
	va_start(args, fmt);
	vsnprintf(check->text, sizeof(check->text), fmt, args);
	va_end(args);
	return 1;
}

/* The gap before the row; it reaches over a head when more was cut off. */
static int
found_gap(struct audit_check *check, const struct audit *a, int64_t next_seq)
{
	const struct audit_head *heads[] = { &a->head, &check->given };
	int64_t first = check->at.seq + 1;

	for (size_t i = 0; i < N_OF(heads); i++)
		if (heads[i]->seq >= first && heads[i]->seq < next_seq)
			return found(check, AUDIT_CUT, check->at.seq,
			    "the log was cut off after row %" PRId64
			    ": the rows up to %" PRId64
			    " are not there; it went on at %" PRId64,
			    check->at.seq, next_seq - 1, next_seq);
	return found(check, AUDIT_MISSING, first,
	    "rows were taken out: %" PRId64 " to %" PRId64 " are missing",
	    first, next_seq - 1);
}

static bool
is_marked(const struct audit_row *row, const char *operation)
{
	return row->is_keyed && strcmp(row->entry.operation, operation) == 0;
}

/* Rows from before schema 2 have none of what came with it. */
static bool
has_only_old_fields(const struct audit_entry *e)
{
	return !*e->speaks_as && !*e->door && !*e->context_id && !*e->reason &&
	       !*e->cause && !e->is_refused;
}

static bool
is_as_written(const struct audit_check *check, const struct audit *a,
    const struct audit_row *row)
{
	char hash[ID_SHA256_HEX_SIZE];

	if (row->is_keyed ? !check->is_our_key
			  : !has_only_old_fields(&row->entry))
		return false;
	chain_hash(hash, &a->key, check->at.hash, row);
	return id_equal_secret(hash, row->hash);
}

static void
note_begin(struct audit_check *check, const struct audit *a,
    const struct audit_row *row)
{
	bool is_key = is_marked(row, AUDIT_KEY_BEGINS);

	if (is_key)
		check->is_our_key =
		    strcmp(row->entry.subject, a->key.mark) == 0;
	/* The very first key is no loss. */
	if ((is_key && check->is_keyed) || is_marked(row, AUDIT_HEAD_BEGINS))
		check->begun_seq = row->seq;
}

/* Rows under a lost key can only be counted; said once, with the first. */
static int
check_foreign(struct audit_check *check, const struct audit_row *row)
{
	if (check->state == AUDIT_INTACT)
		(void)found(check, AUDIT_OTHER_KEY, row->seq,
		    "rows from %" PRId64
		    " on are chained with a key that is not here",
		    row->seq);
	return 0;
}

static int
check_row(struct audit_check *check, const struct audit *a,
    const struct audit_row *row)
{
	if (row->seq != check->at.seq + 1)
		return found_gap(check, a, row->seq);
	if (check->is_keyed && !row->is_keyed)
		return found(check, AUDIT_EDITED, row->seq,
		    "row %" PRId64 " has no key, though those before it do",
		    row->seq);
	note_begin(check, a, row);
	if (row->is_keyed && !check->is_our_key &&
	    (check->is_keyed || is_marked(row, AUDIT_KEY_BEGINS)))
		check_foreign(check, row);
	else if (!is_as_written(check, a, row))
		return found(check, AUDIT_EDITED, row->seq,
		    "row %" PRId64 " (%.48s) is not what was written", row->seq,
		    row->id);
	check->is_keyed = row->is_keyed;
	check->at.seq = row->seq;
	snprintf(check->at.hash, sizeof(check->at.hash), "%s", row->hash);
	return 0;
}

static int
check_head(struct audit_check *check, const struct audit *a,
    const struct audit_head *head, struct arena *arena, struct err *err)
{
	const char *hash = "";
	int got;

	if (head->seq == 0)
		return 0;
	if (head->seq > check->at.seq)
		return found(check, AUDIT_RESTORED, head->seq,
		    "the database ends at row %" PRId64
		    " and the head is row %" PRId64 ": it is an older copy, or "
		    "it was cut off by one who knew how",
		    check->at.seq, head->seq);
	got = store_audit_hash(a->store, head->seq, arena, &hash, err);
	if (got < 0)
		return -1;
	if (got == 0 && strcmp(hash, head->hash) == 0)
		return 0;
	return found(check, AUDIT_RESTORED, head->seq,
	    "row %" PRId64 " is another than the head's: the database is an "
	    "older copy that went on, or was written anew by one who has the "
	    "key",
	    head->seq);
}

static int
check_end(struct audit_check *check, const struct audit *a, struct arena *arena,
    struct err *err)
{
	struct audit_last last;
	int got;

	if (store_audit_last(a->store, arena, &last, err) < 0)
		return -1;
	if (last.given > check->at.seq)
		return found(check, AUDIT_CUT, check->at.seq,
		    "the log was cut off after row %" PRId64
		    ": there were rows up to %" PRId64,
		    check->at.seq, last.given);
	got = check_head(check, a, &a->head, arena, err);
	if (got == 0)
		got = check_head(check, a, &check->given, arena, err);
	if (got != 0)
		return got;
	if (!check->is_keyed)
		return found(check, AUDIT_EDITED, check->at.seq,
		    "no row has a key, though the engine begins with one");
	return 1;
}

int
audit_verify(struct store *store, struct audit_check *check, int64_t limit,
    struct err *err)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	const struct audit *a = store_audit(store);
	struct audit_row *rows;
	size_t n;

	if (store_audit_chain(
		store, check->at.seq, limit, arena, &rows, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (check_row(check, a, &rows[i]) != 0)
			return 1;
	return (int64_t)n < limit ? check_end(check, a, arena, err) : 0;
}
