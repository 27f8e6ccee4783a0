/* The slash commands at Discord, compared with the engine's at each start. */

#include "services/gateway-discord/menu.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/connector.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "proto/command.h"
#include "proto/empty.h"
#include "services/gateway-discord/menu_list.h"
#include "services/gateway-discord/rest.h"

enum {
	WITHIN_MS = 10000,
	/* Nobody waits for a menu; Discord counts how often it is written. */
	AGAIN_MS = 10 * 60 * 1000,
	REST_WITHIN_MS = 60000,
	ARENA_BYTES = 256 * 1024,
	ID_SIZE = 24,
	/* Of one page; in more servers than this no leftovers are looked for. */
	GUILDS_MAX = 200,
	PATH_SIZE = 128,
};

struct scope {
	char guild_id[ID_SIZE]; /* "": everywhere */
	bool is_wanted;		/* else it shall be empty */
};

struct menu {
	struct connector *connector;
	struct rest *rest;
	struct menu_options options;
	struct timer *timer;
	struct arena *arena;
	struct command_catalogue commands;
	bool has_commands, is_begun, has_guilds;
	char application_id[ID_SIZE];
	struct scope scopes[GUILDS_MAX + 1];
	size_t n_scopes, at;
};

static void next_scope(struct menu *m);

static void
try_later(struct menu *m, const char *why, int64_t after_ms)
{
	log_warn("menu-trouble", "why=%s again_ms=%" PRId64, log_quote(why),
	    after_ms);
	timer_start(m->timer, after_ms, 0);
}

static const struct scope *
scope_now(const struct menu *m)
{
	return &m->scopes[m->at];
}

static void
write_path(const struct menu *m, char out[PATH_SIZE])
{
	const struct scope *scope = scope_now(m);

	if (*scope->guild_id)
		snprintf(out, PATH_SIZE, "/applications/%s/guilds/%s/commands",
		    m->application_id, scope->guild_id);
	else
		snprintf(out, PATH_SIZE, "/applications/%s/commands",
		    m->application_id);
}

static void
write_wanted(const struct menu *m, struct buf *out)
{
	static const struct command_catalogue nothing;
	const struct scope *scope = scope_now(m);

	menu_list_write(out, scope->is_wanted ? &m->commands : &nothing,
	    *scope->guild_id == '\0');
}

static void
call(struct menu *m, const char *method, const char *body, rest_fn fn)
{
	char path[PATH_SIZE], lane[PATH_SIZE + 8];

	write_path(m, path);
	snprintf(lane, sizeof(lane), "%s %s", method, path);
	rest_call(m->rest,
	    &(struct rest_request){
		.method = method,
		.path = path,
		.lane = lane,
		.body = body,
		.within_ms = REST_WITHIN_MS,
	    },
	    fn, m);
}

/* A server may have not granted commands, or have put the bot out. */
static bool
is_of_one_guild(const struct menu *m, const struct rest_answer *answer)
{
	return answer && *scope_now(m)->guild_id &&
	       (answer->status == 403 || answer->status == 404);
}

/* True: it is there. False: somebody goes on, now or later. */
static bool
is_done(struct menu *m, const struct rest_answer *answer, const struct err *err,
    int64_t retry_after_ms)
{
	if (answer && answer->status >= 200 && answer->status < 300)
		return true;
	if (is_of_one_guild(m, answer)) {
		m->at++;
		next_scope(m);
		return false;
	}
	try_later(m, answer ? answer->text : err->text,
	    retry_after_ms > AGAIN_MS ? retry_after_ms : AGAIN_MS);
	return false;
}

static void
on_set(void *arg, const struct rest_answer *answer, const struct err *err,
    int64_t retry_after_ms)
{
	struct menu *m = arg;

	if (!is_done(m, answer, err, retry_after_ms))
		return;
	log_info("menu-set", "guild=%s commands=%zu",
	    log_quote(scope_now(m)->guild_id), json_count(answer->json));
	m->at++;
	next_scope(m);
}

static void
on_have(void *arg, const struct rest_answer *answer, const struct err *err,
    int64_t retry_after_ms)
{
	struct menu *m = arg;
	AUTO(buf_release)
	struct buf text = { 0 };
	struct json *want;
	struct err wrong;
	bool is_same;

	if (!is_done(m, answer, err, retry_after_ms))
		return;
	buf_init(&text);
	write_wanted(m, &text);
	if (json_parse(&want, text.data, text.size, &wrong) < 0) {
		try_later(m, wrong.text, AGAIN_MS);
		return;
	}
	is_same = menu_list_is_same(answer->json, want);
	json_free(&want);
	if (!is_same) {
		call(m, "PUT", text.data, on_set);
		return;
	}
	m->at++;
	next_scope(m);
}

