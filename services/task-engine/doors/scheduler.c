/* The scheduler's door: it keeps the time, we know what is due. */

#include <inttypes.h>

#include "libcommon/err.h"
#include "libcommon/log.h"
#include "proto/engine.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/config.h"
#include "services/task-engine/store/replies.h"
#include "services/task-engine/store/traces.h"
#include "services/task-engine/turn/routed.h"

enum {
	/* Of rows at a time: some 5 ms. The next upkeep goes on. */
	SLICE = 1000,
	/* Of actions, each with its audit row and a message. */
	ACTIONS_SLICE = 50,
	/* Of people whose gathered rows are told: each a notice or more. */
	TOLD_MAX = 20,
	/* Of traces of either kind, whatever their age: some 2 GiB. */
	TRACES_KEPT = 200 * 1000,
};

static const int64_t day_ms = INT64_C(24) * 60 * 60 * 1000;

static int
tidy(struct svc *svc, int64_t now_ms, int64_t *n_out, struct err *err)
{
	int64_t n_traces;

	if (store_tidy(svc->store, now_ms, SLICE, n_out, err) < 0 ||
	    store_traces_tidy(svc->store,
		now_ms - svc->cfg->trace_days * day_ms, TRACES_KEPT, SLICE,
		&n_traces, err) < 0)
		return -1;
	*n_out += n_traces;
	return 0;
}

int
on_upkeep(struct svc *svc, const struct request *request, struct reply *reply,
    struct err *err)
{
	struct upkeep_done out;
	int64_t n_actions, n_told;

	if (routed_tell_due(svc->store, request->now_ms, TOLD_MAX,
		request->arena, &n_told, err) < 0 ||
	    tidy(svc, request->now_ms, &out.n_expired, err) < 0 ||
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
