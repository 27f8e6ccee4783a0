/* `agent-runtime audit`: who did what, and whether somebody changed it. */

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/agent-runtime/client.h"
#include "services/agent-runtime/screen.h"
#include "services/agent-runtime/settings.h"
#include "services/agent-runtime/tools.h"

static const char name[] = "audit";

enum {
	LIMIT_DEFAULT = 50,
	LIMIT_MAX = 10000,
	PAGE = 500,
	/* As long as the api waits for the check of a large log. */
	VERIFY_MS = 125 * 1000,
};

struct audit {
	const char *verb, *operation, *actor, *workspace, *head;
	int64_t since_unix, until_unix;
	long limit;
	bool is_refused, as_json;
	struct client *client;

	/* Rows as they will be printed, newest first. */
	char **lines;
	size_t n_lines;
};

static void
add_number(struct buf *query, const char *key, int64_t value)
{
	if (value)
		buf_addf(query, "&%s=%" PRId64, key, value);
}

static void
put_query(struct buf *query, const struct audit *a, int64_t after)
{
	size_t left = (size_t)a->limit - a->n_lines;

	buf_addf(query, "/api/v1/audit?order=newest&limit=%zu",
	    left < PAGE ? left : PAGE);
	add_number(query, "after", after);
	add_number(query, "since_unix", a->since_unix);
	add_number(query, "until_unix", a->until_unix);
	tool_add_parameter(query, "operation", a->operation);
	tool_add_parameter(query, "actor", a->actor);
	tool_add_parameter(query, "workspace_id", a->workspace);
	tool_add_parameter(query, "outcome", a->is_refused ? "refused" : NULL);
}

static const char *
str(const struct json *item, const char *key)
{
	return json_str(json_get(item, key), "");
}

static void
add_part(struct buf *line, const char *label, const char *text)
{
	if (*text)
		buf_addf(line, "  %s%s", label, text);
}

/* One line: what others wrote in it must not look like another row. */
static void
put_row(struct buf *line, const struct json *item)
{
	char at[CLOCK_RFC3339_SIZE];

	clock_rfc3339(at, json_int(json_get(item, "at_unix_ms"), 0));
	buf_addf(line, "%6" PRId64 " %s %-7s %-16s %s",
	    json_int(json_get(item, "seq"), 0), at, str(item, "outcome"),
	    str(item, "operation"), str(item, "actor"));
	add_part(line, "as ", str(item, "speaks_as"));
	add_part(line, "to ", str(item, "subject"));
	add_part(line, "", str(item, "detail"));
	add_part(line, "why: ", str(item, "reason"));
	add_part(line, "by ", str(item, "door"));
	for (size_t i = 0; i < line->size; i++)
		if (strchr("\r\n\t", line->data[i]))
			line->data[i] = ' ';
}

static void
keep_items(struct audit *a, const struct json *answer)
{
	const struct json *items = json_get(answer, "items");
	const struct json *item = items ? json_first(items) : NULL;

	for (; item && a->n_lines < (size_t)a->limit; item = json_next(item)) {
		struct buf line;

		buf_init(&line);
		if (a->as_json)
			json_print(item, &line);
		else
			put_row(&line, item);
		a->lines[a->n_lines++] = buf_steal(&line);
	}
}

static int
take_page(struct audit *a, int64_t *after, struct err *err)
{
	AUTO(client_answer_release)
	struct client_answer answer = { 0 };
	AUTO(buf_release)
	struct buf query;
	struct client_request request = { .method = "GET" };

	buf_init(&query);
	put_query(&query, a, *after);
	request.path = query.data;
	if (client_call(a->client, &request, &answer, err) < 0)
		return -1;
	keep_items(a, answer.json);
	*after = json_int(json_get(answer.json, "next"), 0);
	return 0;
}

static void
print_lines(const struct audit *a)
{
	if (a->as_json)
		printf("{\"items\":[");
	for (size_t i = a->n_lines; i > 0; i--)
		if (a->as_json)
			printf("%s%s", i < a->n_lines ? ",\n" : "\n",
			    a->lines[i - 1]);
		else
			screen_print(a->lines[i - 1], "", "");
	if (a->as_json)
		printf("],\"count\":%zu}\n", a->n_lines);
	else if (a->n_lines == 0)
		fprintf(stderr, "there are no such rows\n");
}

static int
list(struct audit *a)
{
	int64_t after = 0;
	struct err err;
	int status = EXIT_OK;

	a->lines = xcalloc((size_t)a->limit, sizeof(*a->lines));
	do {
		if (take_page(a, &after, &err) < 0)
			status = tool_failed(name, &err);
	} while (
	    status == EXIT_OK && after > 0 && a->n_lines < (size_t)a->limit);
	if (status == EXIT_OK)
		print_lines(a);
	for (size_t i = 0; i < a->n_lines; i++)
		free(a->lines[i]);
	xfree(&a->lines);
	return status;
}

