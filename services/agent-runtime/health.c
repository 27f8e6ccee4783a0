/* How the suite stands, gathered from all who know a part of it. */

#include "services/agent-runtime/health.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/err.h"
#include "services/agent-runtime/client.h"
#include "services/agent-runtime/settings.h"
#include "services/agent-runtime/standing.h"

enum { ASK_MS = 3000, PATH_SIZE = 4200 };

static struct json *
ask(struct client *client, const char *path, char why[256])
{
	AUTO(client_answer_release)
	struct client_answer answer = { 0 };
	struct client_request request = {
		.method = "GET",
		.path = path,
		.timeout_ms = ASK_MS,
	};
	struct err err;

	if (client_call(client, &request, &answer, &err) == 0)
		return STEAL(answer.json);
	snprintf(why, 256, "%s", err.text);
	return NULL;
}

static const struct json *
list_of(const struct json *object, const char *key)
{
	const struct json *list = object != NULL ? json_get(object, key) : NULL;

	return list != NULL && json_type(list) == JSON_LIST ? json_first(list)
							    : NULL;
}

void
health_look(struct health_view *view, const struct settings *settings,
    struct client *client)
{
	char ignored[256], run_dir[PATH_SIZE];
	AUTO(json_free)
	struct json *ready = NULL;

	*view = (struct health_view){ .report = NULL };
	snprintf(run_dir, sizeof(run_dir), "%s/run", settings->data_dir);
	view->report = standing_read(run_dir);
	ready = ask(client, "/readyz", ignored);
	view->is_ready = ready != NULL;
	/* Nobody can be let in without the engine: asking would only take
	 * long. */
	if (!view->is_ready &&
	    standing_is_hopeless(view->report, "task-engine", view->why))
		return;
	view->heartbeat = ask(client, "/api/v1/heartbeat", view->why);
	/* Without the one there is no hope for the other. */
	if (view->heartbeat != NULL)
		view->status = ask(client, "/api/v1/status", view->why);
}

void
health_view_release(struct health_view *view)
{
	json_free(&view->report);
	json_free(&view->heartbeat);
	json_free(&view->status);
}

/* "gateway-telegram" and "gateway-telegram.main" are the same daemon. */
static bool
is_same(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b), n = na < nb ? na : nb;

	if (strncmp(a, b, n) != 0)
		return false;
	return na == nb || strcmp(na > nb ? a + n : b + n, ".main") == 0;
}

static struct health_row *
row_named(struct health_row *rows, size_t *n, const char *name)
{
	for (size_t i = 0; i < *n; i++)
		if (is_same(rows[i].name, name))
			return &rows[i];
	if (*n == HEALTH_MAX_ROWS)
		return NULL;
	rows[*n] = (struct health_row){ .name = name, .note = "", .state = "" };
	return &rows[(*n)++];
}

static void
add_component(struct health_row *row, const struct json *c)
{
	row->state = json_str(json_get(c, "state"), "?");
	row->note = json_str(json_get(c, "message"), "");
	row->pid = json_int(json_get(c, "pid"), 0);
	row->lag_ms = json_int(json_get(c, "worst_lag_ms"), 0);
	row->beat_unix = json_int(json_get(c, "last_beat_at_unix"), 0);
}

/* serve knows better that a process is gone than a beat that is missing. */
static void
add_process(struct health_row *row, const struct json *daemon)
{
	const char *state = json_str(json_get(daemon, "state"), "");

	if (*row->state == '\0' || strcmp(state, "running") != 0)
		row->state = state;
	if (strcmp(state, "running") != 0)
		row->note = json_str(json_get(daemon, "last_exit"), "");
	row->is_ours = true;
	row->pid = json_int(json_get(daemon, "pid"), row->pid);
	row->restarts = json_int(json_get(daemon, "restarts"), 0);
	row->since_unix = json_int(json_get(daemon, "since_unix"), 0);
}

/* The instance is part of the name unless it is the usual one. */
static bool
is_of(const struct json *daemon, const char *row_name)
{
	const char *name = json_str(json_get(daemon, "name"), "");
	const char *instance = json_str(json_get(daemon, "instance"), "main");
	char full[128];

	snprintf(full, sizeof(full), "%s.%s", name, instance);
	return is_same(row_name, full);
}

static void
join_process(struct health_row *rows, size_t *n, const struct json *daemon)
{
	struct health_row *row = NULL;

	for (size_t i = 0; i < *n && row == NULL; i++)
		if (is_of(daemon, rows[i].name))
			row = &rows[i];
	if (row == NULL)
		row =
		    row_named(rows, n, json_str(json_get(daemon, "name"), "?"));
	if (row != NULL)
		add_process(row, daemon);
}

size_t
health_rows(
    const struct health_view *view, struct health_row rows[HEALTH_MAX_ROWS])
{
	const struct json *item;
	struct health_row *row;
	size_t n = 0;

	for (item = list_of(view->heartbeat, "components"); item != NULL;
	     item = json_next(item)) {
		row =
		    row_named(rows, &n, json_str(json_get(item, "name"), "?"));
		if (row != NULL)
			add_component(row, item);
	}
	for (item = list_of(view->report, "daemons"); item != NULL;
	     item = json_next(item))
		join_process(rows, &n, item);
	return n;
}

bool
health_row_is_well(const struct health_row *row)
{
	return strcmp(row->state, "healthy") == 0 ||
	       strcmp(row->state, "disabled") == 0;
}

bool
health_all_well(const struct health_view *view)
{
	struct health_row rows[HEALTH_MAX_ROWS];
	size_t n = health_rows(view, rows);

	if (!view->is_ready || view->heartbeat == NULL || n == 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!health_row_is_well(&rows[i]))
			return false;
	return true;
}

bool
health_row_is_up(const struct health_row *row)
{
	return health_row_is_well(row) || strcmp(row->state, "degraded") == 0;
}

bool
health_row_counts(const struct health_view *view, const struct health_row *row)
{
	return view->report == NULL || row->is_ours;
}

bool
health_is_up(const struct health_view *view)
{
	struct health_row rows[HEALTH_MAX_ROWS];
	size_t n = health_rows(view, rows);

	if (!view->is_ready || view->heartbeat == NULL || n == 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (health_row_counts(view, &rows[i]) &&
		    !health_row_is_up(&rows[i]))
			return false;
	return true;
}
