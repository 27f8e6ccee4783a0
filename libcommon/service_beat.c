/* How this daemon stands, told to the scheduler: a beat every five seconds. */

#include "libcommon/service.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/bus.h"
#include "libcommon/clock.h"
#include "libcommon/log.h"
#include "libcommon/service_parts.h"
#include "proto/beat.h"

enum {
	MAX_COUNTERS = 32,
	N_BUS_COUNTERS = 7,
	/* At first the door is looked at often, so that a start is quick; a
	 * scheduler that stays away is not worth waking up for. */
	LOOK_MS = 20,
	LOOK_CALMLY_MS = 500,
	LOOK_OFTEN_FOR_MS = 3000,
};

/* The first ones follow closely: what is published may be lost. */
static const int64_t pauses_ms[] = { 50, 200, 1000, 5000 };

static const char *const state_names[BEAT_STATE_COUNT] = {
	[BEAT_STARTING] = "starting",
	[BEAT_HEALTHY] = "healthy",
	[BEAT_DEGRADED] = "degraded",
	[BEAT_NEEDS_PERSON] = "degraded",
	[BEAT_DISABLED] = "disabled",
};

struct counter {
	const char *name;
	const int64_t *value;
};

static struct {
	enum beat_state state;
	bool is_told; /* by the service itself */
	bool is_stopped;
	char text[256];
	int64_t started_ms;
	int64_t started_unix;
	int64_t proof_ms; /* monotonic; 0: never */
	size_t n_sent;	  /* since the door was open */
	struct counter own[MAX_COUNTERS];
	size_t n_own;
	struct bus_counters bus;
	struct beat_counter shown[MAX_COUNTERS + N_BUS_COUNTERS];
	struct timer *timer;
} beats;

static const struct counter bus_rows[N_BUS_COUNTERS] = {
	{ "bus_requests", &beats.bus.requests },
	{ "bus_calls", &beats.bus.calls },
	{ "bus_retries", &beats.bus.retries },
	{ "bus_expired", &beats.bus.expired },
	{ "bus_refused", &beats.bus.refused },
	{ "bus_busy", &beats.bus.busy },
	{ "bus_published", &beats.bus.published },
};

static size_t
show_counters(const struct counter *rows, size_t n_rows, size_t at)
{
	for (size_t i = 0; i < n_rows; i++)
		beats.shown[at + i] =
		    (struct beat_counter){ rows[i].name, *rows[i].value };
	return at + n_rows;
}

void
service_beat(struct beat *beat_out)
{
	size_t n;

	if (service_run.bus != NULL)
		bus_counters(service_run.bus, &beats.bus);
	n = show_counters(beats.own, beats.n_own, 0);
	n = show_counters(bus_rows, N_BUS_COUNTERS, n);
	*beat_out = (struct beat){
		.state =
		    beats.is_stopped ? "stopped" : state_names[beats.state],
		.text = beats.text,
		.version = AGENT_RUNTIME_VERSION,
		.pid = getpid(),
		.started_unix = beats.started_unix,
		.worst_lag_ms = loop_worst_lag_ms(service_run.loop),
		.proof_age_ms =
		    beats.proof_ms == 0 ? -1 : clock_mono_ms() - beats.proof_ms,
		.counters = beats.shown,
		.n_counters = n,
		.needs_person =
		    !beats.is_stopped && beats.state == BEAT_NEEDS_PERSON,
	};
}

/* The scheduler has no door to itself: it asks service_beat. */
static bool
is_heard(void)
{
	return service_run.service->id != SVC_SCHEDULER &&
	       bus_is_connected(service_run.bus, SVC_SCHEDULER);
}

static void
send_beat(void)
{
	struct beat beat;
	struct buf body;

	service_beat(&beat);
	buf_init(&body);
	beat_encode(&beat, &body);
	bus_publish(service_run.bus, SVC_SCHEDULER, NULL, "beat", NULL, &body);
	buf_release(&body);
}

static int64_t
next_look_ms(void)
{
	int64_t up_ms = clock_mono_ms() - beats.started_ms;

	return up_ms < LOOK_OFTEN_FOR_MS ? LOOK_MS : LOOK_CALMLY_MS;
}

static void
on_timer(void *arg)
{
	size_t last = N_OF(pauses_ms) - 1;

	(void)arg;
	if (!is_heard()) {
		beats.n_sent = 0;
		timer_start(beats.timer, next_look_ms(), 0);
		return;
	}
	send_beat();
	timer_start(beats.timer,
	    pauses_ms[beats.n_sent < last ? beats.n_sent : last], 0);
	beats.n_sent++;
}

void
service_beats_start(void)
{
	if (!beats.is_told)
		service_set_state(BEAT_HEALTHY, "");
	beats.started_ms = clock_mono_ms();
	beats.started_unix = clock_unix_ms() / 1000;
	if (service_run.service->id == SVC_SCHEDULER)
		return;
	beats.timer = timer_new(service_run.loop, on_timer, NULL);
	timer_start(beats.timer, 0, 0);
}

void
service_beats_stop(void)
{
	beats.is_stopped = true;
	if (beats.timer == NULL)
		return;
	timer_free(&beats.timer);
	if (is_heard())
		send_beat();
}

void
service_set_state(enum beat_state state, const char *text)
{
	bool is_change = !beats.is_told || state != beats.state ||
			 strcmp(text, beats.text) != 0;

	assert(state < BEAT_STATE_COUNT);
	beats.is_told = true;
	if (!is_change)
		return;
	beats.state = state;
	snprintf(beats.text, sizeof(beats.text), "%s", text);
	log_info("state", "now=%s why=%s", state_names[state],
	    log_quote(beats.text));
	if (beats.timer != NULL)
		timer_start(beats.timer, 0, 0);
}

void
service_proof(void)
{
	beats.proof_ms = clock_mono_ms();
}

void
service_counter(const char *name, const int64_t *value)
{
	assert(beats.n_own < MAX_COUNTERS);
	beats.own[beats.n_own++] = (struct counter){ name, value };
}
