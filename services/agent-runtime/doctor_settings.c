/* What doctor looks at in the configuration, and whether the suite runs. */

#include "services/agent-runtime/doctor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/secret_file.h"
#include "proto/routes.h"
#include "services/agent-runtime/client.h"
#include "services/agent-runtime/find.h"
#include "services/agent-runtime/health.h"
#include "services/agent-runtime/variables.h"

extern char **environ;

static bool
is_set(const char *variable)
{
	const char *value = getenv(variable);
	char file[160];

	if (value != NULL && value[strspn(value, " \t\r\n")] != '\0')
		return true;
	snprintf(file, sizeof(file), "%s_FILE", variable);
	value = getenv(file);
	return value != NULL && *value != '\0';
}

struct unknowns {
	struct doctor *doctor;
	int n;
};

static void
on_unknown(void *arg, const char *variable, const char *nearest)
{
	struct unknowns *unknowns = arg;
	char fix[256] = "remove it, or see `agent-runtime config` for the "
			"names";

	unknowns->n++;
	if (nearest != NULL)
		snprintf(fix, sizeof(fix), "did you mean %s?", nearest);
	doctor_find(unknowns->doctor, FINDING_WARN, "variables", fix,
	    "%s is set and nobody reads it", variable);
}

void
check_variables(struct doctor *doctor)
{
	struct unknowns unknowns = { .doctor = doctor };

	variables_each_unknown(environ, on_unknown, &unknowns);
	if (unknowns.n == 0)
		doctor_find(doctor, FINDING_OK, "variables", "",
		    "every AGENT_RUNTIME_ variable is read by somebody");
}

static bool
complain_of_secret(struct doctor *doctor, const char *variable)
{
	char name[160], fix[4200];
	const char *path;
	mode_t mode;

	snprintf(name, sizeof(name), "%s_FILE", variable);
	path = getenv(name);
	if (path == NULL || !secret_file_is_open(path, &mode))
		return false;
	snprintf(fix, sizeof(fix), "chmod 600 %s", path);
	doctor_find(doctor, FINDING_WARN, "secret-files", fix,
	    "%s: others may use %s (mode %o)", name, path, (unsigned)mode);
	return true;
}

void
check_secret_files(struct doctor *doctor)
{
	int n_open = 0;

	for (size_t i = 0; i < n_variables; i++)
		n_open += variable_is_secret(&variables[i]) &&
			  complain_of_secret(doctor, variables[i].name);
	if (n_open == 0)
		doctor_find(doctor, FINDING_OK, "secret-files", "",
		    "no file of a secret is open to others");
}

