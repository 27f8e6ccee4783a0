/* The chained audit log. */

#include "services/task-engine/audit/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "services/task-engine/store/audit_rows.h"

enum { ARENA_BYTES = 4 * 1024 * 1024 };

/* Each field with its length: no two rows have the same bytes. */
static void
hash_row(char out[ID_SHA256_HEX_SIZE], const char *previous,
    const struct audit_row *row)
{
	const char *const fields[] = {
		previous,
		row->id,
		row->actor,
		row->operation,
		row->workspace_id,
		row->subject,
		row->detail,
	};
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	buf_addf(&text, "%" PRId64 "\n", row->at_ms);
	for (size_t i = 0; i < N_OF(fields); i++)
		buf_addf(&text, "%zu:%s\n", strlen(fields[i]), fields[i]);
	id_sha256_hex(out, text.data, text.size);
}

int
audit_add(struct store *store, const struct audit_entry *entry, int64_t now_ms,
    struct err *err)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	char uuid[ID_UUID_SIZE], sha256[ID_SHA256_HEX_SIZE];
	const char *previous;
	struct audit_row row = {
		.at_ms = now_ms,
		.actor = entry->actor,
		.operation = entry->operation,
		.workspace_id = entry->workspace_id,
		.subject = entry->subject,
		.detail = entry->detail,
	};

	if (store_audit_head(store, arena, &previous, err) < 0)
		return -1;
	id_uuid(uuid);
	row.id = arena_printf(arena, "audit_%s", uuid);
	hash_row(sha256, previous, &row);
	row.sha256 = sha256;
	return store_audit_add(store, &row, err);
}

int
audit_verify(struct store *store, struct audit_check *check, int64_t limit,
    struct err *err)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	struct audit_row *rows;
	size_t n;

	if (store_audit_list(store, check->seq, limit, arena, &rows, &n, err) <
	    0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		char sha256[ID_SHA256_HEX_SIZE];

		hash_row(sha256, check->sha256, &rows[i]);
		/* A row that was taken out leaves a gap in the numbers too. */
		if (rows[i].seq != check->seq + 1 ||
		    strcmp(sha256, rows[i].sha256) != 0)
			return err_set(err, ERR_CONFLICT,
			    "the audit log was changed at row %" PRId64 " (%s)",
			    rows[i].seq, rows[i].id);
		check->seq = rows[i].seq;
		memcpy(check->sha256, sha256, sizeof(sha256));
	}
	return (int64_t)n < limit ? 1 : 0;
}
