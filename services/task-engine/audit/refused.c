/* What was refused, kept until it can be written, and bounded. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "services/task-engine/audit/audit_impl.h"
#include "services/task-engine/store/store.h"

enum {
	HOUR_MS = 60 * 60 * 1000,
	/* More of the same tell nothing; a row is some 400 bytes. */
	EACH_MAX = 10,
	/* Of many accounts together: some 10 MB a day at worst. */
	ALL_MAX = 1000,
	NOTES_BYTES = 1024 * 1024,
	KEY_SIZE = 320,
};

/* How often this actor was refused this operation since the hour began. */
struct refusal_count {
	char key[KEY_SIZE];
	int64_t n;
	UT_hash_handle hh;
};

struct refusal_note {
	struct audit_entry entry;
	int64_t at_ms;
	struct refusal_note *next;
};

static void
forget_count(struct audit *a, struct refusal_count *count)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): uthash's own memory */
	HASH_DEL(a->counts, count);
	free(count);
}

static void
forget_counts(struct audit *a)
{
	struct refusal_count *count, *next;

	HASH_ITER (hh, a->counts, count, next) {
		forget_count(a, count);
	}
	a->n_this_hour = 0;
}

static void
forget_notes(struct audit *a)
{
	a->notes = a->last_note = NULL;
	arena_free(&a->notes_arena);
}

void
audit_refusals_release(struct audit *a)
{
	forget_counts(a);
	forget_notes(a);
}

/* The clock may have been put back, too. */
static void
begin_hour(struct audit *a, int64_t now_ms)
{
	if (now_ms >= a->hour_began_ms && now_ms - a->hour_began_ms < HOUR_MS)
		return;
	forget_counts(a);
	a->hour_began_ms = now_ms;
}

static int64_t
count_up(struct audit *a, const struct audit_entry *entry)
{
	struct refusal_count *count;
	char key[KEY_SIZE];

	snprintf(key, sizeof(key), "%s\n%s", entry->operation, entry->actor);
	HASH_FIND_STR(a->counts, key, count);
	if (!count) {
		count = xcalloc(1, sizeof(*count));
		memcpy(count->key, key, sizeof(key));
		HASH_ADD_STR(a->counts, key, count);
	}
	return ++count->n;
}

static void
add_note(struct audit *a, const struct audit_entry *entry, int64_t now_ms)
{
	struct refusal_note *note = arena_alloc(a->notes_arena, sizeof(*note));

	note->entry = *entry;
	note->entry.is_refused = true;
	note->at_ms = now_ms;
	if (a->last_note)
		a->last_note->next = note;
	else
		a->notes = note;
	a->last_note = note;
}

void
audit_refused(
    struct store *store, const struct audit_entry *given, int64_t now_ms)
{
	struct audit *a = store_audit(store);
	struct audit_entry entry;
	int64_t n;

	begin_hour(a, now_ms);
	if (a->n_this_hour > ALL_MAX)
		return;
	if (!a->notes_arena)
		a->notes_arena = arena_new(NOTES_BYTES);
	audit_complete(a, given, a->notes_arena, &entry);
	n = count_up(a, &entry);
	if (n > EACH_MAX + 1)
		return;
	if (n == EACH_MAX + 1)
		entry.reason = "and more: within the hour no further refusals "
			       "of this are written";
	if (++a->n_this_hour > ALL_MAX)
		entry.reason = "and more: within the hour no further refusals "
			       "are written";
	add_note(a, &entry, now_ms);
}

static int
write_notes(struct audit *a, struct err *err)
{
	for (struct refusal_note *note = a->notes; note; note = note->next)
		if (audit_add(a->store, &note->entry, note->at_ms, err) < 0)
			return -1;
	return 0;
}

int
audit_write_refused(struct store *store, struct err *err)
{
	struct audit *a = store_audit(store);
	int rc;

	if (!a->notes) {
		forget_notes(a);
		return 0;
	}
	rc = store_begin(store, err);
	if (rc == 0) {
		rc = write_notes(a, err);
		if (rc == 0)
			rc = store_commit_quietly(store, err);
		else
			store_rollback(store);
	}
	forget_notes(a);
	return rc;
}
