/* Makes and changes objectives; running them is the scheduler's part. */

#include "services/task-engine/objectives/objective.h"

#include <inttypes.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/objectives/cron.h"
#include "services/task-engine/objectives/zone.h"
#include "services/task-engine/store/objectives.h"
#include "services/task-engine/store/roles.h"

static int
note(struct store *store, const struct objective_row *row,
    const char *operation, const char *actor, const char *detail,
    int64_t now_ms, struct err *err)
{
	const struct audit_entry entry = {
		.actor = actor,
		.operation = operation,
		.workspace_id = row->workspace_id,
		.context_id = row->context_id,
		.subject = row->id,
		.detail = detail,
	};

	return audit_add(store, &entry, now_ms, err);
}

/* So many may be active of whom, and who can help. */
struct bound {
	int64_t most;
	const char *whose, *help;
};

static const struct bound of_person = {
	OBJECTIVES_OF_PERSON,
	"this person",
	"so that others have room: one has to be paused or deleted first; an "
	"admin of the workspace may have more",
};
static const struct bound of_guests = {
	OBJECTIVES_OF_GUESTS,
	"this workspace's guests",
	"so that its members have room: one has to end first, or an admin of "
	"the workspace asks me to delete one",
};
static const struct bound of_workspace = {
	OBJECTIVES_OF_WORKSPACE,
	"this workspace",
	"whoever asks: one has to be paused or deleted first, which an admin "
	"of the workspace can ask me to do",
};

static int
check_live(int64_t n, const struct bound *bound, struct err *err)
{
	if (n < bound->most)
		return 0;
	return err_set(err, ERR_BUSY,
	    "%" PRId64 " objectives of %s are active, and no more may be, %s",
	    n, bound->whose, bound->help);
}

/* Who may delete anybody's can make room for the others, too. */
static bool
may_use_all(const struct objective_row *row)
{
	return role_read(row->asked_as) >= ROLE_ADMIN;
}

static int
check_person(struct store *store, const struct objective_row *row,
    int64_t now_ms, struct err *err)
{
	int64_t n;

	if (may_use_all(row))
		return 0;
	if (store_objectives_live(store, row->asked_by, now_ms, &n, err) < 0)
		return -1;
	return check_live(n, &of_person, err);
}

/* That one more of them may become active. */
static int
check_bounds(struct store *store, const struct objective_row *row,
    int64_t now_ms, struct err *err)
{
	struct objectives_live live;

	if (check_person(store, row, now_ms, err) < 0 ||
	    store_objectives_live_in(
		store, row->workspace_id, now_ms, &live, err) < 0)
		return -1;
	if (role_read(row->asked_as) == ROLE_GUEST &&
	    check_live(live.of_guests, &of_guests, err) < 0)
		return -1;
	return check_live(live.in_workspace, &of_workspace, err);
}

static int
check_kept(int64_t n, int64_t most, const char *whose, struct err *err)
{
	if (n < most)
		return 0;
	return err_set(err, ERR_BUSY,
	    "%" PRId64 " objectives of this %s are kept, paused ones too, and "
	    "no more may be: one has to be deleted first, which I do when I "
	    "am asked to",
	    n, whose);
}

static int
check_room(const struct objectives_kept *kept, const struct objective_row *row,
    struct err *err)
{
	if (!may_use_all(row) &&
	    check_kept(
		kept->of_asker, OBJECTIVES_KEPT_OF_PERSON, "person", err) < 0)
		return -1;
	return check_kept(
	    kept->in_workspace, OBJECTIVES_KEPT_OF_WORKSPACE, "workspace", err);
}

static const char *
due_by(const struct objective_row *row, struct arena *arena)
{
	return *row->event_key ? row->event_key
			       : arena_printf(arena, "%s %s", row->cron_expr,
				     row->timezone);
}

/* Nobody asked for that, so the audit log alone tells whoever looks for it. */
static int
drop_ended(struct store *store, const struct objective_row *row, int64_t now_ms,
    struct arena *arena, struct err *err)
{
	struct objective_row *ended;
	size_t n;

