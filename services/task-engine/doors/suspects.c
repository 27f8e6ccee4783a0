/* What a gateway that was killed may look at, and what it must leave alone. */

#include <inttypes.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "proto/update.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/delivery/connectors.h"
#include "services/task-engine/delivery/notices.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/store/suspects.h"

static int
tell(struct svc *svc, const struct request *request, const char *instance,
    const char *update_id, struct err *err)
{
	const struct audit_entry entry = {
		.actor = instance,
		.operation = request->type,
		.subject = update_id,
		.detail = "set aside",
		.reason = "its gateway died three times while it looked at it",
	};
	const char *text = arena_printf(request->arena,
	    "`%s` stopped unexpectedly three times at the same message or "
	    "event, so that one is set aside (update `%s`). Whoever wrote it "
	    "gets no answer; please tell them to say it in other words. The "
	    "log of the gateway says more.",
	    instance, update_id);
	size_t n_told;

	if (audit_add(svc->store, &entry, request->now_ms, err) < 0 ||
	    notice_post_all(svc->store, text, request->now_ms, request->arena,
		&n_told, err) < 0)
		return -1;
	log_error("update-set-aside", "instance=%s update=%s told=%zu",
	    instance, log_quote(update_id), n_told);
	return 0;
}

int
on_update_suspect(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	const char *instance =
	    connector_instance(request->peer, request->arena);
	struct update_suspect in;
	struct update_verdict out;
	bool is_new, is_poison;
	int64_t n;

	if (update_suspect_decode(&in, request->body, request->arena, err) < 0)
		return -1;
	if (store_suspect_name(svc->store, instance, in.update_id,
		request->now_ms, &n, &is_new, err) < 0)
		return -1;
	is_poison = n >= SUSPECT_PROCESSES_MAX;
	if (is_poison && is_new && n == SUSPECT_PROCESSES_MAX &&
	    tell(svc, request, instance, in.update_id, err) < 0)
		return -1;
	out.verdict = is_poison ? "skip" : "go";
	update_verdict_encode(&out, reply->body);
	return 0;
}