/* Runs `program --check` and appends what it says; its exit status. */
static int
ask_program(const char *path, struct buf *out)
{
	char *argv[] = { (char *)(uintptr_t)path, (char *)(uintptr_t) "--check",
		NULL };
	posix_spawn_file_actions_t actions;
	char part[512];
	int ends[2], status = -1;
	ssize_t size;
	pid_t pid;

	if (pipe(ends) < 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
	posix_spawn_file_actions_addclose(&actions, ends[0]);
	posix_spawn_file_actions_addclose(&actions, ends[1]);
	if (posix_spawn(&pid, path, &actions, NULL, argv, environ) != 0)
		pid = -1;
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	while (pid > 0 && (size = read(ends[0], part, sizeof(part))) > 0)
		buf_add(out, part, (size_t)size);
	close(ends[0]);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void
check_configuration(struct doctor *doctor)
{
	char path[4096];
	struct err err;
	int n_bad = 0;

	for (unsigned id = 0; id < SVC_COUNT; id++) {
		const char *program = service_name((enum service_id)id);
		AUTO(buf_release)
		struct buf said;

		buf_init(&said);
		if (find_program(path, program, &err) < 0 ||
		    ask_program(path, &said) == 0)
			continue;
		n_bad++;
		doctor_find(doctor, FINDING_ERR, "configuration",
		    "set the variable as it says", "%s",
		    said.size > 0 ? said.data : program);
	}
	if (n_bad == 0)
		doctor_find(doctor, FINDING_OK, "configuration", "",
		    "every daemon accepts its configuration");
}

const char *
doctor_value(const char *variable)
{
	const struct variable *v = variable_find(NULL, variable);
	const char *value = getenv(variable);

	if (value != NULL && *value != '\0')
		return value;
	return v != NULL ? v->fallback : "";
}

/* Whether somebody listens at 127.0.0.1 and the port of the address. */
static bool
is_taken(const char *address)
{
	const char *colon = strrchr(address, ':');
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	AUTO(fd_close)
	int fd = -1;
	long port = colon != NULL ? strtol(colon + 1, NULL, 10) : 0;

	if (port <= 0 || port > UINT16_MAX)
		return false;
	at.sin_port = htons((uint16_t)port);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0;
}

static bool
suite_runs(const struct doctor *doctor)
{
	struct client *client;
	struct err err;
	bool runs;

	if (client_open(&client, doctor_settings(doctor), &err) < 0)
		return false;
	runs = client_suite_is_running(client);
	client_close(&client);
	return runs;
}

void
check_port(struct doctor *doctor)
{
	const char *address = doctor_value("AGENT_RUNTIME_HTTP_ADDR");

	if (strcmp(address, "off") == 0)
		doctor_find(doctor, FINDING_OK, "http-port", "",
		    "AGENT_RUNTIME_HTTP_ADDR=off: only the unix socket is "
		    "served");
	else if (!suite_runs(doctor) && is_taken(address))
		doctor_find(doctor, FINDING_ERR, "http-port",
		    "stop that program, or set AGENT_RUNTIME_HTTP_ADDR to "
		    "another port or to off",
		    "another program listens at the port of %s", address);
	else
		doctor_find(doctor, FINDING_OK, "http-port", "",
		    "AGENT_RUNTIME_HTTP_ADDR=%s", address);
}

void
check_model(struct doctor *doctor)
{
	if (is_set("AGENT_RUNTIME_LLM_API_KEY") ||
	    is_set("AGENT_RUNTIME_LLM_BASE_URL"))
		doctor_find(doctor, FINDING_OK, "model", "",
		    "a model is configured (provider %s)",
		    doctor_value("AGENT_RUNTIME_LLM_PROVIDER"));
	else
		doctor_find(doctor, FINDING_OK, "model", "",
		    "no model: answers are passages of your Markdown; set "
		    "AGENT_RUNTIME_LLM_API_KEY or AGENT_RUNTIME_LLM_BASE_URL "
		    "to connect one");
}

void
check_connectors(struct doctor *doctor)
{
	static const struct {
		const char *id, *needs[3];
		const char *works; /* what to know; NULL: not yet */
	} connectors[] = {
		{ "connector-telegram", { "AGENT_RUNTIME_TELEGRAM_TOKEN" },
		    "in groups it sees what is said to it, or everything once "
		    "privacy mode is off (@BotFather, /setprivacy)" },
		{ "connector-discord", { "AGENT_RUNTIME_DISCORD_TOKEN" },
		    NULL },
		{ "connector-imap",
		    { "AGENT_RUNTIME_IMAP_HOST", "AGENT_RUNTIME_IMAP_USERNAME",
			"AGENT_RUNTIME_IMAP_PASSWORD" },
		    NULL },
	};

	for (size_t i = 0; i < N_OF(connectors); i++) {
		const char *missing = NULL;
		bool has_any = false;

		for (size_t k = 0; k < N_OF(connectors[i].needs); k++) {
			const char *need = connectors[i].needs[k];

			if (need != NULL && is_set(need))
				has_any = true;
			else if (need != NULL && missing == NULL)
				missing = need;
		}
		if (missing == NULL && connectors[i].works)
			doctor_find(doctor, FINDING_OK, connectors[i].id, "",
			    "has its credentials; %s", connectors[i].works);
		else if (missing == NULL)
			doctor_find(doctor, FINDING_WARN, connectors[i].id,
			    "none yet: leave them, or unset them to switch it "
			    "off",
			    "has its credentials, but this version cannot use "
			    "them yet");
		else if (has_any)
			doctor_find(doctor, FINDING_ERR, connectors[i].id,
			    "set the rest of its variables, or none",
			    "will not start (status 2), because %s is not set",
			    missing);
		else
			doctor_find(doctor, FINDING_OK, connectors[i].id, "",
			    "is off; %s turns it on", missing);
	}
}

static void
check_health(struct doctor *doctor, struct client *client)
{
	struct health_row rows[HEALTH_MAX_ROWS];
	struct health_view view;
	size_t n;
	int n_bad = 0;

	health_look(&view, doctor_settings(doctor), client);
	n = health_rows(&view, rows);
	for (size_t i = 0; i < n; i++) {
		/* Without a heartbeat that is the best that is known. */
		if (health_row_is_well(&rows[i]) ||
		    (view.heartbeat == NULL &&
			strcmp(rows[i].state, "running") == 0))
			continue;
		n_bad++;
		doctor_find(doctor, FINDING_ERR, "suite",
		    "see `agent-runtime logs`, or the terminal that serve "
		    "was started in",
		    "%s is %s%s%s", rows[i].name, rows[i].state,
		    *rows[i].note != '\0' ? ": " : "", rows[i].note);
	}
	if (n_bad == 0 && health_all_well(&view))
		doctor_find(
		    doctor, FINDING_OK, "suite", "", "all daemons are well");
	else if (n_bad == 0)
		doctor_find(doctor, FINDING_ERR, "suite",
		    "see `agent-runtime status`", "it runs, but: %s",
		    *view.why != '\0' ? view.why : "it is not ready");
	health_view_release(&view);
}

void
check_suite(struct doctor *doctor)
{
	struct client *client;
	struct err err;

	if (client_open(&client, doctor_settings(doctor), &err) < 0) {
		doctor_find(doctor, FINDING_ERR, "suite",
		    "set the variable as it says", "%s", err.text);
		return;
	}
	if (client_suite_is_running(client))
		check_health(doctor, client);
	else
		doctor_find(doctor, FINDING_OK, "suite", "",
		    "is not running; `agent-runtime serve` or ./scripts/run "
		    "starts it");
	client_close(&client);
}
