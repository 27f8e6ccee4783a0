/* `agent-runtime chat pairing`: links an account to a person. */

#include <assert.h>
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

static const char name[] = "chat";

enum { MAX_TIMEOUT_S = 600, MAX_EXPIRY_S = 24 * 60 * 60 };

struct pairing {
	const char *connector, *external_id, *from_user_id, *display_name;
	const char *approver, *role, *target, *workspace, *reason, *token;
	long timeout_s, expires_s;
	bool as_json;
	struct client *client;
};

/* Which of the answer's keys are shown, each behind its words. */
struct line {
	const char *key, *label;
	bool is_optional;
};

// clang-format off
static const struct line started_lines[] = {
	{ "id", "Pairing started", false },
	{ "token", "Token", false },
	{ "token_hint", "Token hint", false },
	{ "connector", "Connector", false },
	{ "connector_user_id", "Connector user id", false },
	{ "display_name", "Display name", false },
	{ "status", "Status", false },
	{ "expires_at_unix", "Expires at", false },
};
static const struct line lookup_lines[] = {
	{ "id", "Pairing", false },
	{ "token_hint", "Token hint", false },
	{ "connector", "Connector", false },
	{ "connector_user_id", "Connector user id", false },
	{ "display_name", "Display name", false },
	{ "status", "Status", false },
	{ "expires_at_unix", "Expires at", false },
	{ "approved_user_id", "Approved user id", true },
	{ "approver_user_id", "Approver user id", true },
	{ "denied_reason", "Denied reason", true },
};
static const struct line approved_lines[] = {
	{ "id", "Pairing approved", false },
	{ "status", "Status", false },
	{ "approved_user_id", "Approved user id", false },
	{ "approver_user_id", "Approver user id", false },
	{ "identity_id", "Identity id", false },
	{ "connector", "Connector", false },
	{ "connector_user_id", "Connector user id", false },
	{ "role", "Role", true },
	{ "workspace_id", "Workspace", true },
};
static const struct line denied_lines[] = {
	{ "id", "Pairing denied", false },
	{ "status", "Status", false },
	{ "approver_user_id", "Approver user id", false },
	{ "denied_reason", "Reason", false },
};
static const struct line admin_lines[] = {
	{ "connector_user_id", "Connector user id", false },
	{ "role", "Assigned role", false },
	{ "approved_user_id", "Approved user id", false },
	{ "approver_user_id", "Approver user id", false },
	{ "identity_id", "Identity id", false },
};
// clang-format on

static void
show_line(const struct line *line, const struct json *value)
{
	AUTO(buf_release)
	struct buf text = { 0 };
	char at[CLOCK_RFC3339_SIZE];

	buf_init(&text);
	if (strcmp(line->key, "expires_at_unix") == 0) {
		clock_rfc3339(at, json_int(value, 0) * 1000);
		buf_addf(&text, "%s: %s", line->label, at);
	} else {
		buf_addf(&text, "%s: %s", line->label, json_str(value, ""));
	}
	screen_print(text.data, "", "");
}

static void
show(const struct pairing *p, const struct client_answer *answer,
    const struct line *lines, size_t n)
{
	if (p->as_json) {
		fwrite(answer->text.data, 1, answer->text.size, stdout);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const struct json *value = json_get(answer->json, lines[i].key);

		if (!lines[i].is_optional || *json_str(value, ""))
			show_line(&lines[i], value);
	}
}

static int
call(struct pairing *p, const char *method, const char *path,
    const struct buf *body, struct client_answer *answer, struct err *err)
{
	const struct client_request request = {
		.method = method,
		.path = path,
		.body = body,
		.timeout_ms = p->timeout_s * 1000,
	};

	return client_call(p->client, &request, answer, err);
}

/* What is asked for, by keys; those without a value are left out. */
struct question {
	const char *path;
	struct {
		const char *key, *value;
	} texts[5];
	long expires_s;
};

static int
post(struct pairing *p, const struct question *question,
    struct client_answer *answer, struct err *err)
{
	AUTO(buf_release)
	struct buf body;
	struct json_out out;

