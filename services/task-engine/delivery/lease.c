/* Leases outbound rows to gateways and notes what became of them. */

#include "services/task-engine/delivery/lease.h"

#include <inttypes.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "proto/delivery.h"
#include "services/task-engine/delivery/connectors.h"
#include "services/task-engine/delivery/trial.h"
#include "services/task-engine/store/outbox.h"

enum {
	/* Of texts in one answer: even escaped they fit an envelope. */
	BATCH_BYTES = 100 * 1024,
	RETRY_LEAST_MS = 1000,
	RETRY_MOST_MS = 15 * 60 * 1000,
};

static void
describe(const struct outbox_row *row, struct delivery *out)
{
	out->delivery_id = row->id;
	out->lease = row->lease;
	out->chat_id = row->chat_id;
	out->reply_to_id = row->reply_to_id;
	out->text = row->text;
	out->action_id = row->has_buttons ? row->action_id : "";
	out->idempotency_key = row->id;
	out->is_urgent = row->is_urgent;
	out->attempt = row->attempt;
	out->is_part_uncertain = row->is_part_uncertain;
	out->is_partial = row->partial_of_seq != 0;
	out->shows_anew = row->in_reply_to_seq != 0;
	out->lease_until_ms = row->lease_until_ms;
}

/* 1: what it edits was never shown, nobody knows where, or its chat has moved
 * and has other numbers now. */
static int
describe_edit(struct store *store, const struct outbox_row *row,
    struct arena *arena, struct delivery *out, struct err *err)
{
	struct outbox_shown shown;
	int got = store_outbox_shown(
	    store, row->edits_id, row->chat_id, arena, &shown, err);

	if (got != 0)
		return got;
	out->edit_id = shown.platform_id;
	out->edit_part = shown.part;
	if (out->n_parts_sent < shown.part)
		out->n_parts_sent = shown.part;
	return 0;
}

static int
take(struct store *store, struct outbox_row *row, const struct claim *claim,
    struct err *err)
{
	row->lease = claim->id;
	row->lease_until_ms = claim->now_ms + LEASE_MS;
	row->state = "sending";
	row->attempt++;
	if (row->first_tried_ms == 0)
		row->first_tried_ms = claim->now_ms;
	/* It will be sent again, and the platform may show it twice. */
	if (row->is_part_uncertain &&
	    !connector_recognises_repeats(row->connector))
		row->maybe_doubled = true;
	return store_outbox_update(store, row, claim->now_ms, err);
}

static int
end_unshown(struct store *store, struct outbox_row *row, int64_t now_ms,
    struct err *err)
{
	row->state = "sent";
	return store_outbox_update(store, row, now_ms, err);
}

static bool
is_leased(const struct outbox_row *row, const struct claim *claim)
{
	return strcmp(row->lease, claim->id) == 0 &&
	       row->lease_until_ms > claim->now_ms;
}

/* 1: it is done, and there is nothing to send. */
static int
lease_row(struct store *store, struct outbox_row *row,
    const struct claim *claim, struct arena *arena, struct delivery *out,
    struct err *err)
{
	int got;

	*out = (struct delivery){ .edit_id = "",
		.n_parts_sent = row->n_parts_sent };
	got = *row->edits_id ? describe_edit(store, row, arena, out, err) : 0;
	/* An answer is told all the same. */
	if (got == 1 && !row->in_reply_to_seq)
		return end_unshown(store, row, claim->now_ms, err) < 0 ? -1 : 1;
	if (got < 0 ||
	    (!is_leased(row, claim) && take(store, row, claim, err) < 0))
		return -1;
	describe(row, out);
	return 0;
}

/* What a process died with may be what it died of: it is sent alone, so that
 * the next death has one cause. */
static void
leave_suspect_alone(
    const struct trial_scene *scene, struct outbox_row **rows, size_t *n)
{
	size_t i = 0;

	while (i < *n && (*rows)[i].n_deaths == 0)
		i++;
	switch (trial_of_rows(scene, i < *n)) {
	case TRIAL_ROWS_ALL:
		break;
	case TRIAL_ROWS_ONE:
		*rows += i;
		*n = 1;
		break;
	case TRIAL_ROWS_NONE:
		*n = 0;
		break;
	}
}

static int
find_due(struct store *store, const struct claim *claim, struct arena *arena,
    struct outbox_row **rows_out, size_t *n_out, struct err *err)
{
	struct trial_scene scene;

	if (store_outbox_due(store, claim->instance, claim->now_ms,
		claim->max + 1, arena, rows_out, n_out, err) < 0 ||
	    trial_look(store, claim->instance, claim->now_ms, &scene, err) < 0)
		return -1;
	leave_suspect_alone(&scene, rows_out, n_out);
	return 0;
}

/* What a claim whose answer was lost has leased already, or what is due. */
static int
find_rows(struct store *store, const struct claim *claim, struct arena *arena,
    struct outbox_row **rows_out, size_t *n_out, struct err *err)
{
	if (store_outbox_leased(store, claim->instance, claim->id,
		claim->now_ms, arena, rows_out, n_out, err) < 0)
		return -1;
	return *n_out ? 0 : find_due(store, claim, arena, rows_out, n_out, err);
}

int
lease_claim(struct store *store, const struct claim *claim, struct arena *arena,
    struct delivery_batch *out, struct err *err)
{
	struct outbox_row *rows;
	size_t n, bytes = 0;

