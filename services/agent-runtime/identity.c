/* `agent-runtime identity`: people, their accounts and their roles. */

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/agent-runtime/client.h"
#include "services/agent-runtime/screen.h"
#include "services/agent-runtime/settings.h"
#include "services/agent-runtime/tools.h"

static const char name[] = "identity";

struct identity {
	const char *verb, *subject, *role, *workspace;
	bool as_json;
	struct client *client;
};

static int
post(struct identity *i, const char *path, const struct buf *body,
    struct client_answer *answer, struct err *err)
{
	const struct client_request request = {
		.method = body ? "POST" : "GET",
		.path = path,
		.body = body,
	};

	return client_call(i->client, &request, answer, err);
}

static void
put_body(struct buf *body, const struct identity *i)
{
	struct json_out out;

	json_out_init(&out, body);
	json_out_object(&out, NULL);
	if (strcmp(i->verb, "unlink") == 0) {
		json_out_str(&out, "identity_id", i->subject);
	} else {
		json_out_str(&out, "user_id", i->subject);
		json_out_str(&out, "role", i->role);
		json_out_str(&out, "workspace_id", i->workspace);
	}
	json_out_object_end(&out);
}

static int
act(struct identity *i, struct client_answer *answer, struct err *err)
{
	AUTO(buf_release)
	struct buf body = { 0 };

	if (strcmp(i->verb, "list") == 0)
		return post(i, "/api/v1/identities", NULL, answer, err);
	buf_init(&body);
	put_body(&body, i);
	return post(i,
	    strcmp(i->verb, "unlink") == 0 ? "/api/v1/identities/unlink"
					   : "/api/v1/identities/role",
	    &body, answer, err);
}

static void
show_person(const struct json *person)
{
	AUTO(buf_release)
	struct buf line = { 0 };
	const struct json *list = json_get(person, "identities");

	buf_init(&line);
	buf_addf(&line, "%s  %s", json_str(json_get(person, "user_id"), "?"),
	    json_str(json_get(person, "display_name"), "?"));
	screen_print(line.data, "", "");
	for (const struct json *j = list ? json_first(list) : NULL; j;
	     j = json_next(j)) {
		buf_reset(&line);
		buf_addf(&line, "    account  %s %s  (%s)",
		    json_str(json_get(j, "connector"), "?"),
		    json_str(json_get(j, "connector_user_id"), "?"),
		    json_str(json_get(j, "id"), "?"));
		screen_print(line.data, "", "");
	}
	list = json_get(person, "roles");
	for (const struct json *j = list ? json_first(list) : NULL; j;
	     j = json_next(j)) {
		const char *where = json_str(json_get(j, "workspace_id"), "*");

		buf_reset(&line);
		buf_addf(&line, "    role     %s %s%s",
		    json_str(json_get(j, "role"), "?"),
		    strcmp(where, "*") == 0 ? "in all workspaces" : "in ",
		    strcmp(where, "*") == 0 ? "" : where);
		screen_print(line.data, "", "");
	}
}

static void
show_list(const struct json *answer)
{
	const struct json *items = json_get(answer, "items");
	const struct json *item = items ? json_first(items) : NULL;

	if (!item)
		fprintf(stderr,
		    "nobody is linked yet; `agent-runtime chat pairing "
		    "pair-admin` makes the first admin\n");
	for (; item; item = json_next(item))
		show_person(item);
}

static void
show_changed(const struct json *answer)
{
	show_person(json_get(answer, "person"));
	fflush(stdout);
	fprintf(stderr,
	    "it counts from now on; stopped: %" PRId64
	    " turns and tasks, %" PRId64 " proposals\n",
	    json_int(json_get(answer, "n_turns_stopped"), 0),
	    json_int(json_get(answer, "n_actions_cancelled"), 0));
}

static int
run(struct identity *i)
{
	AUTO(client_answer_release)
	struct client_answer answer = { 0 };
	struct err err;

	if (act(i, &answer, &err) < 0)
		return tool_failed(name, &err);
	if (i->as_json)
		fwrite(answer.text.data, 1, answer.text.size, stdout);
	else if (strcmp(i->verb, "list") == 0)
		show_list(answer.json);
	else
		show_changed(answer.json);
	return EXIT_OK;
}

static int
take_words(struct identity *i, int argc, char **argv)
{
	static const struct {
		const char *verb;
		int n_words;
		const char *takes;
	} verbs[] = {
		{ "list", 1, "no argument" },
		{ "role", 3, "a user id and a role, or none" },
		{ "unlink", 2, "one identity id" },
	};
	int n = argc - optind;

	for (size_t k = 0; n > 0 && k < N_OF(verbs); k++) {
		if (strcmp(verbs[k].verb, argv[optind]) != 0)
			continue;
		if (n != verbs[k].n_words)
			return tool_misused(
			    name, "%s takes %s", verbs[k].verb, verbs[k].takes);
		i->verb = verbs[k].verb;
		i->subject = n > 1 ? argv[optind + 1] : "";
		i->role = n > 2 ? argv[optind + 2] : "";
		return 0;
	}
	return tool_misused(name, "say what to do: list, role or unlink");
}

static int
parse(struct identity *i, int argc, char **argv)
{
	static const struct option options[] = {
		{ "workspace-id", required_argument, NULL, 'w' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	int flag;

	while ((flag = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (flag == 'w')
			i->workspace = optarg;
		else if (flag == 'j')
			i->as_json = true;
		else
			return tool_bad_flag(name, flag, argv);
	}
	return take_words(i, argc, argv);
}

int
identity_run(int argc, char **argv)
{
	struct identity i = { .workspace = "*" };
	struct settings settings;
	struct err err;
	int status = parse(&i, argc, argv);

	if (status != 0)
		return status;
	if (settings_load(&settings, &err) < 0)
		return tool_failed(name, &err);
	status = client_open(&i.client, &settings, &err) == 0
		     ? run(&i)
		     : tool_failed(name, &err);
	client_close(&i.client);
	settings_release(&settings);
	return status;
}
