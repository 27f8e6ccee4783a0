/* What a turn leaves in the memory of its conversation, once it has ended. */

#include <inttypes.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "services/task-engine/knowledge/memory.h"
#include "services/task-engine/knowledge/refine.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/turn/turn.h"

/* May be lost with the power: the next turn's end makes it again. */
static int
refresh(const struct memory *memory, struct err *err)
{
	if (store_begin_relaxed(memory->store, err) < 0)
		return -1;
	if (memory_refresh(memory, err) < 0) {
		store_rollback(memory->store);
		return -1;
	}
	return store_commit(memory->store, err);
}

void
turn_remember(const struct turn *turn)
{
	const struct turns_options *o = &turn->turns->options;
	const struct memory memory = { .store = o->store,
		.cfg = o->cfg,
		.context = &turn->work.context,
		.now_ms = clock_unix_ms(),
		.arena = turn->arena };
	struct err err;

	if (turn->work.kind != TURN_ANSWER)
		return;
	if (refresh(&memory, &err) < 0)
		log_warn("summary-not-made", "turn=%" PRId64 " why=%s",
		    turn->work.turn_id, log_quote(err.text));
	else if (o->refiner)
		refiner_wake(o->refiner);
}