static void
add_scope(struct menu *m, const char *guild_id, size_t size, bool is_wanted)
{
	struct scope *scope;

	if (m->n_scopes == N_OF(m->scopes) || size >= ID_SIZE)
		return;
	scope = &m->scopes[m->n_scopes++];
	snprintf(scope->guild_id, sizeof(scope->guild_id), "%.*s", (int)size,
	    guild_id);
	scope->is_wanted = is_wanted;
}

static void
note_guild(struct menu *m, const char *guild_id)
{
	for (size_t i = 0; i < m->n_scopes; i++)
		if (strcmp(m->scopes[i].guild_id, guild_id) == 0)
			return;
	add_scope(m, guild_id, strlen(guild_id), false);
}

static void
on_guilds(void *arg, const struct rest_answer *answer, const struct err *err,
    int64_t retry_after_ms)
{
	struct menu *m = arg;

	if (!answer || answer->status != 200) {
		try_later(m, answer ? answer->text : err->text,
		    retry_after_ms > AGAIN_MS ? retry_after_ms : AGAIN_MS);
		return;
	}
	for (const struct json *one = json_first(answer->json); one;
	     one = json_next(one))
		note_guild(m, json_str(json_get(one, "id"), ""));
	m->has_guilds = true;
	next_scope(m);
}

/* Asked for, not gathered from GUILD_CREATE: a session that is resumed is told
 * of no server, and a shard only of its own. */
static void
ask_guilds(struct menu *m)
{
	rest_call(m->rest,
	    &(struct rest_request){
		.method = "GET",
		.path = "/users/@me/guilds",
		.lane = "GET /users/@me/guilds",
		.within_ms = REST_WITHIN_MS,
	    },
	    on_guilds, m);
}

/* What people shall see first, then what they shall not. */
static void
next_scope(struct menu *m)
{
	if (m->at < m->n_scopes)
		call(m, "GET", NULL, on_have);
	else if (!m->has_guilds)
		ask_guilds(m);
}

static void
on_catalogue(void *arg, const struct envelope *answer, const struct err *why)
{
	struct menu *m = arg;
	struct err err;

	if (!answer || !answer->ok) {
		try_later(
		    m, answer ? answer->error.text : why->text, WITHIN_MS);
		return;
	}
	m->has_commands = false;
	arena_reset(m->arena);
	if (command_catalogue_decode(
		&m->commands, answer->body, m->arena, &err) < 0) {
		try_later(m, err.text, AGAIN_MS);
		return;
	}
	m->has_commands = true;
	m->at = 0;
	if (m->options.is_synced)
		next_scope(m);
}

static void
begin(void *arg)
{
	struct menu *m = arg;
	AUTO(buf_release)
	struct buf body = { 0 };

	buf_init(&body);
	empty_encode(&(struct empty){ 0 }, &body);
	connector_ask(m->connector, "command.catalogue", &body, WITHIN_MS,
	    on_catalogue, m);
}

struct menu *
menu_new(struct loop *loop, struct connector *connector, struct rest *rest,
    const struct menu_options *options)
{
	struct menu *m = xcalloc(1, sizeof(*m));
	const char *ids = options->guild_ids;

	m->connector = connector;
	m->rest = rest;
	m->options = *options;
	m->timer = timer_new(loop, begin, m);
	m->arena = arena_new(ARENA_BYTES);
	add_scope(m, "", 0, *ids == '\0');
	while (*ids) {
		size_t size = strcspn(ids, ",");

		add_scope(m, ids, size, true);
		ids += size + (ids[size] == ',');
	}
	return m;
}

void
menu_free(struct menu **slot)
{
	struct menu *m = STEAL(*slot);

	if (!m)
		return;
	timer_free(&m->timer);
	arena_free(&m->arena);
	xfree(&m);
}

void
menu_begin(struct menu *m, const char *application_id)
{
	if (m->is_begun)
		return;
	m->is_begun = true;
	snprintf(
	    m->application_id, sizeof(m->application_id), "%s", application_id);
	begin(m);
}

bool
menu_is_private(const struct menu *m, const char *name)
{
	return !m->has_commands || menu_list_is_private(&m->commands, name);
}