	buf_init(&body);
	json_out_init(&out, &body);
	json_out_object(&out, NULL);
	for (size_t i = 0; i < N_OF(question->texts); i++)
		if (question->texts[i].value && *question->texts[i].value)
			json_out_str(&out, question->texts[i].key,
			    question->texts[i].value);
	if (question->expires_s > 0)
		json_out_int(&out, "expires_in_sec", question->expires_s);
	json_out_object_end(&out);
	return call(p, "POST", question->path, &body, answer, err);
}

static int
start(struct pairing *p, struct client_answer *answer, struct err *err)
{
	const struct question question = {
		.path = "/api/v1/pairings/start",
		.texts = { { "connector", p->connector },
		    { "connector_user_id", p->from_user_id },
		    { "display_name", p->display_name } },
		.expires_s = p->expires_s,
	};

	return post(p, &question, answer, err);
}

static int
approve(struct pairing *p, struct client_answer *answer, struct err *err)
{
	const struct question question = {
		.path = "/api/v1/pairings/approve",
		.texts = { { "token", p->token },
		    { "approver_user_id", p->approver }, { "role", p->role },
		    { "target_user_id", p->target },
		    { "workspace_id", p->workspace } },
	};

	return post(p, &question, answer, err);
}

static int
deny(struct pairing *p, struct client_answer *answer, struct err *err)
{
	const struct question question = {
		.path = "/api/v1/pairings/deny",
		.texts = { { "token", p->token },
		    { "approver_user_id", p->approver },
		    { "reason", p->reason } },
	};

	return post(p, &question, answer, err);
}

static int
run_start(struct pairing *p, struct client_answer *answer, struct err *err)
{
	if (start(p, answer, err) < 0)
		return -1;
	show(p, answer, started_lines, N_OF(started_lines));
	return 0;
}

