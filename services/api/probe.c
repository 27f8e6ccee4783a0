/* Whether the api could answer anybody, asked while nobody asks: without it an
 * idle api would look like one for which nothing works. */

#include "services/api/probe.h"

#include "libcommon/bus.h"
#include "libcommon/clock.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/loop.h"
#include "proto/empty.h"
#include "services/api/api.h"

enum {
	/* Within the least time after which a proof is too old, a minute. */
	PROBE_MS = 50 * 1000,
	DEADLINE_MS = 5000,
};

static void
on_answer(void *arg, const struct envelope *answer, const struct err *err)
{
	(void)arg;
	(void)err;
	if (answer != NULL && answer->ok)
		service_proof();
}

static void
ask(void *arg)
{
	struct svc *svc = arg;
	AUTO(buf_release)
	struct buf body;
	struct bus_call call = {
		.to = SVC_TASK_ENGINE,
		.type = "engine.ready",
		.deadline_ms = clock_unix_ms() + DEADLINE_MS,
		.body = &body,
	};
	struct err err;

	buf_init(&body);
	empty_encode(&(struct empty){ 0 }, &body);
	/* No answer is no proof; why there is none is the engine's to say. */
	if (bus_call(svc->bus, &call, on_answer, NULL, &err) < 0)
		return;
}

void
probe_start(struct svc *svc)
{
	svc->probe = timer_new(svc->loop, ask, svc);
	timer_start(svc->probe, PROBE_MS, PROBE_MS);
}

void
probe_stop(struct svc *svc)
{
	timer_free(&svc->probe);
}
