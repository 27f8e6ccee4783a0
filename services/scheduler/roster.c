/* Who is expected and how each stands; pure. */

#include "services/scheduler/roster.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/bus.h"
#include "proto/beat.h"

enum { MEMBER_ARENA_BYTES = 64 * 1024, NEVER = -1 };

struct member {
	enum service_id service;
	char *instance;
	char *name;
	struct arena *arena; /* of the beat */
	struct beat beat;
	struct roster_time at; /* of the beat */
	bool has_beaten;
	int64_t changed_unix; /* when its own state last was another one */
	char *mark;	      /* NULL: none */
	char *told;	      /* the state that was told last */
	struct member *next;
};

struct roster {
	struct member *members; /* by name */
	size_t n_members;
	int64_t since_ms;
	int64_t stale_ms;
};

/* What is made of a member. */
struct verdict {
	const char *state;
	const char *message;
	int64_t proof_age_ms;
	bool needs_person;
};

struct roster *
roster_new(const struct roster_time *now, int64_t stale_ms)
{
	struct roster *roster = xcalloc(1, sizeof(*roster));

	roster->since_ms = now->mono_ms;
	roster->stale_ms = stale_ms;
	return roster;
}

void
roster_free(struct roster **roster)
{
	struct member *m, *next;

	if (!*roster)
		return;
	LL_FOREACH_SAFE((*roster)->members, m, next)
	{
		arena_free(&m->arena);
		xfree(&m->instance);
		xfree(&m->name);
		xfree(&m->mark);
		xfree(&m->told);
		xfree(&m);
	}
	xfree(roster);
}

static struct member *
find(const struct roster *roster, const struct bus_peer *who)
{
	struct member *m;

	LL_FOREACH (roster->members, m)
		if (m->service == who->service &&
		    strcmp(m->instance, who->instance) == 0)
			break;
	return m;
}

static int
by_name(const struct member *a, const struct member *b)
{
	return strcmp(a->name, b->name);
}

/* "api" for the instance main, "gateway-telegram.two" for others. */
static char *
name_of(const struct bus_peer *who, struct arena *arena)
{
	const char *service = service_name(who->service);

	if (strcmp(who->instance, "main") == 0)
		return xstrdup(service);
	return xstrdup(arena_printf(arena, "%s.%s", service, who->instance));
}

void
roster_expect(struct roster *roster, const struct bus_peer *who)
{
	struct member *m;

	if (find(roster, who))
		return;
	m = xcalloc(1, sizeof(*m));
	m->arena = arena_new(MEMBER_ARENA_BYTES);
	m->service = who->service;
	m->instance = xstrdup(who->instance);
	m->name = name_of(who, m->arena);
	LL_INSERT_INORDER(roster->members, m, by_name);
	roster->n_members++;
}

static void
copy_beat(struct beat *to, const struct beat *from, struct arena *arena)
{
	struct beat_counter *counters =
	    arena_alloc(arena, from->n_counters * sizeof(*counters) + 1);

	*to = *from;
	to->state = arena_strdup(arena, from->state);
	to->text = arena_strdup(arena, from->text);
	to->version = arena_strdup(arena, from->version);
	to->counters = counters;
	for (size_t i = 0; i < from->n_counters; i++) {
		counters[i].name = arena_strdup(arena, from->counters[i].name);
		counters[i].value = from->counters[i].value;
	}
}

void
roster_beat(struct roster *roster, const struct bus_peer *who,
    const struct beat *beat, const struct roster_time *now)
{
	struct member *m;

	roster_expect(roster, who);
	m = find(roster, who);
	if (!m->has_beaten || strcmp(m->beat.state, beat->state) != 0)
		m->changed_unix = now->unix_s;
	arena_reset(m->arena);
	copy_beat(&m->beat, beat, m->arena);
	m->at = *now;
	m->has_beaten = true;
}

void
roster_mark(struct roster *roster, const struct bus_peer *who, const char *why)
{
	struct member *m = find(roster, who);

	if (!m)
		return;
	xfree(&m->mark);
	m->mark = xstrdup(why);
}

void
roster_unmark_all(struct roster *roster)
{
	struct member *m;

	LL_FOREACH (roster->members, m)
		xfree(&m->mark);
}

