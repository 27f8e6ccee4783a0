/* `agent-runtime status`: one screen, or waiting until all are up. */

#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "services/agent-runtime/client.h"
#include "services/agent-runtime/health.h"
#include "services/agent-runtime/screen.h"
#include "services/agent-runtime/settings.h"
#include "services/agent-runtime/tools.h"

static const char name[] = "status";

enum { LOOK_EVERY_MS = 30, MAX_WAIT_S = 3600 };

struct status {
	struct settings settings;
	struct client *client;
	long wait_s; /* -1: do not */
	bool as_json;
};

static void
print_line(const char *label, const char *text)
{
	char first[32];

	snprintf(first, sizeof(first), "%-10s", label);
	screen_say(stdout, text, first, "          ");
}

static void
print_head(const struct status *s, const struct health_view *view)
{
	char age[SCREEN_AGE_SIZE], line[512];
	int64_t started = json_int(view->report != NULL
				       ? json_get(view->report, "started_unix")
				       : NULL,
	    0);

	if (view->report != NULL) {
		screen_age(age, clock_unix_ms() / 1000 - started);
		snprintf(line, sizeof(line),
		    "version %s, process %" PRId64 ", up %s",
		    json_str(json_get(view->report, "version"), "?"),
		    json_int(json_get(view->report, "pid"), 0), age);
	} else {
		snprintf(line, sizeof(line), "%s",
		    view->heartbeat != NULL
			? "running, started by something else than serve here"
			: "not running; start it with `agent-runtime serve` "
			  "or ./scripts/run");
	}
	print_line("suite", line);
	print_line("data", s->settings.data_dir);
	if (view->heartbeat != NULL)
		print_line("health",
		    json_str(json_get(view->heartbeat, "overall"), "?"));
	else if (view->report != NULL)
		print_line("health", view->why);
}

static void
print_row(const struct health_row *row)
{
	AUTO(buf_release)
	struct buf line;
	char age[SCREEN_AGE_SIZE] = "-";

	if (row->since_unix > 0 && row->pid > 0)
		screen_age(age, clock_unix_ms() / 1000 - row->since_unix);
	buf_init(&line);
	buf_addf(&line, "  %-22s %-11s %-12s %8" PRId64 " %6" PRId64 "  %s",
	    row->name, row->state, age, row->restarts, row->lag_ms, row->note);
	screen_say(stdout, line.data, "", "    ");
}

static void
print_rows(const struct health_view *view)
{
	struct health_row rows[HEALTH_MAX_ROWS];
	size_t n = health_rows(view, rows);

	if (n == 0)
		return;
	printf("\n  %-22s %-11s %-12s %8s %6s  %s\n", "daemon", "state", "up",
	    "restarts", "lag ms", "note");
	for (size_t i = 0; i < n; i++)
		print_row(&rows[i]);
}

/* "tasks.queued" and the like, as many as fit a line. */
static void
print_counts(const struct json *counts)
{
	AUTO(buf_release)
	struct buf line;
	const struct json *c = counts != NULL ? json_first(counts) : NULL;

	buf_init(&line);
	for (; c != NULL; c = json_next(c)) {
		buf_addf(&line, "%s%s %" PRId64, line.size > 0 ? ", " : "",
		    json_key(c), json_int(c, 0));
		if (line.size > 60) {
			print_line("counts", line.data);
			buf_reset(&line);
		}
	}
	if (line.size > 0)
		print_line("counts", line.data);
}

static void
print_engine(const struct health_view *view)
{
	const char *folder;

	if (view->status == NULL)
		return;
	printf("\n");
	print_line("model", json_str(json_get(view->status, "model"), "?"));
	folder = json_str(json_get(view->status, "command_line_folder"), "");
	if (*folder != '\0')
		print_line("folder", folder);
	print_counts(json_get(view->status, "counts"));
}

static void
print_json(const struct status *s, const struct health_view *view)
{
	static const char *const keys[] = { "serve", "heartbeat", "status" };
	const struct json *parts[] = { view->report, view->heartbeat,
		view->status };
	AUTO(buf_release)
	struct buf text;
	struct json_out out;

	buf_init(&text);
	json_out_init(&out, &text);
	json_out_object(&out, NULL);
	json_out_bool(&out, "ready", view->is_ready);
	json_out_bool(&out, "well", health_all_well(view));
	json_out_str(&out, "data_dir", s->settings.data_dir);
	for (size_t i = 0; i < N_OF(parts); i++) {
		AUTO(buf_release)
		struct buf part;

		buf_init(&part);
		if (parts[i] != NULL)
			json_print(parts[i], &part);
		else
			buf_adds(&part, "null");
		json_out_raw(&out, keys[i], part.data, part.size);
	}
	json_out_object_end(&out);
	printf("%s\n", text.data);
}

