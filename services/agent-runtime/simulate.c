/* `agent-runtime simulate`: what would become of a message. */

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/agent-runtime/client.h"
#include "services/agent-runtime/screen.h"
#include "services/agent-runtime/settings.h"
#include "services/agent-runtime/tools.h"
#include "services/agent-runtime/traces.h"

static const char name[] = "simulate";

/* A model may take a minute, and be tried again. */
enum { WAIT_MS = 120 * 1000 };

struct simulate {
	const char *as, *in;
	bool is_overheard, without_model, as_json;
	struct buf text;
};

static void
put_body(const struct simulate *s, struct buf *body)
{
	struct json_out out;

	json_out_init(&out, body);
	json_out_object(&out, NULL);
	json_out_str(&out, "as", s->as);
	json_out_str(&out, "in", s->in);
	json_out_str(&out, "text", s->text.data);
	json_out_bool(&out, "is_overheard", s->is_overheard);
	json_out_bool(&out, "use_model", !s->without_model);
	json_out_object_end(&out);
}

static void
show_tools(const struct json *tools)
{
	const struct json *tool = tools ? json_first(tools) : NULL;

	for (; tool; tool = json_next(tool))
		screen_print(json_str(tool, ""), "  offered    ", "");
}

static void
show_wants(const struct json *wants)
{
	const struct json *want = wants ? json_first(wants) : NULL;

	for (; want; want = json_next(want)) {
		AUTO(buf_release)
		struct buf line = { 0 };

		buf_init(&line);
		buf_addf(&line, "%s %s", trace_str(want, "name"),
		    trace_str(want, "arguments"));
		screen_print(line.data, "  would call ", "             ");
	}
}

static void
show(const struct json *answer)
{
	AUTO(buf_release)
	struct buf line = { 0 };

	screen_say(stdout, trace_str(answer, "text"), "", "");
	putchar('\n');
	buf_init(&line);
	buf_addf(&line, "%s as %s in %s", trace_str(answer, "as"),
	    trace_str(answer, "role"), trace_str(answer, "context_id"));
	screen_print(line.data, "", "");
	trace_print_heard(json_get(answer, "heard"));
	if (!json_bool(json_get(answer, "has_turn"), false))
		return;
	trace_print_turn(json_get(answer, "turn"));
	show_tools(json_get(answer, "tools"));
	show_wants(json_get(answer, "wants"));
	if (*trace_str(answer, "reply"))
		screen_say(stdout, trace_str(answer, "reply"), "\n", "");
}

static int
run(const struct simulate *s, struct client *client)
{
	AUTO(client_answer_release)
	struct client_answer answer = { 0 };
	AUTO(buf_release)
	struct buf body = { 0 };
	struct client_request request = {
		.method = "POST",
		.path = "/api/v1/simulate",
		.body = &body,
		.timeout_ms = WAIT_MS,
	};
	struct err err;

	buf_init(&body);
	put_body(s, &body);
	if (client_call(client, &request, &answer, &err) < 0)
		return tool_failed(name, &err);
	if (s->as_json)
		fwrite(answer.text.data, 1, answer.text.size, stdout);
	else
		show(answer.json);
	return EXIT_OK;
}

static int
take_flag(struct simulate *s, int flag, char **argv)
{
	switch (flag) {
	case 'a':
		s->as = optarg;
		return 0;
	case 'i':
		s->in = optarg;
		return 0;
	case 'o':
		s->is_overheard = true;
		return 0;
	case 'n':
		s->without_model = true;
		return 0;
	case 'j':
		s->as_json = true;
		return 0;
	default:
		return tool_bad_flag(name, flag, argv);
	}
}

static int
parse(struct simulate *s, int argc, char **argv)
{
	static const struct option options[] = {
		{ "as", required_argument, NULL, 'a' },
		{ "in", required_argument, NULL, 'i' },
		{ "overheard", no_argument, NULL, 'o' },
		{ "no-model", no_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	int flag, status = 0;

	while (status == 0 &&
	       (flag = getopt_long(argc, argv, ":", options, NULL)) != -1)
		status = take_flag(s, flag, argv);
	if (status != 0)
		return status;
	for (int i = optind; i < argc; i++)
		buf_addf(&s->text, "%s%s", i > optind ? " " : "", argv[i]);
	if (!s->as || !s->in || s->text.size == 0)
		return tool_misused(
		    name, "say --as whom, --in which context, and the words");
	return 0;
}

static int
open_and_run(const struct simulate *s)
{
	struct settings settings;
	struct client *client = NULL;
	struct err err;
	int status;

	if (settings_load(&settings, &err) < 0)
		return tool_failed(name, &err);
	status = client_open(&client, &settings, &err) == 0
		     ? run(s, client)
		     : tool_failed(name, &err);
	client_close(&client);
	settings_release(&settings);
	return status;
}

int
simulate_run(int argc, char **argv)
{
	struct simulate s = { 0 };
	int status;

	buf_init(&s.text);
	status = parse(&s, argc, argv);
	if (status == 0)
		status = open_and_run(&s);
	buf_release(&s.text);
	return status;
}
