/* How each row of the audit log depends on the one before it. */

#include "services/task-engine/audit/chain.h"

#include <inttypes.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "services/task-engine/audit/key.h"
#include "services/task-engine/store/audit_rows.h"

/* Each with its length: no two lists have the same bytes. */
static void
add_fields(struct buf *text, const char *const *fields, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_addf(text, "%zu:%s\n", strlen(fields[i]), fields[i]);
}

static void
hash_plain(char out[ID_SHA256_HEX_SIZE], const char *previous,
    const struct audit_row *row)
{
	const struct audit_entry *e = &row->entry;
	const char *const fields[] = { previous, row->id, e->actor,
		e->operation, e->workspace_id, e->subject, e->detail };
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	buf_addf(&text, "%" PRId64 "\n", row->at_ms);
	add_fields(&text, fields, N_OF(fields));
	id_sha256_hex(out, text.data, text.size);
}

static void
hash_keyed(char out[ID_SHA256_HEX_SIZE], const struct audit_key *key,
    const char *previous, const struct audit_row *row)
{
	const struct audit_entry *e = &row->entry;
	const char *const fields[] = {
		previous,
		row->id,
		e->actor,
		e->speaks_as,
		e->operation,
		e->door,
		e->workspace_id,
		e->context_id,
		e->subject,
		e->detail,
		e->reason,
		e->cause,
		e->is_refused ? "refused" : "done",
	};
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	buf_addf(&text, "%" PRId64 "\n%" PRId64 "\n", row->seq, row->at_ms);
	add_fields(&text, fields, N_OF(fields));
	id_hmac_sha256_hex(
	    out, key->bytes, sizeof(key->bytes), text.data, text.size);
}

void
chain_hash(char out[ID_SHA256_HEX_SIZE], const struct audit_key *key,
    const char *previous, const struct audit_row *row)
{
	if (row->is_keyed)
		hash_keyed(out, key, previous, row);
	else
		hash_plain(out, previous, row);
}