static void
show_verdict(const struct json *verdict, bool is_intact)
{
	AUTO(buf_release)
	struct buf line;
	int64_t begun = json_int(json_get(verdict, "begun_seq"), 0);

	buf_init(&line);
	buf_addf(&line, "%s: ", str(verdict, "state"));
	if (is_intact)
		buf_addf(&line, "%" PRId64 " rows are as they were written",
		    json_int(json_get(verdict, "seq"), 0));
	else
		buf_adds(&line, str(verdict, "text"));
	screen_print(line.data, "", "");
	if (begun > 0)
		printf("note: row %" PRId64
		       " says that the key or the head was lost and begun "
		       "anew; for what was before it only a head that was kept "
		       "elsewhere can speak\n",
		    begun);
	if (is_intact)
		printf("head: %" PRId64 ":%s\n",
		    json_int(json_get(verdict, "seq"), 0),
		    str(verdict, "hash"));
}

static int
verify(struct audit *a)
{
	AUTO(client_answer_release)
	struct client_answer answer = { 0 };
	AUTO(buf_release)
	struct buf path;
	struct client_request request = {
		.method = "GET",
		.timeout_ms = VERIFY_MS,
	};
	struct err err;
	bool is_intact;

	buf_init(&path);
	buf_adds(&path, "/api/v1/audit/verify");
	if (a->head)
		buf_addf(&path, "?head=%s", a->head);
	request.path = path.data;
	if (client_call(a->client, &request, &answer, &err) < 0)
		return tool_failed(name, &err);
	is_intact = strcmp(str(answer.json, "state"), "intact") == 0;
	if (a->as_json)
		fwrite(answer.text.data, 1, answer.text.size, stdout);
	else
		show_verdict(answer.json, is_intact);
	return is_intact ? EXIT_OK : EXIT_FAILED;
}

/* "90m" ago, or a time. */
static int
read_when(const char *text, int64_t *unix_out)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	size_t digits = strspn(text, "0123456789");
	int64_t ms;

	if (clock_parse_rfc3339(text, &ms) == 0 && ms > 0) {
		*unix_out = ms / 1000;
		return 0;
	}
	if (digits == 0 || digits > 6 || strlen(text) != digits + 1)
		return -1;
	for (size_t i = 0; i < N_OF(units); i++)
		if (units[i].unit == text[digits]) {
			*unix_out = clock_unix_ms() / 1000 -
				    strtoll(text, NULL, 10) * units[i].seconds;
			return *unix_out > 0 ? 0 : -1;
		}
	return -1;
}

static int
take_words(struct audit *a, int argc, char **argv)
{
	if (argc - optind != 1)
		return tool_misused(name, "say what to do: list or verify");
	a->verb = argv[optind];
	if (strcmp(a->verb, "list") != 0 && strcmp(a->verb, "verify") != 0)
		return tool_misused(name,
		    "%s is not known; known are list and verify", a->verb);
	/* What needs quoting in a URL is no head. */
	if (a->head && a->head[strspn(a->head, "0123456789abcdef:")] != '\0')
		return tool_misused(name,
		    "--head takes the number of a row, a colon and 64 hex "
		    "digits");
	return 0;
}

static int
take_when(const char *flag, int64_t *unix_out)
{
	if (read_when(optarg, unix_out) == 0)
		return 0;
	return tool_misused(name,
	    "--%s takes a number with s, m, h or d, or a time like "
	    "2026-11-22T14:12:03Z",
	    flag);
}

static int
take_flag(struct audit *a, int flag, char **argv)
{
	switch (flag) {
	case 'l':
		return tool_number(optarg, 1, LIMIT_MAX, &a->limit) == 0
			   ? 0
			   : tool_misused(name,
				 "--limit takes a number from 1 to %d",
				 LIMIT_MAX);
	case 's':
		return take_when("since", &a->since_unix);
	case 'u':
		return take_when("until", &a->until_unix);
	case 'o':
		a->operation = optarg;
		return 0;
	case 'a':
		a->actor = optarg;
		return 0;
	case 'w':
		a->workspace = optarg;
		return 0;
	case 'h':
		a->head = optarg;
		return 0;
	case 'r':
		a->is_refused = true;
		return 0;
	case 'j':
		a->as_json = true;
		return 0;
	default:
		return tool_bad_flag(name, flag, argv);
	}
}

static int
parse(struct audit *a, int argc, char **argv)
{
	static const struct option options[] = {
		{ "limit", required_argument, NULL, 'l' },
		{ "since", required_argument, NULL, 's' },
		{ "until", required_argument, NULL, 'u' },
		{ "operation", required_argument, NULL, 'o' },
		{ "actor", required_argument, NULL, 'a' },
		{ "workspace", required_argument, NULL, 'w' },
		{ "refused", no_argument, NULL, 'r' },
		{ "head", required_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	int flag, status = 0;

	while (status == 0 &&
	       (flag = getopt_long(argc, argv, ":", options, NULL)) != -1)
		status = take_flag(a, flag, argv);
	return status != 0 ? status : take_words(a, argc, argv);
}

static int
run(struct audit *a)
{
	return strcmp(a->verb, "list") == 0 ? list(a) : verify(a);
}

int
audit_run(int argc, char **argv)
{
	struct audit a = { .limit = LIMIT_DEFAULT };
	struct settings settings;
	struct err err;
	int status = parse(&a, argc, argv);

	if (status != 0)
		return status;
	if (settings_load(&settings, &err) < 0)
		return tool_failed(name, &err);
	if (client_open(&a.client, &settings, &err) == 0) {
		status = run(&a);
		client_close(&a.client);
	} else {
		status = tool_failed(name, &err);
	}
	settings_release(&settings);
	return status;
}
