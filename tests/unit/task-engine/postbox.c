/* Puts messages into the outbox, and is the gateway that sends them. */

#include "tests/unit/task-engine/postbox.h"

#include "libcommon/arena.h"
#include "libcommon/id.h"
#include "proto/delivery.h"
#include "services/task-engine/delivery/lease.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/store/outbox.h"
#include "services/task-engine/store/store.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

const char postbox_instance[] = "telegram.main";

const char *
postbox_put(struct world *w, const struct context_row *x, const char *text,
    bool is_urgent)
{
	const struct post_note note = {
		.context = x, .text = text, .is_urgent = is_urgent
	};
	char id[ID_UUID_SIZE];

	DONE(store_begin(w->store, &w->err));
	DONE(post_add(w->store, &note, w->now_ms, id, &w->err));
	DONE(store_commit(w->store, &w->err));
	return arena_strdup(w->arena, id);
}

struct delivery_batch
postbox_claim_as(struct world *w, const char *id, int64_t max)
{
	struct delivery_batch batch = { 0 };

	DONE(store_begin(w->store, &w->err));
	DONE(lease_claim(w->store,
	    &(struct claim){ postbox_instance, id, max, w->now_ms }, w->arena,
	    &batch, &w->err));
	DONE(store_commit(w->store, &w->err));
	return batch;
}

struct delivery_batch
postbox_claim(struct world *w, int64_t max)
{
	char id[ID_UUID_SIZE];

	id_uuid(id);
	return postbox_claim_as(w, arena_strdup(w->arena, id), max);
}

const char *
postbox_report(struct world *w, const struct delivery *d, const char *outcome,
    int64_t part, bool is_last, int64_t retry_after_ms)
{
	const struct delivery_result result = {
		.delivery_id = d->delivery_id,
		.lease = d->lease,
		.outcome = outcome,
		.part = part,
		.is_last = is_last,
		.platform_id = "p1",
		.retry_after_ms = retry_after_ms,
		.reason = "because",
	};
	struct delivery_noted noted;

	DONE(store_begin(w->store, &w->err));
	DONE(lease_result(w->store, postbox_instance, &result, w->now_ms,
	    w->arena, &noted, &w->err));
	DONE(store_commit(w->store, &w->err));
	return noted.state;
}

struct outbox_row
postbox_row(struct world *w, const char *id)
{
	struct outbox_row out;

	DONE(store_outbox_get(w->store, id, w->arena, &out, &w->err));
	return out;
}

struct context_row
postbox_chat(struct world *w, const char *id)
{
	return world_context(w, "telegram", id, "community", id);
}
