/* `agent-runtime bus`: speaks on the bus as one of its peers, with its keys. */

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/buf.h"
#include "libcommon/bus.h"
#include "libcommon/clock.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/loop.h"
#include "services/agent-runtime/screen.h"
#include "services/agent-runtime/settings.h"
#include "services/agent-runtime/tools.h"

static const char name[] = "bus";

enum { POLL_MS = 10, FLUSH_MS = 1000 };

struct tool {
	const char *keys_file, *as, *verb, *type, *text;
	long timeout_s, count;
	char instance[64];
	struct bus_peer self;
	struct door_keys *keys;
	struct loop *loop;
	struct bus *bus;
	struct timer *timer;
	struct buf body;
	const struct route *route;
	int64_t deadline_ms;
	int status;
};

static void
finish(struct tool *tool, int status)
{
	tool->status = status;
	loop_stop(tool->loop);
}

static void
print_json(const struct json *value)
{
	AUTO(buf_release)
	struct buf text;

	buf_init(&text);
	json_print(value, &text);
	screen_print(text.data, "", "");
	fflush(stdout);
}

static void
on_answer(void *arg, const struct envelope *answer, const struct err *err)
{
	struct tool *tool = arg;

	if (answer != NULL && answer->ok) {
		print_json(answer->body);
		finish(tool, EXIT_OK);
		return;
	}
	if (answer != NULL)
		err = &answer->error;
	fprintf(stderr, "%s: %s\n", err_code_name(err->code), err->text);
	finish(tool, EXIT_FAILED);
}

static void
on_news(void *arg, const struct bus_peer *from, const struct envelope *news)
{
	struct tool *tool = arg;
	AUTO(buf_release)
	struct buf text;
	AUTO(buf_release)
	struct buf body;
	struct json_out out;

	(void)from;
	buf_init(&text);
	buf_init(&body);
	json_print(news->body, &body);
	json_out_init(&out, &text);
	json_out_object(&out, NULL);
	json_out_str(&out, "from", news->from);
	json_out_str(&out, "type", news->type);
	json_out_str(&out, "id", news->id);
	json_out_str(&out, "cause", news->cause);
	json_out_int(&out, "at", news->at_ms);
	json_out_raw(&out, "body", body.data, body.size);
	json_out_object_end(&out);
	screen_print(text.data, "", "");
	fflush(stdout);
	if (tool->count > 0 && --tool->count == 0)
		finish(tool, EXIT_OK);
}

static enum service_id
only_peer(const struct route *route)
{
	unsigned id = 0;

	while (id < SVC_COUNT && !(route->to & SVC_BIT(id)))
		id++;
	return (enum service_id)id;
}

static void
request(struct tool *tool)
{
	struct bus_call call = {
		.to = only_peer(tool->route),
		.type = tool->type,
		.deadline_ms = clock_unix_ms() + tool->timeout_s * 1000,
		.body = &tool->body,
	};
	struct err err;

	if (bus_call(tool->bus, &call, on_answer, tool, &err) < 0) {
		fprintf(stderr, "agent-runtime bus: %s\n", err.text);
		finish(tool, EXIT_FAILED);
	}
}

/* What is published to a door that has no peer yet would be lost. */
static void
send_when_connected(void *arg)
{
	struct tool *tool = arg;
	enum service_id to = only_peer(tool->route);

	if (bus_is_connected(tool->bus, to)) {
		bus_publish(tool->bus, to, NULL, tool->type, NULL, &tool->body);
		bus_flush(tool->bus, FLUSH_MS);
		finish(tool, EXIT_OK);
	} else if (clock_mono_ms() > tool->deadline_ms) {
		fprintf(stderr,
		    "agent-runtime bus: %s does not answer at its "
		    "door\n",
		    service_name(to));
		finish(tool, EXIT_FAILED);
	}
}

static void
act(struct tool *tool)
{
	tool->deadline_ms = clock_mono_ms() + tool->timeout_s * 1000;
	if (strcmp(tool->verb, "request") == 0) {
		request(tool);
	} else if (strcmp(tool->verb, "send") == 0) {
		tool->timer = timer_new(tool->loop, send_when_connected, tool);
		timer_start(tool->timer, 0, POLL_MS);
	}
}

static int
open_bus(struct tool *tool, const char *data_dir, struct err *err)
{
	char run_dir[4200];
	struct bus_options options = {
		.run_dir = run_dir,
		.self = tool->self,
		.client_only = true,
	};

	snprintf(run_dir, sizeof(run_dir), "%s/run", data_dir);
	if (door_keys_read_file(&tool->keys, tool->keys_file, err) < 0 ||
	    loop_open(&tool->loop, err) < 0)
		return -1;
	options.keys = tool->keys;
	if (bus_open(&tool->bus, tool->loop, &options, err) < 0)
		return -1;
	bus_on_news(tool->bus, on_news, tool);
	return 0;
}

