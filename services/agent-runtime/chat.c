/* `agent-runtime chat`: one message, or a prompt. */

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/agent-runtime/client.h"
#include "services/agent-runtime/prompt.h"
#include "services/agent-runtime/screen.h"
#include "services/agent-runtime/settings.h"
#include "services/agent-runtime/talk.h"
#include "services/agent-runtime/tools.h"

static const char name[] = "chat";

enum { MAX_TIMEOUT_S = 600 };

struct chat {
	struct settings settings;
	struct client *client;
	struct talk_identity identity;
	struct buf message;
	long timeout_s;
	bool has_message;
	bool as_json;
	bool has_failed;
};

static int
take_flag(struct chat *chat, int flag, char *const *argv)
{
	switch (flag) {
	case 'c':
		chat->identity.connector = optarg;
		return 0;
	case 'e':
		chat->identity.external_id = optarg;
		return 0;
	case 'f':
		chat->identity.from_user_id = optarg;
		return 0;
	case 'd':
		chat->identity.display_name = optarg;
		return 0;
	case 'm':
		chat->has_message = true;
		buf_reset(&chat->message);
		buf_adds(&chat->message, optarg);
		return 0;
	case 'j':
		chat->as_json = true;
		return 0;
	case 't':
		if (tool_number(optarg, 1, MAX_TIMEOUT_S, &chat->timeout_s) ==
		    0)
			return 0;
		return tool_misused(name,
		    "--timeout-sec %s: allowed is a whole number from 1 to "
		    "600",
		    optarg);
	}
	return tool_bad_flag(name, flag, argv);
}

static int
parse(struct chat *chat, int argc, char **argv)
{
	static const struct option options[] = {
		{ "connector", required_argument, NULL, 'c' },
		{ "external-id", required_argument, NULL, 'e' },
		{ "from-user-id", required_argument, NULL, 'f' },
		{ "display-name", required_argument, NULL, 'd' },
		{ "message", required_argument, NULL, 'm' },
		{ "timeout-sec", required_argument, NULL, 't' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	int flag, status;

	while ((flag = getopt_long(argc, argv, ":m:", options, NULL)) != -1) {
		status = take_flag(chat, flag, argv);
		if (status != 0)
			return status;
	}
	if (optind < argc)
		chat->has_message = true;
	for (int i = optind; i < argc; i++)
		buf_addf(&chat->message, "%s%s",
		    chat->message.size > 0 ? " " : "", argv[i]);
	return 0;
}

static int
say(struct chat *chat, const char *text, struct client_answer *answer,
    struct err *err)
{
	return talk(chat->client, &chat->identity, text, chat->timeout_s * 1000,
	    answer, err);
}

static int
once(struct chat *chat)
{
	AUTO(client_answer_release)
	struct client_answer answer = { 0 };
	const char *reply;
	struct err err;

	if (say(chat, chat->message.data, &answer, &err) < 0)
		return tool_failed(name, &err);
	if (chat->as_json) {
		fwrite(answer.text.data, 1, answer.text.size, stdout);
		return EXIT_OK;
	}
	reply = json_str(json_get(answer.json, "reply"), "");
	screen_say(stdout, *reply != '\0' ? reply : "(no reply)", "", "");
	return EXIT_OK;
}

static void
one_line(struct chat *chat, const char *line)
{
	AUTO(client_answer_release)
	struct client_answer answer = { 0 };
	const char *reply;
	struct err err;

	if (say(chat, line, &answer, &err) < 0) {
		fprintf(stderr, "chat request failed: %s\n", err.text);
		chat->has_failed = true;
		return;
	}
	reply = json_str(json_get(answer.json, "reply"), "");
	screen_say(
	    stdout, *reply != '\0' ? reply : "(no reply)", "agent> ", "      ");
	fflush(stdout);
}

static bool
is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

static bool
is_leaving(const char *line)
{
	return strcmp(line, "/exit") == 0 || strcmp(line, "/quit") == 0;
}

/* Which connectors are off, and why, in the words of their own beats. */
static void
add_connectors(struct buf *line, const struct json *heartbeat)
{
	const struct json *list = json_get(heartbeat, "components");
	bool is_first = true;

	for (const struct json *c = list != NULL ? json_first(list) : NULL;
	     c != NULL; c = json_next(c)) {
		if (strcmp(json_str(json_get(c, "state"), ""), "disabled") != 0)
			continue;
		buf_addf(line, "%s%s (%s)", is_first ? "; off: " : ", ",
		    json_str(json_get(c, "name"), "?"),
		    json_str(json_get(c, "message"), "no reason given"));
		is_first = false;
	}
}

static void
greet(struct chat *chat)
{
	AUTO(client_answer_release)
	struct client_answer answer = { 0 };
	AUTO(buf_release)
	struct buf line;
	struct client_request request = {
		.method = "GET",
		.path = "/api/v1/heartbeat",
		.timeout_ms = 5000,
	};
	struct err err;

	buf_init(&line);
	buf_addf(&line, "Your data lies in %s", chat->settings.data_dir);
	if (client_is_hopeless(chat->client, err.text))
		buf_addf(&line, "; %s", err.text);
	else if (client_call(chat->client, &request, &answer, &err) == 0)
		add_connectors(&line, answer.json);
	buf_adds(&line, "; /help says what you can do, /exit leaves.");
	screen_say(stdout, line.data, "", "");
	fflush(stdout);
}

/* Returns the exit status: whether somebody was there to talk to. */
static int
check_there(struct chat *chat)
{
	AUTO(client_answer_release)
	struct client_answer answer = { 0 };
	struct client_request request = {
		.method = "GET",
		.path = "/healthz",
		.timeout_ms = 5000,
	};
	struct err err;

	if (client_call(chat->client, &request, &answer, &err) == 0)
		return EXIT_OK;
	return tool_failed(name, &err);
}

static int
converse(struct chat *chat)
{
	struct prompt *prompt;
	const char *line;
	int status = check_there(chat);

	if (status != EXIT_OK)
		return status;
	if (isatty(STDIN_FILENO))
		greet(chat);
	prompt = prompt_open(chat->settings.data_dir);
	while ((line = prompt_read(prompt)) != NULL && !is_leaving(line))
		if (!is_blank(line))
			one_line(chat, line);
	prompt_close(&prompt);
	/* A person has seen it; a script asks for the status. */
	return chat->has_failed && !isatty(STDIN_FILENO) ? EXIT_FAILED
							 : EXIT_OK;
}

static int
run(struct chat *chat)
{
	struct err err;
	int status;

	if (settings_load(&chat->settings, &err) < 0)
		return tool_failed(name, &err);
	if (client_open(&chat->client, &chat->settings, &err) == 0) {
		status = chat->has_message ? once(chat) : converse(chat);
		client_close(&chat->client);
	} else {
		status = tool_failed(name, &err);
	}
	settings_release(&chat->settings);
	return status;
}

int
chat_run(int argc, char **argv)
{
	struct chat chat = { .timeout_s = 120 };
	int status;

	if (argc > 1 &&
	    (strcmp(argv[1], "pairing") == 0 || strcmp(argv[1], "pair") == 0))
		return pairing_run(argc - 1, argv + 1);
	buf_init(&chat.message);
	status = parse(&chat, argc, argv);
	if (status == 0 && chat.has_message && is_blank(chat.message.data))
		status = tool_misused(name, "the message is empty");
	if (status == 0)
		status = run(&chat);
	buf_release(&chat.message);
	return status;
}
