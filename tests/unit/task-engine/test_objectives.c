/* Objectives: when they are due, who asked, and who sees which. */

#include "services/task-engine/objectives/objective.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/defs.h"
#include "services/task-engine/store/objectives.h"
#include "services/task-engine/store/store.h"
#include "tests/unit/task-engine/diary.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

static int64_t
at_ms(const char *text)
{
	int64_t unix_ms;

	assert_int_equal(clock_parse_rfc3339(text, &unix_ms), 0);
	return unix_ms;
}

static struct objective_row
stored(struct world *w, const char *id)
{
	const struct objective_shown shown = {
		.workspace_id = w->context.workspace_id,
		.context_id = "",
		.asked_by = "",
		.id_prefix = id,
		.limit = 2,
		.sees_others = true,
	};
	struct objective_row *rows;
	size_t n;

	DONE(store_objectives_shown(
	    w->store, &shown, w->arena, &rows, &n, &w->err));
	assert_int_equal(n, 1);
	return rows[0];
}

static void
is_due_at(const char *claim, int64_t unix_s, const char *wanted)
{
	char got[CLOCK_RFC3339_SIZE] = "";

	if (unix_s)
		clock_rfc3339(got, unix_s * 1000);
	if (strcmp(got, wanted) != 0)
		fail_msg("%s: %s and not %s", claim, got, wanted);
}

static const char *
add(struct world *w, struct objective_row *row, const char *now)
{
	DONE(store_begin(w->store, &w->err));
	DONE(objective_add(w->store, row, at_ms(now), w->arena, &w->err));
	DONE(store_commit(w->store, &w->err));
	return row->id;
}

static void
a_new_one_is_due_by_its_clock(void **state)
{
	struct world world, *w = &world;
	struct objective_row row, got;

	(void)state;
	world_open(w);
	row = diary_row(w, "telegram:1");
	got = stored(w, add(w, &row, "2026-07-10T09:00:00Z"));
	assert_int_equal(strncmp(got.id, "obj_", 4), 0);
	assert_int_equal(strlen(got.id), 40);
	assert_string_equal(got.cron_expr, "0 9 * * *");
	assert_string_equal(got.timezone, "Europe/Berlin");
	assert_string_equal(got.asked_by, "telegram:1");
	assert_string_equal(got.asked_as, "member");
	assert_true(got.is_active);
	is_due_at("stored", got.next_run_unix, "2026-07-11T07:00:00Z");
	assert_string_equal(
	    world_ask(w, "SELECT operation || ' ' || actor || ' ' || detail"
			 " FROM audit WHERE operation LIKE 'objective.%'"),
	    "objective.create telegram:1 0 9 * * * Europe/Berlin");
	world_close(w);
}

/* Each begins with "0 9 * * *" in Berlin, made on 10 July at 09:00 of UTC,
 * and is changed on 12 July at 12:00. */
static const struct {
	const char *claim;
	bool was_active;
	struct objective_change change;
	const char *due, *says;
} changes[] = {
	{ "a title moves nothing", true, { .title = "N" },
	    "2026-07-11T07:00:00Z", "title" },
	{ "nor does a prompt", true, { .prompt = "N" }, "2026-07-11T07:00:00Z",
	    "prompt" },
	{ "P-52: another time of day", true, { .cron_expr = "0 18 * * *" },
	    "2026-07-12T16:00:00Z", "cron_expr" },
	{ "P-52: another zone", true, { .timezone = "America/New_York" },
	    "2026-07-12T13:00:00Z", "timezone" },
	{ "P-52: both", true, { .cron_expr = "@daily", .timezone = "UTC" },
	    "2026-07-13T00:00:00Z", "cron_expr timezone" },
	{ "P-52: a resumed one does not fire for the past", false,
	    { .has_active = true, .is_active = true }, "2026-07-13T07:00:00Z",
	    "resumed" },
	{ "a paused one is not due", true, { .has_active = true }, "",
	    "paused" },
	{ "resumed while it runs, nothing changes", true,
	    { .has_active = true, .is_active = true }, "2026-07-11T07:00:00Z",
	    "resumed" },
	{ "what is paused stays so", false, { .cron_expr = "@hourly" }, "",
	    "cron_expr" },
	{ "P-52: changed and resumed", false,
	    { .cron_expr = "@hourly", .has_active = true, .is_active = true },
	    "2026-07-12T13:00:00Z", "cron_expr resumed" },
	{ "by an event there is no time", true,
	    { .trigger_type = "event", .event_key = "markdown.updated" }, "",
	    "trigger_type event_key" },
};