	if (find_rows(store, claim, arena, &rows, &n, err) < 0)
		return -1;
	out->deliveries = arena_alloc(arena, (n + 1) * sizeof(struct delivery));
	out->n_deliveries = 0;
	/* How much more there was when it was leased nobody knows. */
	out->has_more = n > 0 && is_leased(&rows[0], claim);
	for (size_t i = 0; i < n; i++) {
		int got;

		bytes += strlen(rows[i].text);
		if (i == (size_t)claim->max || (i > 0 && bytes > BATCH_BYTES)) {
			out->has_more = true;
			return 0;
		}
		got = lease_row(store, &rows[i], claim, arena,
		    &out->deliveries[out->n_deliveries], err);
		if (got < 0)
			return -1;
		/* Behind it in its chat something may be due. */
		out->has_more = out->has_more || got == 1;
		out->n_deliveries += got == 0;
	}
	return 0;
}

int
lease_give_up(struct store *store, struct outbox_row *row, const char *reason,
    int64_t now_ms, struct err *err)
{
	log_warn("delivery-failed",
	    "delivery=%s instance=%s attempts=%" PRId64 " why=%s", row->id,
	    row->instance, row->attempt, log_quote(reason));
	row->state = "failed";
	row->lease = "";
	row->lease_until_ms = 0;
	row->error = reason;
	return store_outbox_update(store, row, now_ms, err);
}

static int
note_begun(struct store *store, struct outbox_row *row,
    const struct delivery_result *in, int64_t now_ms, struct err *err)
{
	if (store_outbox_part(
		store, row->id, in->part, "begun", "", now_ms, err) < 0)
		return -1;
	row->is_part_uncertain = true;
	row->lease_until_ms = now_ms + LEASE_MS;
	return store_outbox_update(store, row, now_ms, err);
}

static int
note_sent(struct store *store, struct outbox_row *row,
    const struct delivery_result *in, int64_t now_ms, struct err *err)
{
	if (store_outbox_part(store, row->id, in->part, "sent", in->platform_id,
		now_ms, err) < 0)
		return -1;
	if (row->n_parts_sent <= in->part)
		row->n_parts_sent = in->part + 1;
	row->is_part_uncertain = false;
	row->lease_until_ms = now_ms + LEASE_MS;
	if (in->is_last) {
		row->state = "sent";
		row->lease = "";
		row->lease_until_ms = 0;
		row->error = "";
	}
	return store_outbox_update(store, row, now_ms, err);
}

/* Without a word of the platform: doubling from a second to 15 minutes. */
static int64_t
back_off_ms(const struct outbox_row *row, int64_t said_ms)
{
	int64_t ms = RETRY_LEAST_MS;

	for (int64_t i = 1; i < row->attempt && ms < RETRY_MOST_MS; i++)
		ms *= 2;
	if (ms > RETRY_MOST_MS)
		ms = RETRY_MOST_MS;
	return said_ms > 0 ? said_ms : ms;
}

static int
note_retry(struct store *store, struct outbox_row *row,
    const struct delivery_result *in, int64_t now_ms, struct err *err)
{
	int64_t due_ms = now_ms + back_off_ms(row, in->retry_after_ms);

	if (due_ms - row->first_tried_ms > GIVE_UP_MS)
		return lease_give_up(store, row, in->reason, now_ms, err);
	row->state = "queued";
	row->due_ms = due_ms;
	row->lease = "";
	row->lease_until_ms = 0;
	/* Only a platform that names a time has surely not taken the part. */
	if (in->retry_after_ms > 0)
		row->is_part_uncertain = false;
	row->error = in->reason;
	return store_outbox_update(store, row, now_ms, err);
}

static int
note_refused(struct store *store, struct outbox_row *row,
    const struct delivery_result *in, int64_t now_ms, struct err *err)
{
	row->is_part_uncertain = false;
	return lease_give_up(store, row, in->reason, now_ms, err);
}

static const struct outcome {
	const char *name;
	int (*note)(struct store *store, struct outbox_row *row,
	    const struct delivery_result *in, int64_t now_ms, struct err *err);
} outcomes[] = {
	{ "begun", note_begun },
	{ "sent", note_sent },
	{ "retry", note_retry },
	{ "refused", note_refused },
};

int
lease_result(struct store *store, const char *instance,
    const struct delivery_result *in, int64_t now_ms, struct arena *arena,
    struct delivery_noted *out, struct err *err)
{
	struct outbox_row row;
	int got = store_outbox_get(store, in->delivery_id, arena, &row, err);

	if (got < 0)
		return -1;
	/* Another instance's row is as good as none. */
	if (got == 1 || strcmp(row.instance, instance) != 0)
		return err_set(err, ERR_NOT_FOUND, "no delivery %s of %s",
		    in->delivery_id, instance);
	*out = (struct delivery_noted){ .state = "stale" };
	if (!*row.lease || strcmp(row.lease, in->lease) != 0)
		return 0;
	for (size_t i = 0; i < N_OF(outcomes); i++)
		if (strcmp(outcomes[i].name, in->outcome) == 0 &&
		    outcomes[i].note(store, &row, in, now_ms, err) < 0)
			return -1;
	out->state = row.state;
	out->lease_until_ms = row.lease_until_ms;
	return 0;
}
