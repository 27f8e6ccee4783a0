/* `agent-runtime search`: what a workspace's Markdown says, whoever asks. */

#include "services/agent-runtime/search.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/shown.h"
#include "services/agent-runtime/screen.h"
#include "services/agent-runtime/settings.h"
#include "services/agent-runtime/tools.h"

static const char name[] = "search";

enum { LIMIT_MOST = 50 };

struct search {
	const char *workspace;
	long limit;
	bool as_json;
	struct buf query;
};

static void
put_path(const struct search *s, struct buf *path)
{
	buf_addf(path, "/api/v1/search?limit=%ld", s->limit);
	tool_add_parameter(path, "workspace", s->workspace);
	tool_add_parameter(path, "query", s->query.data);
}

static const char *
str(const struct json *hit, const char *key)
{
	return json_str(json_get(hit, key), "");
}

static void
show_hit(const struct json *hit)
{
	AUTO(buf_release)
	struct buf line = { 0 };
	const char *path = str(hit, "path");
	const char *heading = str(hit, "heading");

	buf_init(&line);
	(void)shown_name(&line, path, strlen(path));
	buf_addf(&line, ":%" PRId64 "  %s", json_int(json_get(hit, "line"), 1),
	    str(hit, "short_id"));
	if (heading[0] != '\0')
		buf_addf(&line, "\n%s", heading);
	if (str(hit, "snippet")[0] != '\0')
		buf_addf(&line, "\n%s", str(hit, "snippet"));
	screen_say(stdout, line.data, "", "    ");
}

/* With the place: it may well stand in another workspace. */
static void
show_none(const struct json *answer)
{
	AUTO(buf_release)
	struct buf where = { 0 };
	const char *text = str(answer, "workspace_name");

	buf_init(&where);
	screen_add(&where, text, strlen(text));
	fprintf(stderr, "nothing found in %.*s; --workspace names another\n",
	    (int)where.size, where.data);
}

static void
show(const struct json *answer)
{
	const struct json *hits = json_get(answer, "hits");
	const struct json *hit = hits ? json_first(hits) : NULL;

	if (!hit)
		show_none(answer);
	for (; hit; hit = json_next(hit))
		show_hit(hit);
	fflush(stdout);
	if (json_bool(json_get(answer, "is_stale"), false))
		fprintf(stderr, "the index is still being made: there may be "
				"more in a moment\n");
}

static int
run(const struct search *s, const struct settings *settings, search_ask_fn ask)
{
	AUTO(buf_release)
	struct buf path = { 0 };
	AUTO(buf_release)
	struct buf text = { 0 };
	AUTO(json_free)
	struct json *answer = NULL;
	struct err err;
	int rc;

	buf_init(&path);
	buf_init(&text);
	put_path(s, &path);
	rc = ask(settings, path.data, &text, &answer, &err);
	if (rc != 0)
		return rc < 0 ? tool_failed(name, &err) : SEARCH_NOT_ANSWERED;
	if (s->as_json)
		fwrite(text.data, 1, text.size, stdout);
	else if (json_bool(json_get(answer, "is_wordless"), false))
		return tool_misused(name,
		    "say a word to look for: -word only leaves documents out");
	else
		show(answer);
	return EXIT_OK;
}

static int
parse(struct search *s, int argc, char **argv)
{
	static const struct option options[] = {
		{ "workspace", required_argument, NULL, 'w' },
		{ "limit", required_argument, NULL, 'l' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	int flag;

	while ((flag = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (flag == 'w')
			s->workspace = optarg;
		else if (flag == 'j')
			s->as_json = true;
		else if (flag != 'l')
			return tool_bad_flag(name, flag, argv);
		else if (tool_number(optarg, 1, LIMIT_MOST, &s->limit) < 0)
			return tool_misused(name,
			    "--limit %s: allowed is a whole number from 1 to "
			    "50",
			    optarg);
	}
	for (int i = optind; i < argc; i++)
		buf_addf(&s->query, "%s%s", i > optind ? " " : "", argv[i]);
	if (s->query.size == 0)
		return tool_misused(name, "say what to look for");
	return 0;
}

static int
load_and_run(const struct search *s, search_ask_fn ask)
{
	struct settings settings;
	struct err err;
	int status;

	if (settings_load(&settings, &err) < 0)
		return tool_failed(name, &err);
	status = run(s, &settings, ask);
	settings_release(&settings);
	return status;
}

int
search_by(int argc, char **argv, search_ask_fn ask)
{
	struct search s = { .workspace = "", .limit = 10 };
	int status;

	buf_init(&s.query);
	status = parse(&s, argc, argv);
	if (status == 0)
		status = load_and_run(&s, ask);
	buf_release(&s.query);
	return status;
}