static void
a_change_computes_the_time_anew(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(changes); i++) {
		struct world world, *w = &world;
		struct objective_row row;

		world_open(w);
		row = diary_row(w, "telegram:1");
		row.is_active = changes[i].was_active;
		row = stored(w, add(w, &row, "2026-07-10T09:00:00Z"));
		DONE(store_begin(w->store, &w->err));
		DONE(objective_update(w->store, &row, &changes[i].change,
		    "telegram:2", at_ms("2026-07-12T12:00:00Z"), w->arena,
		    &w->err));
		DONE(store_commit(w->store, &w->err));
		is_due_at(changes[i].claim, stored(w, row.id).next_run_unix,
		    changes[i].due);
		is_due_at(changes[i].claim, row.next_run_unix, changes[i].due);
		assert_string_equal(
		    world_ask(w, "SELECT actor || ' ' || detail FROM audit"
				 " WHERE operation = 'objective.update'"),
		    arena_printf(w->arena, "telegram:2 %s", changes[i].says));
		world_close(w);
	}
}

static const struct {
	const char *claim;
	struct objective_change change;
	const char *says;
} wrong[] = {
	{ "P-55: never", { .cron_expr = "0 0 30 2 *" }, "cron_expr: its day" },
	{ "a field", { .cron_expr = "0 24 * * *" }, "cron_expr: its hour" },
	{ "nothing", { .cron_expr = "" }, "cron_expr: it is empty" },
	{ "a zone", { .timezone = "Mars/Base" }, "timezone: there is no" },
	{ "a way out", { .timezone = "../../etc/passwd" }, "timezone: there" },
	{ "an event of none", { .trigger_type = "event" }, "event_key: which" },
	{ "an event by schedule", { .event_key = "markdown.updated" },
	    "event_key: what runs by schedule" },
	{ "a schedule of an event",
	    { .trigger_type = "event",
		.event_key = "markdown.updated",
		.cron_expr = "@daily" },
	    "cron_expr: what an event" },
};

static void
a_wrong_change_says_what_is_wrong(void **state)
{
	struct world world, *w = &world;
	struct objective_row row;

	(void)state;
	world_open(w);
	row = diary_row(w, "telegram:1");
	add(w, &row, "2026-07-10T09:00:00Z");
	for (size_t i = 0; i < N_OF(wrong); i++) {
		struct objective_row was = stored(w, row.id);

		DONE(store_begin(w->store, &w->err));
		FAILS(objective_update(w->store, &was, &wrong[i].change,
			  "telegram:1", w->now_ms, w->arena, &w->err),
		    ERR_INVALID);
		store_rollback(w->store);
		if (!strstr(w->err.text, wrong[i].says))
			fail_msg("%s: %s", wrong[i].claim, w->err.text);
	}
	assert_string_equal(stored(w, row.id).cron_expr, "0 9 * * *");
	world_close(w);
}

/* Back from an event it needs its times again. */
static void
an_event_has_no_schedule_left(void **state)
{
	const struct objective_change to_event = { .trigger_type = "event",
		.event_key = "markdown.updated" };
	const struct objective_change back = { .trigger_type = "schedule" };
	struct world world, *w = &world;
	struct objective_row row;

	(void)state;
	world_open(w);
	row = diary_row(w, "telegram:1");
	add(w, &row, "2026-07-10T09:00:00Z");
	DONE(store_begin(w->store, &w->err));
	DONE(objective_update(w->store, &row, &to_event, "telegram:1",
	    w->now_ms, w->arena, &w->err));
	row = stored(w, row.id);
	assert_string_equal(row.event_key, "markdown.updated");
	assert_string_equal(row.cron_expr, "");
	FAILS(objective_update(w->store, &row, &back, "telegram:1", w->now_ms,
		  w->arena, &w->err),
	    ERR_INVALID);
	DONE(store_commit(w->store, &w->err));
	world_close(w);
}

/* P-53: one more failure paused it again. G-05: the role is as it is now. */
static void
a_resumed_one_begins_without_failures(void **state)
{
	const struct objective_change resume = {
		.has_active = true, .is_active = true, .asked_as = "viewer"
	};
	struct world world, *w = &world;
	struct objective_row row;

	(void)state;
	world_open(w);
	row = diary_row(w, "telegram:1");
	row.is_active = false;
	add(w, &row, "2026-07-10T09:00:00Z");
	world_run(w, "UPDATE objectives SET consecutive_failures = 5,"
		     " auto_paused_reason = 'five'");
	DONE(store_begin(w->store, &w->err));
	DONE(objective_update(w->store, &row, &resume, "telegram:1", w->now_ms,
	    w->arena, &w->err));
	DONE(store_commit(w->store, &w->err));
	assert_string_equal(
	    world_ask(w,
		"SELECT consecutive_failures || ' ' ||"
		" ifnull(auto_paused_reason, 'none') || ' ' || asked_as"
		" FROM objectives"),
	    "0 none viewer");
	world_close(w);
}