static int
show(struct status *s, const struct health_view *view)
{
	if (s->as_json) {
		print_json(s, view);
	} else {
		print_head(s, view);
		print_rows(view);
		print_engine(view);
	}
	return health_all_well(view) ? EXIT_OK : EXIT_FAILED;
}

struct seen {
	char names[HEALTH_MAX_ROWS][64];
	size_t n;
	bool is_ready;
};

static bool
is_new(struct seen *seen, const char *daemon)
{
	for (size_t i = 0; i < seen->n; i++)
		if (strcmp(seen->names[i], daemon) == 0)
			return false;
	if (seen->n == HEALTH_MAX_ROWS)
		return false;
	snprintf(seen->names[seen->n++], sizeof(seen->names[0]), "%s", daemon);
	return true;
}

static void
tell_row(const char *indent, const struct health_row *row)
{
	AUTO(buf_release)
	struct buf line;

	buf_init(&line);
	buf_addf(&line, "%s is %s%s%s", row->name,
	    *row->state != '\0' ? row->state : "missing",
	    *row->note != '\0' ? ": " : "", row->note);
	screen_say(stderr, line.data, indent, "    ");
}

/* 1: no use to wait: a daemon will not start again. */
static int
tell_progress(const struct health_view *view, struct seen *seen)
{
	struct health_row rows[HEALTH_MAX_ROWS];
	size_t n = health_rows(view, rows);
	int is_hopeless = 0;

	for (size_t i = 0; i < n; i++) {
		if (health_row_is_up(&rows[i]) && is_new(seen, rows[i].name))
			tell_row("", &rows[i]);
		if (strcmp(rows[i].state, "bad-config") == 0) {
			fprintf(stderr,
			    "%s refuses its configuration; see its line in "
			    "the log, or `agent-runtime doctor`\n",
			    rows[i].name);
			is_hopeless = 1;
		}
	}
	return is_hopeless;
}

static void
tell_missing(const struct health_view *view, long wait_s)
{
	struct health_row rows[HEALTH_MAX_ROWS];
	size_t n = health_rows(view, rows);

	fprintf(stderr, "after %ld s not everything is ready\n", wait_s);
	if (n == 0)
		fprintf(stderr, "  %s\n", view->why);
	for (size_t i = 0; i < n; i++)
		if (health_row_counts(view, &rows[i]) &&
		    !health_row_is_up(&rows[i]))
			tell_row("  ", &rows[i]);
	if (!view->is_ready)
		fprintf(stderr, "  /readyz does not say 200\n");
}

static int
wait_until_up(struct status *s)
{
	int64_t deadline_ms = clock_mono_ms() + s->wait_s * 1000;
	struct seen seen = { .n = 0 };
	struct health_view view;
	bool is_up, is_over;

	for (;;) {
		health_look(&view, &s->settings, s->client);
		is_over = tell_progress(&view, &seen) ||
			  clock_mono_ms() >= deadline_ms;
		is_up = health_is_up(&view);
		if (is_up || is_over)
			break;
		health_view_release(&view);
		(void)poll(NULL, 0, LOOK_EVERY_MS);
	}
	if (!is_up)
		tell_missing(&view, s->wait_s);
	health_view_release(&view);
	return is_up ? EXIT_OK : EXIT_FAILED;
}

static int
look_once(struct status *s)
{
	struct health_view view;
	int status;

	health_look(&view, &s->settings, s->client);
	status = show(s, &view);
	health_view_release(&view);
	return status;
}

static int
parse(struct status *s, int argc, char **argv)
{
	static const struct option options[] = {
		{ "wait", required_argument, NULL, 'w' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	int flag;

	while ((flag = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (flag == 'j')
			s->as_json = true;
		else if (flag != 'w')
			return tool_bad_flag(name, flag, argv);
		else if (tool_number(optarg, 0, MAX_WAIT_S, &s->wait_s) < 0)
			return tool_misused(name,
			    "--wait %s: allowed is a whole number from 0 to "
			    "3600",
			    optarg);
	}
	if (optind < argc)
		return tool_misused(
		    name, "takes no argument: %s", argv[optind]);
	return 0;
}

int
status_run(int argc, char **argv)
{
	struct status s = { .wait_s = -1 };
	struct err err;
	int status = parse(&s, argc, argv);

	if (status != 0)
		return status;
	if (settings_load(&s.settings, &err) < 0)
		return tool_failed(name, &err);
	if (client_open(&s.client, &s.settings, &err) < 0) {
		settings_release(&s.settings);
		return tool_failed(name, &err);
	}
	status = s.wait_s >= 0 ? wait_until_up(&s) : look_once(&s);
	client_close(&s.client);
	settings_release(&s.settings);
	return status;
}
