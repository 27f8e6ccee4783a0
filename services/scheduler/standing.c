/* What has changed for long enough to be told; pure. */

#include "services/scheduler/standing.h"

#include <stdbool.h>
#include <string.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "proto/beat.h"
#include "proto/bounds.h"
#include "services/scheduler/roster.h"

/* As what a component stands: its state, or why a person is needed. */
struct row {
	char *name;
	char *now;   /* "": it is not clear yet */
	char *asked; /* of the last look; NULL: it was not in it */
	char *told;
	struct roster_time since; /* of now */
	struct row *next;
};

struct standing {
	struct row *rows;
};

/*
 * How long it has to stand so before anybody hears of it: what comes and goes
 * is nobody's worry. States that are not here tell nothing yet.
 */
static const struct settling {
	const char *state;
	int64_t seconds;
} settling[] = {
	{ "healthy", 10 },
	{ "disabled", 10 },
	{ "failing", 30 },
	{ "degraded", 120 },
	{ "stale", 120 },
	{ "missing", 120 },
};

static const struct settling *
settling_of(const struct component *c)
{
	/* That does not go by itself. */
	static const struct settling at_once = { "degraded", 0 };

	if (c->needs_person)
		return &at_once;
	for (size_t i = 0; i < N_OF(settling); i++)
		if (strcmp(settling[i].state, c->state) == 0)
			return &settling[i];
	return NULL;
}

struct standing *
standing_new(void)
{
	return xcalloc(1, sizeof(struct standing));
}

void
standing_free(struct standing **slot)
{
	struct standing *standing = STEAL(*slot);
	struct row *row, *next;

	if (!standing)
		return;
	LL_FOREACH_SAFE(standing->rows, row, next)
	{
		xfree(&row->name);
		xfree(&row->now);
		xfree(&row->asked);
		xfree(&row->told);
		xfree(&row);
	}
	xfree(&standing);
}

static struct row *
row_of(struct standing *standing, const char *name)
{
	struct row *row;

	LL_FOREACH (standing->rows, row)
		if (strcmp(row->name, name) == 0)
			return row;
	row = xcalloc(1, sizeof(*row));
	row->name = xstrdup(name);
	row->now = xstrdup("");
	row->told = xstrdup("");
	LL_PREPEND(standing->rows, row);
	return row;
}

/* Why it stands so matters where somebody has to do something about it. */
static void
note(struct row *row, const struct component *c, struct arena *arena,
    const struct roster_time *time)
{
	const char *now = "";

	if (c->needs_person)
		now = arena_printf(arena, "! %s", c->message);
	else if (settling_of(c))
		now = c->state;
	if (strcmp(now, row->now) == 0)
		return;
	xfree(&row->now);
	row->now = xstrdup(now);
	row->since = *time;
}

static bool
is_news(const struct row *row, const struct component *c,
    const struct roster_time *time)
{
	return *row->now && strcmp(row->now, row->told) != 0 &&
	       time->mono_ms - row->since.mono_ms >=
		   settling_of(c)->seconds * 1000;
}

void
standing_look(struct standing *standing, const struct health *health,
    const struct roster_time *now, struct health_changed *out,
    struct arena *arena)
{
	*out = (struct health_changed){
		.changes = arena_alloc(
		    arena, BOUND_HEALTH_CHANGES * sizeof(*out->changes)),
	};
	for (size_t i = 0; i < health->n_components; i++) {
		const struct component *c = &health->components[i];
		struct row *row = row_of(standing, c->name);

		note(row, c, arena, now);
		xfree(&row->asked);
		if (out->n_changes == BOUND_HEALTH_CHANGES ||
		    !is_news(row, c, now))
			continue;
		row->asked = xstrdup(row->now);
		out->changes[out->n_changes++] = (struct health_change){
			.name = c->name,
			.state = c->state,
			.message = c->message ? c->message : "",
			.since_unix = row->since.unix_s,
			.needs_person = c->needs_person,
		};
	}
}

void
standing_told(struct standing *standing)
{
	struct row *row;

	LL_FOREACH (standing->rows, row) {
		if (!row->asked)
			continue;
		xfree(&row->told);
		row->told = STEAL(row->asked);
	}
}
