/* What may be under way beside what, and whom a death is blamed on. */

#include "services/task-engine/delivery/trial.h"

#include "libcommon/err.h"
#include "services/task-engine/delivery/lease.h"

static bool
is_looked_at(const struct suspect *update)
{
	return update->is_current && !update->is_waiting;
}

enum trial_rows
trial_of_rows(const struct trial_scene *scene, bool is_suspect_due)
{
	const struct suspect *update = &scene->update;

	if (scene->rows.n_suspect > 0 || update->is_waiting ||
	    (is_looked_at(update) && update->n_deaths > 0))
		return TRIAL_ROWS_NONE;
	if (!is_suspect_due)
		return TRIAL_ROWS_ALL;
	return scene->rows.n > 0 || is_looked_at(update) ? TRIAL_ROWS_NONE
							 : TRIAL_ROWS_ONE;
}

enum trial_update
trial_of_update(const struct outbox_under_way *rows, int64_t n_deaths)
{
	if (n_deaths >= SUSPECT_DEATHS_MAX)
		return TRIAL_UPDATE_SKIP;
	if (rows->n_suspect > 0 || (n_deaths > 0 && rows->n > 0))
		return TRIAL_UPDATE_WAIT;
	return TRIAL_UPDATE_GO;
}

struct blame
trial_blame(const struct trial_scene *scene, bool was_clean_stop)
{
	int64_t n = scene->rows.n + is_looked_at(&scene->update);

	if (was_clean_stop)
		return (struct blame){ 0 };
	return (struct blame){ .n_more = n == 1, .n_least = 1 };
}

/* The end of a lease that was given or renewed so recently. */
static int64_t
moved_after(int64_t now_ms)
{
	return now_ms - TRIAL_MS + LEASE_MS;
}

int
trial_look(struct store *store, const char *instance, int64_t now_ms,
    struct trial_scene *out, struct err *err)
{
	if (store_suspects_current(
		store, instance, now_ms - TRIAL_MS, &out->update, err) < 0)
		return -1;
	return store_outbox_under_way(store, instance, moved_after(now_ms),
	    out->update.is_current, &out->rows, err);
}

int
trial_look_at_all(struct store *store, const char *instance,
    struct trial_scene *out, struct err *err)
{
	if (store_suspects_current(store, instance, 0, &out->update, err) < 0)
		return -1;
	return store_outbox_under_way(
	    store, instance, 0, true, &out->rows, err);
}

int
trial_name(struct store *store, const char *instance, const char *update_id,
    int64_t now_ms, enum trial_update *verdict_out, bool *is_news_out,
    struct err *err)
{
	struct outbox_under_way rows;
	struct suspect update;

	/* What was named before it has survived. */
	if (store_suspects_survived(store, instance, update_id, err) < 0 ||
	    store_suspect_get(store, instance, update_id, &update, err) < 0 ||
	    store_outbox_under_way(
		store, instance, moved_after(now_ms), true, &rows, err) < 0)
		return -1;
	*verdict_out = trial_of_update(&rows, update.n_deaths);
	*is_news_out = *verdict_out == TRIAL_UPDATE_SKIP &&
		       update.n_deaths < SUSPECT_SET_ASIDE;
	if (*verdict_out == TRIAL_UPDATE_SKIP)
		update.n_deaths = SUSPECT_SET_ASIDE;
	update.is_current = *verdict_out != TRIAL_UPDATE_SKIP;
	update.is_waiting = *verdict_out == TRIAL_UPDATE_WAIT;
	return store_suspect_put(
	    store, instance, update_id, &update, now_ms, err);
}