/* Not yet heard of: that is usual at first. */
static struct verdict
judge_unheard(const struct roster *roster, const struct roster_time *now)
{
	bool is_new = now->mono_ms - roster->since_ms < ROSTER_SILENT_MS;

	return (struct verdict){
		.state = is_new ? "starting" : "missing",
		.message = is_new ? "not heard of yet" : "never heard of",
		.proof_age_ms = NEVER,
	};
}

static struct verdict
judge_heard(const struct roster *roster, const struct member *m,
    const struct roster_time *now, struct arena *arena)
{
	int64_t age_ms = now->mono_ms - m->at.mono_ms;
	int64_t proof_ms = m->beat.proof_age_ms;
	struct verdict v = {
		.state = m->beat.state,
		.message = m->beat.text,
		.proof_age_ms = proof_ms < 0 ? NEVER : proof_ms + age_ms,
		.needs_person = m->beat.needs_person,
	};

	if (age_ms > ROSTER_SILENT_MS) {
		bool is_stopped = strcmp(m->beat.state, "stopped") == 0;

		v.needs_person = false;
		v.state = is_stopped ? "missing" : "stale";
		v.message = arena_printf(arena, "%s %" PRId64 " s ago",
		    is_stopped ? "stopped" : "last heard of", age_ms / 1000);
	} else if (strcmp(m->beat.state, "healthy") == 0 &&
		   v.proof_age_ms > roster->stale_ms) {
		v.state = "stale";
		v.message = arena_printf(arena,
		    "alive, but nothing has worked for %" PRId64 " s",
		    v.proof_age_ms / 1000);
	}
	return v;
}

static struct verdict
judge(const struct roster *roster, const struct member *m,
    const struct roster_time *now, struct arena *arena)
{
	struct verdict v = m->has_beaten ? judge_heard(roster, m, now, arena)
					 : judge_unheard(roster, now);

	if (m->mark) {
		v.needs_person = false;
		v.state = "failing";
		v.message = arena_strdup(arena, m->mark);
	}
	return v;
}

static void
show(const struct roster *roster, const struct member *m,
    const struct roster_time *now, struct component *out, struct arena *arena)
{
	struct verdict v = judge(roster, m, now, arena);

	*out = (struct component){
		.name = m->name,
		.state = v.state,
		.message = v.message,
		.proof_age_ms = v.proof_age_ms,
		.stale = strcmp(v.state, "stale") == 0,
		.needs_person = v.needs_person,
		.base_state = "starting",
	};
	if (!m->has_beaten)
		return;
	out->base_state = m->beat.state;
	out->version = m->beat.version;
	out->pid = m->beat.pid;
	out->worst_lag_ms = m->beat.worst_lag_ms;
	out->last_beat_at_unix = m->at.unix_s;
	out->updated_at_unix = m->changed_unix;
	out->counters = m->beat.counters;
	out->n_counters = m->beat.n_counters;
}

/* The worst that any component says; the first row that holds. */
static const char *
overall(const struct health *health)
{
	static const struct {
		const char *state, *overall;
	} rows[] = {
		{ "degraded", "degraded" },
		{ "stale", "degraded" },
		{ "missing", "degraded" },
		{ "failing", "degraded" },
		{ "starting", "starting" },
		{ "healthy", "healthy" },
	};

	for (size_t i = 0; i < N_OF(rows); i++)
		for (size_t j = 0; j < health->n_components; j++)
			if (strcmp(health->components[j].state,
				rows[i].state) == 0)
				return rows[i].overall;
	return health->n_components > 0 ? "idle" : "unknown";
}

void
roster_view(const struct roster *roster, const struct roster_time *now,
    struct health *out, struct arena *arena)
{
	struct component *components =
	    arena_alloc(arena, roster->n_members * sizeof(*components) + 1);
	const struct member *m;

	*out = (struct health){
		.generated_at_unix = now->unix_s,
		.components = components,
	};
	LL_FOREACH (roster->members, m)
		show(roster, m, now, &components[out->n_components++], arena);
	out->overall = overall(out);
}

void
roster_tell_changes(
    struct roster *roster, const struct health *health, roster_change_fn fn)
{
	struct member *m;
	size_t i = 0;

	LL_FOREACH (roster->members, m) {
		const struct component *c = &health->components[i++];

		if (m->told && strcmp(m->told, c->state) == 0)
			continue;
		fn(c->name, m->told, c->state, c->message);
		xfree(&m->told);
		m->told = xstrdup(c->state);
	}
}