	if (store_objectives_drop_ended(
		store, row->workspace_id, now_ms, arena, &ended, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (note(store, &ended[i], "objective.end", "engine",
			due_by(&ended[i], arena), now_ms, err) < 0)
			return -1;
	return 0;
}

/* For one row more; what has ended makes room. */
static int
make_room(struct store *store, const struct objective_row *row, int64_t now_ms,
    struct arena *arena, struct err *err)
{
	struct objectives_kept kept;

	if (store_objectives_kept(
		store, row->workspace_id, row->asked_by, &kept, err) < 0)
		return -1;
	if (check_room(&kept, row, err) == 0)
		return 0;
	if (drop_ended(store, row, now_ms, arena, err) < 0 ||
	    store_objectives_kept(
		store, row->workspace_id, row->asked_by, &kept, err) < 0)
		return -1;
	return check_room(&kept, row, err);
}

static int
find_due(struct objective_row *row, const struct cron *cron,
    const struct zone *zone, int64_t now_ms, struct err *err)
{
	row->next_run_unix =
	    row->is_active ? cron_next(cron, zone, now_ms / 1000) : 0;
	if (row->is_active && row->next_run_unix == 0)
		return err_set(
		    err, ERR_INVALID, "cron_expr: it would never be due");
	return 0;
}

/* P-52: from the schedule as it is now. */
static int
schedule(struct objective_row *row, int64_t now_ms, struct arena *arena,
    struct err *err)
{
	AUTO(zone_free)
	struct zone *zone = NULL;
	struct cron cron;

	row->next_run_unix = 0;
	if (zone_load(&zone, row->timezone, err) < 0)
		return err_prefix(err, "timezone");
	if (strcmp(row->trigger_type, "event") == 0) {
		row->cron_expr = "";
		return *row->event_key
			   ? 0
			   : err_set(err, ERR_INVALID,
				 "event_key: which event is missing");
	}
	row->event_key = "";
	if (cron_parse(&cron, row->cron_expr, err) < 0)
		return err_prefix(err, "cron_expr");
	row->cron_expr = arena_strdup(arena, cron.text);
	return find_due(row, &cron, zone, now_ms, err);
}

int
objective_add(struct store *store, struct objective_row *row, int64_t now_ms,
    struct arena *arena, struct err *err)
{
	char uuid[ID_UUID_SIZE];

	id_uuid(uuid);
	row->id = arena_printf(arena, "obj_%s", uuid);
	row->created_at_unix = now_ms / 1000;
	if (schedule(row, now_ms, arena, err) < 0 ||
	    (row->is_active && check_bounds(store, row, now_ms, err) < 0) ||
	    make_room(store, row, now_ms, arena, err) < 0 ||
	    store_objective_add(store, row, now_ms, err) < 0)
		return -1;
	return note(store, row, "objective.create", row->asked_by,
	    due_by(row, arena), now_ms, err);
}

static bool
is_rescheduled(const struct objective_change *c)
{
	return c->trigger_type || c->event_key || c->cron_expr || c->timezone;
}

bool
objective_is_rewritten(const struct objective_change *c)
{
	return c->title || c->prompt || is_rescheduled(c);
}

/* A field of a change, and what it says for the audit. */
static void
set(const char **was, const char *value, const char *name, struct buf *what)
{
	if (!value)
		return;
	*was = value;
	buf_addf(what, "%s%s", what->size ? " " : "", name);
}

static void
apply(struct objective_row *row, const struct objective_change *c,
    struct buf *what)
{
	set(&row->title, c->title, "title", what);
	set(&row->prompt, c->prompt, "prompt", what);
	set(&row->trigger_type, c->trigger_type, "trigger_type", what);
	set(&row->event_key, c->event_key, "event_key", what);
	set(&row->cron_expr, c->cron_expr, "cron_expr", what);
	set(&row->timezone, c->timezone, "timezone", what);
	if (c->asked_as && (objective_is_rewritten(c) || c->is_active))
		row->asked_as = c->asked_as;
	if (!c->has_active)
		return;
	row->is_active = c->is_active;
	buf_addf(what, "%s%s", what->size ? " " : "",
	    c->is_active ? "resumed" : "paused");
}

/* A key of an event and a cron expression mean two different things. */
static int
check_trigger(const struct objective_row *row, const struct objective_change *c,
    struct err *err)
{
	bool is_event = strcmp(row->trigger_type, "event") == 0;

	if (is_event && c->cron_expr)
		return err_set(err, ERR_INVALID,
		    "cron_expr: what an event triggers has none; set "
		    "trigger_type to schedule as well");
	if (!is_event && c->event_key)
		return err_set(err, ERR_INVALID,
		    "event_key: what runs by schedule has none; set "
		    "trigger_type to event as well");
	return 0;
}

int
objective_update(struct store *store, struct objective_row *row,
    const struct objective_change *change, const char *actor, int64_t now_ms,
    struct arena *arena, struct err *err)
{
	bool was_active = row->is_active;
	AUTO(buf_release)
	struct buf what = { 0 };

	buf_init(&what);
	apply(row, change, &what);
	if (check_trigger(row, change, err) < 0)
		return -1;
	if ((is_rescheduled(change) || row->is_active != was_active) &&
	    schedule(row, now_ms, arena, err) < 0)
		return -1;
	if (row->is_active && !was_active &&
	    check_bounds(store, row, now_ms, err) < 0)
		return -1;
	if (store_objective_update(
		store, row, row->is_active && !was_active, now_ms, err) < 0)
		return -1;
	return note(
	    store, row, "objective.update", actor, what.data, now_ms, err);
}

int
objective_delete(struct store *store, const struct objective_row *row,
    const char *actor, int64_t now_ms, struct arena *arena, struct err *err)
{
	if (store_objective_delete(store, row->id, err) < 0)
		return -1;
	return note(store, row, "objective.delete", actor, due_by(row, arena),
	    now_ms, err);
}
