/* Adds rows to the audit log, and keeps its head outside of the database. */

#include "services/task-engine/audit/audit.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "libcommon/log.h"
#include "libcommon/utf8.h"
#include "proto/bounds.h"
#include "services/task-engine/audit/audit_impl.h"
#include "services/task-engine/audit/chain.h"
#include "services/task-engine/store/store.h"

enum {
	ARENA_BYTES = 64 * 1024,
	/* A line of the log is a head that is kept elsewhere. */
	LOG_EVERY = 100,
};

/* The bounds are those of proto/audit.c. */
static const struct {
	size_t offset, max_bytes;
} fields[] = {
	{ offsetof(struct audit_entry, actor), BOUND_NAME },
	{ offsetof(struct audit_entry, speaks_as), BOUND_CHAT_ID },
	{ offsetof(struct audit_entry, operation), BOUND_WORD },
	{ offsetof(struct audit_entry, door), BOUND_ID },
	{ offsetof(struct audit_entry, workspace_id), BOUND_ID },
	{ offsetof(struct audit_entry, context_id), BOUND_ID },
	{ offsetof(struct audit_entry, subject), BOUND_NAME },
	{ offsetof(struct audit_entry, detail), BOUND_NOTE },
	{ offsetof(struct audit_entry, reason), BOUND_NOTE },
	{ offsetof(struct audit_entry, cause), BOUND_ID },
};

static const char **
field_of(struct audit_entry *entry, size_t i)
{
	return (const char **)((char *)entry + fields[i].offset);
}

static void
merge(struct audit_entry *into, const struct audit_entry *from)
{
	struct audit_entry copy = *from;

	for (size_t i = 0; i < N_OF(fields); i++)
		if (*field_of(&copy, i))
			*field_of(into, i) = *field_of(&copy, i);
	into->is_refused |= from->is_refused;
}

void
audit_request(struct store *store, const struct audit_entry *known)
{
	merge(&store_audit(store)->known, known);
}

void
audit_request_end(struct store *store)
{
	store_audit(store)->known = (struct audit_entry){ 0 };
}

bool
audit_has_actor(const struct store *store)
{
	return store_audit(store)->known.actor != NULL;
}

void
audit_complete(const struct audit *a, const struct audit_entry *given,
    struct arena *arena, struct audit_entry *out)
{
	*out = (struct audit_entry){ .cause = log_context_origin() };
	merge(out, &a->known);
	merge(out, given);
	assert(out->actor && out->operation);
	for (size_t i = 0; i < N_OF(fields); i++) {
		const char **field = field_of(out, i);
		const char *text = *field ? *field : "";

		*field = arena_strndup(arena, text,
		    utf8_cut(text, strlen(text), fields[i].max_bytes));
	}
}

int
audit_add(struct store *store, const struct audit_entry *entry, int64_t now_ms,
    struct err *err)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	struct audit *a = store_audit(store);
	char uuid[ID_UUID_SIZE], hash[ID_SHA256_HEX_SIZE];
	struct audit_row row = { .at_ms = now_ms, .is_keyed = true };
	struct audit_last last;

	if (store_audit_last(store, arena, &last, err) < 0)
		return -1;
	audit_complete(a, entry, arena, &row.entry);
	id_uuid(uuid);
	row.id = arena_printf(arena, "audit_%s", uuid);
	row.seq = last.given + 1;
	chain_hash(hash, &a->key, last.hash, &row);
	row.hash = hash;
	return store_audit_add(store, &row, err);
}

static int
read_head(struct audit *a, struct audit_head *out)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	struct audit_last last;
	struct err err;

	if (store_audit_last(a->store, arena, &last, &err) < 0) {
		log_error("audit-unread", "why=%s", log_quote(err.text));
		return -1;
	}
	out->seq = last.seq;
	snprintf(out->hash, sizeof(out->hash), "%s", last.hash);
	return 0;
}

static void
log_head(struct audit *a, const struct audit_head *head)
{
	a->logged_seq = head->seq;
	log_info(
	    "audit-head", "seq=%" PRId64 " hash=%s", head->seq, head->hash);
}

static void
write_head(struct audit *a, const struct audit_head *head)
{
	struct err err;

	if (audit_head_write(head, a->head_path, &err) == 0) {
		a->head = *head;
		a->has_head = true;
		a->has_write_trouble = false;
		return;
	}
	/* The next row's will be as good. */
	if (!a->has_write_trouble)
		log_warn(
		    "audit-head-not-written", "why=%s", log_quote(err.text));
	a->has_write_trouble = true;
}

void
audit_follow(struct audit *a)
{
	struct audit_head head;

	if (read_head(a, &head) < 0)
		return;
	if (!a->is_frozen && head.seq > 0 &&
	    (!a->has_head || head.seq != a->head.seq))
		write_head(a, &head);
	if (head.seq / LOG_EVERY != a->logged_seq / LOG_EVERY)
		log_head(a, &head);
}

void
audit_close(struct audit **slot)
{
	struct audit_head head;

	if (!*slot)
		return;
	if (read_head(*slot, &head) == 0)
		log_head(*slot, &head);
	audit_drop(slot);
}

void
audit_drop(struct audit **slot)
{
	struct audit *a = *slot;

	store_set_audit(a->store, NULL);
	audit_refusals_release(a);
	explicit_bzero(&a->key, sizeof(a->key));
	xfree(&a->key_path);
	xfree(&a->head_path);
	xfree(slot);
}

const char *
audit_trouble(const struct audit *a)
{
	return a->trouble;
}
