/* Keeps Telegram's menu of commands as the engine has it. */

#include "services/gateway-telegram/menu.h"

#include <inttypes.h>

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
#include "services/gateway-telegram/bot.h"
#include "services/gateway-telegram/gateway.h"

enum {
	WITHIN_MS = 10000,
	/* Nobody waits for a menu; Telegram locks out who asks too often. */
	AGAIN_MS = 10 * 60 * 1000,
	ARENA_BYTES = 256 * 1024,
};

static const struct scope {
	const char *type;
	bool is_all;
} scopes[] = {
	{ "default", false },
	{ "all_private_chats", true },
	{ "all_chat_administrators", true },
};

struct menu {
	struct svc *svc;
	struct timer *again;
	struct arena *arena;
	struct buf lists[2]; /* without and with what needs an admin */
	size_t at;	     /* in scopes */
	bool is_begun;
};

static void next_scope(struct menu *m);

static void
give_up(struct menu *m, const char *why, int64_t after_ms)
{
	log_warn("menu-trouble", "why=%s again_ms=%" PRId64, log_quote(why),
	    after_ms);
	timer_start(m->again, after_ms, 0);
}

static const char *
list_of(const struct menu *m)
{
	return m->lists[scopes[m->at].is_all].data;
}

static void
write_params(const struct menu *m, struct buf *params, bool has_list)
{
	struct json_out out;

	json_out_init(&out, params);
	json_out_object(&out, NULL);
	json_out_object(&out, "scope");
	json_out_str(&out, "type", scopes[m->at].type);
	json_out_object_end(&out);
	if (has_list)
		json_out_raw(&out, "commands", list_of(m),
		    m->lists[scopes[m->at].is_all].size);
	json_out_object_end(&out);
}

static void
call(struct menu *m, const char *method, bool has_list, bot_answer_fn fn)
{
	AUTO(buf_release)
	struct buf params = { 0 };

	buf_init(&params);
	write_params(m, &params, has_list);
	bot_call(m->svc->bot, method, &params, 0, fn, m);
}

static void
on_set(void *arg, const struct bot_answer *answer)
{
	struct menu *m = arg;

	if (answer->outcome != BOT_OK) {
		give_up(m, answer->why,
		    answer->retry_after_ms > AGAIN_MS ? answer->retry_after_ms
						      : AGAIN_MS);
		return;
	}
	log_info("menu-set", "scope=%s", scopes[m->at].type);
	m->at++;
	next_scope(m);
}

static void
on_have(void *arg, const struct bot_answer *answer)
{
	struct menu *m = arg;

	if (answer->outcome != BOT_OK) {
		give_up(m, answer->why, AGAIN_MS);
		return;
	}
	if (menu_is_same(answer->result, list_of(m))) {
		m->at++;
		next_scope(m);
		return;
	}
	call(m, "setMyCommands", true, on_set);
}

static void
next_scope(struct menu *m)
{
	if (m->at < N_OF(scopes))
		call(m, "getMyCommands", false, on_have);
}

static void
on_catalogue(void *arg, const struct envelope *answer, const struct err *why)
{
	struct menu *m = arg;
	struct command_catalogue commands;
	struct err err;

	if (!answer || !answer->ok) {
		give_up(m, answer ? answer->error.text : why->text, WITHIN_MS);
		return;
	}
	arena_reset(m->arena);
	if (command_catalogue_decode(&commands, answer->body, m->arena, &err) <
	    0) {
		give_up(m, err.text, AGAIN_MS);
		return;
	}
	for (size_t i = 0; i < N_OF(m->lists); i++) {
		buf_reset(&m->lists[i]);
		menu_write(&m->lists[i], &commands, i == 1);
	}
	m->at = 0;
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
	connector_ask(m->svc->connector, "command.catalogue", &body, WITHIN_MS,
	    on_catalogue, m);
}

struct menu *
menu_open(struct svc *svc)
{
	struct menu *m = xcalloc(1, sizeof(*m));

	m->svc = svc;
	m->again = timer_new(svc->env.loop, begin, m);
	m->arena = arena_new(ARENA_BYTES);
	for (size_t i = 0; i < N_OF(m->lists); i++)
		buf_init(&m->lists[i]);
	return m;
}

void
menu_close(struct menu **slot)
{
	struct menu *m = *slot;

	if (!m)
		return;
	timer_free(&m->again);
	arena_free(&m->arena);
	for (size_t i = 0; i < N_OF(m->lists); i++)
		buf_release(&m->lists[i]);
	xfree(slot);
}

void
menu_sync(struct menu *m)
{
	if (m->is_begun || !m->svc->cfg->syncs_commands)
		return;
	m->is_begun = true;
	begin(m);
}
