/* `agent-runtime token`: the credentials of tools. */

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/agent-runtime/client.h"
#include "services/agent-runtime/screen.h"
#include "services/agent-runtime/settings.h"
#include "services/agent-runtime/tools.h"

static const char name[] = "token";

struct token {
	const char *verb, *tool, *connector, *external_id;
	bool as_json;
	struct client *client;
};

static int
call(struct token *t, const char *method, const char *path,
    const struct buf *body, struct client_answer *answer, struct err *err)
{
	struct client_request request = {
		.method = method,
		.path = path,
		.body = body,
	};

	return client_call(t->client, &request, answer, err);
}

static void
put_body(struct buf *body, const struct token *t)
{
	struct json_out out;

	json_out_init(&out, body);
	json_out_object(&out, NULL);
	json_out_str(&out, "name", t->tool);
	if (t->connector != NULL)
		json_out_str(&out, "connector", t->connector);
	if (t->external_id != NULL)
		json_out_str(&out, "external_id", t->external_id);
	json_out_object_end(&out);
}

static void
show_made(const struct json *made)
{
	const char *connector = json_str(json_get(made, "connector"), "");

	/* Alone on stdout, so that a script can take it. */
	screen_print(json_str(json_get(made, "token"), ""), "", "");
	fflush(stdout);
	fprintf(stderr,
	    "This token is shown only now. It speaks as connector %s, "
	    "external id %s:\n  Authorization: Bearer <token>\n",
	    connector, json_str(json_get(made, "external_id"), ""));
}

static void
show_one(const struct json *item)
{
	AUTO(buf_release)
	struct buf line;
	char made[CLOCK_RFC3339_SIZE], used[CLOCK_RFC3339_SIZE] = "never";
	int64_t last = json_int(json_get(item, "last_used_unix"), 0);

	clock_rfc3339(
	    made, json_int(json_get(item, "created_at_unix"), 0) * 1000);
	if (last > 0)
		clock_rfc3339(used, last * 1000);
	buf_init(&line);
	buf_addf(&line, "%-20s %-8s %-24s %-21s %-21s %s",
	    json_str(json_get(item, "name"), "?"),
	    json_str(json_get(item, "connector"), "?"),
	    json_str(json_get(item, "external_id"), "?"), made, used,
	    json_bool(json_get(item, "is_revoked"), false) ? "revoked" : "");
	while (line.size > 0 && line.data[line.size - 1] == ' ')
		buf_truncate(&line, line.size - 1);
	screen_print(line.data, "", "");
}

static void
show_list(const struct json *answer)
{
	const struct json *items = json_get(answer, "items");
	const struct json *item = items != NULL ? json_first(items) : NULL;

	if (item == NULL) {
		fprintf(stderr, "there is no tool's token yet; make one with "
				"agent-runtime token add NAME\n");
		return;
	}
	printf("%-20s %-8s %-24s %-21s %-21s\n", "name", "as", "external id",
	    "made", "last used");
	for (; item != NULL; item = json_next(item))
		show_one(item);
}

static int
act(struct token *t, struct client_answer *answer, struct err *err)
{
	AUTO(buf_release)
	struct buf body;

	buf_init(&body);
	put_body(&body, t);
	if (strcmp(t->verb, "add") == 0)
		return call(t, "POST", "/api/v1/tokens", &body, answer, err);
	if (strcmp(t->verb, "revoke") == 0)
		return call(
		    t, "POST", "/api/v1/tokens/revoke", &body, answer, err);
	return call(t, "GET", "/api/v1/tokens", NULL, answer, err);
}

static int
run(struct token *t)
{
	AUTO(client_answer_release)
	struct client_answer answer = { 0 };
	struct err err;

	if (act(t, &answer, &err) < 0)
		return tool_failed(name, &err);
	if (t->as_json)
		fwrite(answer.text.data, 1, answer.text.size, stdout);
	else if (strcmp(t->verb, "add") == 0)
		show_made(answer.json);
	else if (strcmp(t->verb, "list") == 0)
		show_list(answer.json);
	else
		fprintf(
		    stderr, "the token %s is of no use any more\n", t->tool);
	return EXIT_OK;
}

static int
take_words(struct token *t, int argc, char **argv)
{
	int n = argc - optind;

	if (n < 1)
		return tool_misused(
		    name, "say what to do: add, list or revoke");
	t->verb = argv[optind];
	t->tool = n > 1 ? argv[optind + 1] : "";
	if (strcmp(t->verb, "list") == 0)
		return n == 1 ? 0
			      : tool_misused(name, "list takes no argument");
	if (strcmp(t->verb, "add") != 0 && strcmp(t->verb, "revoke") != 0)
		return tool_misused(name,
		    "%s is not known; known are add, list and revoke", t->verb);
	if (n != 2)
		return tool_misused(name, "%s takes one name", t->verb);
	return 0;
}

static int
parse(struct token *t, int argc, char **argv)
{
	static const struct option options[] = {
		{ "connector", required_argument, NULL, 'c' },
		{ "external-id", required_argument, NULL, 'e' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	int flag;

	while ((flag = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (flag == 'c')
			t->connector = optarg;
		else if (flag == 'e')
			t->external_id = optarg;
		else if (flag == 'j')
			t->as_json = true;
		else
			return tool_bad_flag(name, flag, argv);
	}
	return take_words(t, argc, argv);
}

int
token_run(int argc, char **argv)
{
	struct settings settings;
	struct token t = { .verb = "", .tool = "" };
	struct err err;
	int status = parse(&t, argc, argv);

	if (status != 0)
		return status;
	if (strcmp(t.verb, "add") == 0 && t.connector == NULL)
		t.connector = "codex";
	if (settings_load(&settings, &err) < 0)
		return tool_failed(name, &err);
	if (client_open(&t.client, &settings, &err) == 0) {
		status = run(&t);
		client_close(&t.client);
	} else {
		status = tool_failed(name, &err);
	}
	settings_release(&settings);
	return status;
}