static int
run(struct tool *tool)
{
	struct settings settings;
	struct err err;

	if (settings_load(&settings, &err) < 0)
		return tool_failed(name, &err);
	if (open_bus(tool, settings.data_dir, &err) < 0)
		return tool_failed(name, &err);
	act(tool);
	if (tool->status < 0)
		loop_run(tool->loop);
	return tool->status;
}

static int
take_self(struct tool *tool)
{
	const char *dot;
	char service[64];

	if (tool->as == NULL || tool->keys_file == NULL)
		return tool_misused(name,
		    "--keys FILE and --as SERVICE.INSTANCE are needed; `serve "
		    "--door-keys DIR` writes such files");
	dot = strchr(tool->as, '.');
	snprintf(service, sizeof(service), "%.*s",
	    dot != NULL ? (int)(dot - tool->as) : (int)strlen(tool->as),
	    tool->as);
	snprintf(tool->instance, sizeof(tool->instance), "%s",
	    dot != NULL ? dot + 1 : "main");
	tool->self.service = service_parse(service);
	tool->self.instance = tool->instance;
	if (tool->self.service == SVC_COUNT)
		return tool_misused(
		    name, "--as %s: there is no service %s", tool->as, service);
	return 0;
}

static int
take_body(struct tool *tool)
{
	AUTO(json_free)
	struct json *body = NULL;
	struct err err;
	char part[4096];
	size_t size;

	if (strcmp(tool->text, "-") != 0)
		buf_adds(&tool->body, tool->text);
	else
		while ((size = fread(part, 1, sizeof(part), stdin)) > 0 &&
		       tool->body.size <= ENVELOPE_MAX_LARGE_BYTES)
			buf_add(&tool->body, part, size);
	if (json_parse(&body, tool->body.data, tool->body.size, &err) < 0)
		return tool_misused(name, "the body: %s", err.text);
	if (json_type(body) != JSON_OBJECT)
		return tool_misused(name, "the body must be a JSON object");
	return 0;
}

static int
take_type(struct tool *tool)
{
	bool is_request = strcmp(tool->verb, "request") == 0;

	tool->route = route_find(tool->type);
	if (tool->route == NULL)
		return tool_misused(name, "there is no message %s", tool->type);
	if ((tool->route->how == ROUTE_REQ) != is_request ||
	    tool->route->how == ROUTE_PUB)
		return tool_misused(name, "%s is a message of kind %s",
		    tool->type, route_how_name(tool->route->how));
	return take_body(tool);
}

static int
take_words(struct tool *tool, int argc, char **argv)
{
	int n = argc - optind;

	if (n < 1)
		return tool_misused(
		    name, "say what to do: request, send or tail");
	tool->verb = argv[optind];
	if (strcmp(tool->verb, "tail") == 0)
		return n == 1 ? take_self(tool)
			      : tool_misused(name, "tail takes no argument");
	if (strcmp(tool->verb, "request") != 0 &&
	    strcmp(tool->verb, "send") != 0)
		return tool_misused(name,
		    "%s is not known; known are request, send and tail",
		    tool->verb);
	if (n < 2 || n > 3)
		return tool_misused(
		    name, "%s takes a TYPE and a BODY", tool->verb);
	tool->type = argv[optind + 1];
	tool->text = n > 2 ? argv[optind + 2] : "{}";
	if (take_self(tool) != 0)
		return EXIT_USAGE;
	return take_type(tool);
}

static int
parse(struct tool *tool, int argc, char **argv)
{
	static const struct option options[] = {
		{ "keys", required_argument, NULL, 'k' },
		{ "as", required_argument, NULL, 'a' },
		{ "timeout", required_argument, NULL, 't' },
		{ "count", required_argument, NULL, 'c' },
		{ NULL, 0, NULL, 0 },
	};
	int flag, bad = 0;

	while ((flag = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (flag == 'k')
			tool->keys_file = optarg;
		else if (flag == 'a')
			tool->as = optarg;
		else if (flag == 't')
			bad |= tool_number(optarg, 1, 3600, &tool->timeout_s);
		else if (flag == 'c')
			bad |= tool_number(optarg, 1, 1000000, &tool->count);
		else
			return tool_bad_flag(name, flag, argv);
	}
	if (bad != 0)
		return tool_misused(name,
		    "--timeout is 1 to 3600 seconds, --count 1 to 1000000");
	return take_words(tool, argc, argv);
}

int
bus_run(int argc, char **argv)
{
	struct tool tool = { .timeout_s = 10, .status = -1 };
	int status;

	buf_init(&tool.body);
	status = parse(&tool, argc, argv);
	if (status != 0) {
		buf_release(&tool.body);
		return status;
	}
	status = run(&tool);
	/* Sockets of nng are never closed, because that can hang. */
	fflush(stdout);
	_exit(status);
}