static bool
is_plain(const char *token)
{
	return token[strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz0123456789")] ==
	       '\0';
}

static int
run_lookup(struct pairing *p, struct client_answer *answer, struct err *err)
{
	AUTO(buf_release)
	struct buf path = { 0 };

	if (!is_plain(p->token))
		return err_set(
		    err, ERR_INVALID, "a token is letters and digits only");
	buf_init(&path);
	buf_addf(&path, "/api/v1/pairings/lookup?token=%s", p->token);
	if (call(p, "GET", path.data, NULL, answer, err) < 0)
		return -1;
	show(p, answer, lookup_lines, N_OF(lookup_lines));
	return 0;
}

static int
run_approve(struct pairing *p, struct client_answer *answer, struct err *err)
{
	if (approve(p, answer, err) < 0)
		return -1;
	show(p, answer, approved_lines, N_OF(approved_lines));
	return 0;
}

static int
run_deny(struct pairing *p, struct client_answer *answer, struct err *err)
{
	if (deny(p, answer, err) < 0)
		return -1;
	show(p, answer, denied_lines, N_OF(denied_lines));
	return 0;
}

/* The first overlord or admin: both steps with the local credential. */
static int
run_pair_admin(struct pairing *p, struct client_answer *answer, struct err *err)
{
	AUTO(client_answer_release)
	struct client_answer started = { 0 };

	if (start(p, &started, err) < 0)
		return -1;
	p->token = json_str(json_get(started.json, "token"), "");
	if (!*p->approver)
		p->approver = p->from_user_id;
	if (approve(p, answer, err) < 0)
		return -1;
	if (!p->as_json)
		printf("Admin pairing ready for %s/%s\n", p->connector,
		    p->from_user_id);
	show(p, answer, admin_lines, N_OF(admin_lines));
	if (!p->as_json)
		printf("Pairing token hint: %s\n",
		    json_str(json_get(started.json, "token_hint"), ""));
	return 0;
}

static const struct verb {
	const char *name;
	bool takes_token;
	int (*run)(
	    struct pairing *p, struct client_answer *answer, struct err *err);
} verbs[] = {
	{ "start", false, run_start },
	{ "lookup", true, run_lookup },
	{ "approve", true, run_approve },
	{ "deny", true, run_deny },
	{ "pair-admin", false, run_pair_admin },
};

static int
take_number(const char *flag, const char *text, long most, long *out)
{
	if (tool_number(text, 1, most, out) == 0)
		return 0;
	return tool_misused(name,
	    "%s %s: allowed is a whole number from 1 to %ld", flag, text, most);
}

static int
take_flag(struct pairing *p, int flag, char *const *argv)
{
	const struct {
		int flag;
		const char **text;
	} texts[] = {
		{ 'c', &p->connector },
		{ 'e', &p->external_id },
		{ 'f', &p->from_user_id },
		{ 'd', &p->display_name },
		{ 'a', &p->approver },
		{ 'r', &p->role },
		{ 'u', &p->target },
		{ 'w', &p->workspace },
		{ 'y', &p->reason },
	};

	for (size_t i = 0; i < N_OF(texts); i++)
		if (texts[i].flag == flag) {
			*texts[i].text = optarg;
			return 0;
		}
	if (flag == 't')
		return take_number(
		    "--timeout-sec", optarg, MAX_TIMEOUT_S, &p->timeout_s);
	if (flag == 'x')
		return take_number(
		    "--expires-in-sec", optarg, MAX_EXPIRY_S, &p->expires_s);
	if (flag != 'j')
		return tool_bad_flag(name, flag, argv);
	p->as_json = true;
	return 0;
}

static int
take_words(struct pairing *p, int argc, char **argv, const struct verb **out)
{
	int n = argc - optind;

	for (size_t i = 0; n > 0 && i < N_OF(verbs); i++)
		if (strcmp(verbs[i].name, argv[optind]) == 0)
			*out = &verbs[i];
	if (!*out)
		return tool_misused(name,
		    "pairing: say what to do: start, lookup, approve, deny or "
		    "pair-admin");
	if (n != ((*out)->takes_token ? 2 : 1))
		return tool_misused(name, "pairing %s takes %s", (*out)->name,
		    (*out)->takes_token ? "one token" : "no argument");
	p->token = (*out)->takes_token ? argv[optind + 1] : "";
	if (strcmp((*out)->name, "deny") == 0 && !*p->reason)
		return tool_misused(name, "pairing deny needs --reason TEXT");
	return 0;
}

static int
parse(struct pairing *p, int argc, char **argv, const struct verb **out)
{
	static const struct option options[] = {
		{ "connector", required_argument, NULL, 'c' },
		{ "external-id", required_argument, NULL, 'e' },
		{ "from-user-id", required_argument, NULL, 'f' },
		{ "display-name", required_argument, NULL, 'd' },
		{ "approver-user-id", required_argument, NULL, 'a' },
		{ "role", required_argument, NULL, 'r' },
		{ "target-user-id", required_argument, NULL, 'u' },
		{ "workspace-id", required_argument, NULL, 'w' },
		{ "reason", required_argument, NULL, 'y' },
		{ "timeout-sec", required_argument, NULL, 't' },
		{ "expires-in-sec", required_argument, NULL, 'x' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	int flag, status;

	while ((flag = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		status = take_flag(p, flag, argv);
		if (status != 0)
			return status;
	}
	return take_words(p, argc, argv, out);
}

int
pairing_run(int argc, char **argv)
{
	struct pairing p = {
		.connector = "codex",
		.external_id = "codex-cli",
		.from_user_id = "",
		.display_name = "",
		.approver = "",
		.role = "admin",
		.target = "",
		.workspace = "",
		.reason = "",
		.timeout_s = 120,
		.expires_s = 600,
	};
	AUTO(client_answer_release)
	struct client_answer answer = { 0 };
	const struct verb *verb = NULL;
	struct settings settings;
	struct err err;
	int status = parse(&p, argc, argv, &verb);

	if (status != 0)
		return status;
	assert(verb != NULL); /* parse has found it */
	if (!*p.from_user_id)
		p.from_user_id = p.external_id;
	/* Who says no name is called by the account's own. */
	if (!*p.display_name)
		p.display_name = p.from_user_id;
	if (settings_load(&settings, &err) < 0)
		return tool_failed(name, &err);
	status = EXIT_OK;
	if (client_open(&p.client, &settings, &err) < 0 ||
	    verb->run(&p, &answer, &err) < 0)
		status = tool_failed(name, &err);
	client_close(&p.client);
	settings_release(&settings);
	return status;
}
