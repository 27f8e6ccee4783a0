/* `agent-runtime why`: why a message, task or action went as it did. */

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/agent-runtime/client.h"
#include "services/agent-runtime/screen.h"
#include "services/agent-runtime/settings.h"
#include "services/agent-runtime/tools.h"
#include "services/agent-runtime/traces.h"

static const char name[] = "why";

struct why {
	const char *id;
	bool as_json;
};

static void
show_message(const struct json *message)
{
	AUTO(buf_release)
	struct buf line = { 0 };
	char at[CLOCK_RFC3339_SIZE];

	if (json_int(json_get(message, "seq"), 0) == 0)
		return;
	buf_init(&line);
	clock_rfc3339(at, json_int(json_get(message, "at_unix_ms"), 0));
	buf_addf(&line, "message seq=%" PRId64 " %s by %s (%s) in %s %s%s",
	    json_int(json_get(message, "seq"), 0), at,
	    trace_str(message, "said_by"), trace_str(message, "said_as"),
	    trace_str(message, "connector"), trace_str(message, "chat_id"),
	    json_bool(json_get(message, "is_addressed"), false) ? ", addressed"
								: "");
	screen_print(line.data, "", "");
}

static void
show_run(const struct json *run)
{
	AUTO(buf_release)
	struct buf line = { 0 };

	buf_init(&line);
	buf_addf(&line, "turn=%" PRId64 " %s %s",
	    json_int(json_get(run, "turn_id"), 0), trace_str(run, "kind"),
	    trace_str(run, "state"));
	if (*trace_str(run, "error"))
		buf_addf(&line, ": %s", trace_str(run, "error"));
	screen_print(line.data, "", "");
	if (json_bool(json_get(run, "has_trace"), false))
		trace_print_turn(json_get(run, "trace"));
}

static void
show(const struct json *answer)
{
	const struct json *runs = json_get(answer, "runs");
	const struct json *run = runs ? json_first(runs) : NULL;

	screen_say(stdout, trace_str(answer, "text"), "", "");
	putchar('\n');
	show_message(json_get(answer, "message"));
	if (json_bool(json_get(answer, "has_heard"), false))
		trace_print_heard(json_get(answer, "heard"));
	for (; run; run = json_next(run))
		show_run(run);
}

static int
ask(const struct why *w, struct client *client)
{
	static const char base[] = "/api/v1/why";
	AUTO(client_answer_release)
	struct client_answer answer = { 0 };
	AUTO(buf_release)
	struct buf path = { 0 };
	struct client_request request = { .method = "GET" };
	struct err err;

	buf_init(&path);
	buf_adds(&path, base);
	tool_add_parameter(&path, "id", w->id);
	path.data[sizeof(base) - 1] = '?';
	request.path = path.data;
	if (client_call(client, &request, &answer, &err) < 0)
		return tool_failed(name, &err);
	if (w->as_json)
		fwrite(answer.text.data, 1, answer.text.size, stdout);
	else
		show(answer.json);
	return EXIT_OK;
}

static int
parse(struct why *w, int argc, char **argv)
{
	int status = tool_json_flag(name, argc, argv, &w->as_json);

	if (status != 0)
		return status;
	if (argc - optind != 1)
		return tool_misused(
		    name, "name one message, task or action, by its id");
	w->id = argv[optind];
	return 0;
}

int
why_run(int argc, char **argv)
{
	struct why w = { 0 };
	struct settings settings;
	struct client *client = NULL;
	struct err err;
	int status = parse(&w, argc, argv);

	if (status != 0)
		return status;
	if (settings_load(&settings, &err) < 0)
		return tool_failed(name, &err);
	status = client_open(&client, &settings, &err) == 0
		     ? ask(&w, client)
		     : tool_failed(name, &err);
	client_close(&client);
	settings_release(&settings);
	return status;
}
