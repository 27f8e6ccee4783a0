/* What a gateway that was killed may look at, and what it must leave alone. */

#include <inttypes.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "proto/update.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/delivery/connectors.h"
#include "services/task-engine/delivery/notices.h"
#include "services/task-engine/delivery/trial.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/store/store.h"

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

static int
judge(struct svc *svc, const struct request *request, const char *instance,
    const char *update_id, const char **verdict_out, struct err *err)
{
	static const char *const names[] = {
		[TRIAL_UPDATE_GO] = "go",
		[TRIAL_UPDATE_WAIT] = "wait",
		[TRIAL_UPDATE_SKIP] = "skip",
	};
	enum trial_update verdict;
	bool is_news;

	if (trial_name(svc->store, instance, update_id, request->now_ms,
		&verdict, &is_news, err) < 0)
		return -1;
	*verdict_out = names[verdict];
	return is_news ? tell(svc, request, instance, update_id, err) : 0;
}

/* What waited for it may be due. */
static int
end(struct svc *svc, const char *instance, const char *update_id,
    struct err *err)
{
	store_note_change(svc->store, STORE_CHANGED_OUTBOX | STORE_CHANGED_DUE);
	return store_suspect_over(svc->store, instance, update_id, err);
}

int
on_update_suspect(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	const char *instance =
	    connector_instance(request->peer, request->arena);
	struct update_suspect in;
	struct update_verdict out = { .verdict = "go" };
	int got;

	if (update_suspect_decode(&in, request->body, request->arena, err) < 0)
		return -1;
	got = in.is_over ? end(svc, instance, in.update_id, err)
			 : judge(svc, request, instance, in.update_id,
			       &out.verdict, err);
	if (got < 0)
		return -1;
	update_verdict_encode(&out, reply->body);
	return 0;
}
