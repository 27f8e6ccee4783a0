/* Readiness: one question to the engine at a time, for all who ask. Anybody
 * may ask, and each question costs the engine a commit. */

#include <utlist.h>

#include "libcommon/bus.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/envelope.h"
#include "proto/empty.h"
#include "services/api/answers.h"
#include "services/api/http_server.h"
#include "services/api/visit.h"

enum { READY_WAIT_MS = 1000 };

static void
answer_one(struct visit *visit, const char *trouble)
{
	const struct standing out = {
		.status = trouble == NULL ? "ready" : "not-ready",
		.error = trouble,
	};

	visit->exchange->retry_after_s = trouble != NULL;
	visit_show(visit, trouble == NULL ? HTTP_OK : HTTP_UNAVAILABLE,
	    &standing_shape, &out);
}

static void
on_answer(void *arg, const struct envelope *answer, const struct err *err)
{
	struct svc *svc = arg;
	struct visit *visit, *next;
	const char *trouble = NULL;

	if (answer != NULL && !answer->ok)
		trouble = answer->error.text;
	else if (answer == NULL)
		trouble =
		    err->code == ERR_TIMEOUT || err->code == ERR_UNAVAILABLE
			? "the task-engine does not answer yet"
			: err->text;
	svc->is_ready_asked = false;
	DL_FOREACH_SAFE(svc->ready_waiters, visit, next)
	{
		visit_ready_leave(visit);
		answer_one(visit, trouble);
	}
}

void
visit_ready_leave(struct visit *visit)
{
	if (!visit->waits_for_ready)
		return;
	visit->waits_for_ready = false;
	DL_DELETE(visit->svc->ready_waiters, visit);
}

int
on_readyz(struct visit *visit, struct err *err)
{
	struct svc *svc = visit->svc;
	AUTO(buf_release)
	struct buf body;
	struct bus_call call = {
		.to = SVC_TASK_ENGINE,
		.type = "engine.ready",
		.deadline_ms = clock_unix_ms() + READY_WAIT_MS,
		.body = &body,
	};

	buf_init(&body);
	if (http_server_n_waiting(svc->server) >= HTTP_MAX_WAITING)
		return err_set(err, ERR_UNAVAILABLE,
		    "too many requests are waiting; try again");
	empty_encode(&(struct empty){ 0 }, &body);
	if (!svc->is_ready_asked &&
	    bus_call(svc->bus, &call, on_answer, svc, err) < 0) {
		answer_one(visit, err->text);
		return 0;
	}
	svc->is_ready_asked = true;
	visit->waits_for_ready = true;
	DL_APPEND(svc->ready_waiters, visit);
	return 0;
}