static void
a_deleted_one_is_gone(void **state)
{
	struct world world, *w = &world;
	struct objective_row row, other;

	(void)state;
	world_open(w);
	row = diary_row(w, "telegram:1");
	other = diary_row(w, "telegram:1");
	add(w, &row, "2026-07-10T09:00:00Z");
	add(w, &other, "2026-07-10T09:00:00Z");
	DONE(store_begin(w->store, &w->err));
	DONE(objective_delete(
	    w->store, &row, "telegram:2", w->now_ms, w->arena, &w->err));
	DONE(store_commit(w->store, &w->err));
	assert_string_equal(
	    world_ask(w, "SELECT group_concat(id) FROM objectives"), other.id);
	assert_string_equal(
	    world_ask(w, "SELECT actor || ' ' || subject || ' ' || detail"
			 " FROM audit WHERE operation = 'objective.delete'"),
	    arena_printf(
		w->arena, "telegram:2 %s 0 9 * * * Europe/Berlin", row.id));
	world_close(w);
}

/* G-44: by id, in whatever workspace it was. */
static const struct {
	const char *claim;
	struct objective_shown shown;
	bool is_elsewhere, is_shown;
} views[] = {
	{ "one's own", { .asked_by = "telegram:1", .context_id = "x" }, false,
	    true },
	{ "not another's", { .asked_by = "telegram:2", .context_id = "" },
	    false, false },
	{ "another's, of all",
	    { .asked_by = "telegram:2", .context_id = "", .sees_others = true },
	    false, true },
	{ "another's of another room",
	    { .asked_by = "telegram:2",
		.context_id = "x",
		.sees_others = true },
	    false, false },
	{ "G-44: one's own, elsewhere",
	    { .asked_by = "telegram:1", .context_id = "" }, true, false },
	{ "G-44: all, elsewhere",
	    { .asked_by = "telegram:2", .context_id = "", .sees_others = true },
	    true, false },
	{ "no pattern",
	    { .asked_by = "telegram:1",
		.context_id = "",
		.id_prefix = "obj_%" },
	    false, false },
};

static void
who_sees_which(void **state)
{
	struct world world, *w = &world;
	struct context_row elsewhere;
	struct objective_row row;

	(void)state;
	world_open(w);
	elsewhere = world_context(w, "telegram", "-200", "community", "-200");
	assert_string_not_equal(
	    elsewhere.workspace_id, w->context.workspace_id);
	row = diary_row(w, "telegram:1");
	add(w, &row, "2026-07-10T09:00:00Z");
	for (size_t i = 0; i < N_OF(views); i++) {
		struct objective_shown shown = views[i].shown;
		struct objective_row *rows;
		size_t n;

		shown.limit = 5;
		shown.workspace_id = views[i].is_elsewhere
					 ? elsewhere.workspace_id
					 : w->context.workspace_id;
		if (!shown.id_prefix)
			shown.id_prefix = row.id;
		DONE(store_objectives_shown(
		    w->store, &shown, w->arena, &rows, &n, &w->err));
		if (n != views[i].is_shown)
			fail_msg("%s: %zu", views[i].claim, n);
	}
	world_close(w);
}

/* Newest first; behind the newest come the others. */
static void
older_ones_are_behind(void **state)
{
	struct world world, *w = &world;
	struct objective_row rows[3], *got;
	struct objective_shown shown = { .asked_by = "telegram:1",
		.context_id = "",
		.id_prefix = "",
		.skip = 1,
		.limit = 5 };
	size_t n;

	(void)state;
	world_open(w);
	shown.workspace_id = w->context.workspace_id;
	for (size_t i = 0; i < N_OF(rows); i++) {
		rows[i] = diary_row(w, "telegram:1");
		add(w, &rows[i],
		    arena_printf(w->arena, "2026-07-1%zuT09:00:00Z", i));
	}
	DONE(store_objectives_shown(
	    w->store, &shown, w->arena, &got, &n, &w->err));
	assert_int_equal(n, 2);
	assert_string_equal(got[0].id, rows[1].id);
	assert_string_equal(got[1].id, rows[0].id);
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_one_is_due_by_its_clock),
		cmocka_unit_test(a_change_computes_the_time_anew),
		cmocka_unit_test(a_wrong_change_says_what_is_wrong),
		cmocka_unit_test(an_event_has_no_schedule_left),
		cmocka_unit_test(a_resumed_one_begins_without_failures),
		cmocka_unit_test(a_deleted_one_is_gone),
		cmocka_unit_test(who_sees_which),
		cmocka_unit_test(older_ones_are_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
