/* The scheduler's door: it keeps the time, we know what is due. */

#include <inttypes.h>

#include "libcommon/err.h"
#include "libcommon/log.h"
#include "proto/engine.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/store/replies.h"
#include "services/task-engine/turn/routed.h"

enum {
	/* Of rows at a time: some 5 ms. The next upkeep goes on. */
	SLICE = 1000,
	/* Of actions, each with its audit row and a message. */
	ACTIONS_SLICE = 50,
	/* Of people whose gathered rows are told: each a notice or more. */
	TOLD_MAX = 20,
};

int
on_upkeep(struct svc *svc, const struct request *request, struct reply *reply,
    struct err *err)
{
	struct upkeep_done out;
	int64_t n_actions, n_told;

	if (routed_tell_due(svc->store, request->now_ms, TOLD_MAX,
		request->arena, &n_told, err) < 0 ||
	    store_tidy(
		svc->store, request->now_ms, SLICE, &out.n_expired, err) < 0 ||
	    approvals_expire(&svc->approvals, ACTIONS_SLICE, request->now_ms,
		request->arena, &n_actions, err) < 0 ||
	    health_tell(svc, request, err) < 0)
		return -1;
	out.n_expired += n_actions;
	if (out.n_expired)
		log_debug("tidied", "rows=%" PRId64, out.n_expired);
	upkeep_done_encode(&out, reply->body);
	return 0;
}
